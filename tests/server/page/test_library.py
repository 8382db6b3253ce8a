"""The library as a whole: news, status, duplicates."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from indexer.update import Update
from searchengine.as_json import to_json
from tests.pictures import paint
from tests.server.conftest import server_process
from tests.server.page.steps import address, answered, asked, below, first_name, ids, is_shown, tiles, until

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def growing(tmp_path, serve):
    """A folder and its library, served while it changes: folder, address, and what indexes anew."""
    folder = tmp_path / "pictures"
    folder.mkdir()

    def index():
        Update(tmp_path / "library", model="builtin").run([folder])

    index()
    return folder, serve(tmp_path / "library"), index


def knows_what_is_there(page):
    """Wait until the page has looked once: what comes after that is news."""
    looks = "performance.getEntriesByType('resource').filter(each => each.name.endsWith('/api/progress'))"
    until(page, f"{looks}.length")


def look(page):
    """Have the page look for news now, and not when it would."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_new_pictures_appear_without_a_reload(visit, growing):
    folder, server, index = growing
    page = visit(base=server)
    is_shown(page, "No pictures yet")
    expect(page.locator("#notice")).to_contain_text("imgsearch index")
    knows_what_is_there(page)
    paint(folder / "1.png", 1, size=(80, 60))
    index()
    look(page)
    first_name(page)  # there was nothing yet that could jump
    for number in (2, 3, 4):
        paint(folder / f"{number}.png", number, size=(80, 60))
    index()
    look(page)
    page.get_by_role("button", name="3 new pictures").click()
    expect(tiles(page)).to_have_count(4)
    expect(page.locator("#news")).to_be_hidden()


def test_the_status_tells_what_is_there_what_failed_and_what_is_offline(visit, growing, tmp_path):
    folder, server, index = growing
    page = visit("/?view=status", base=server)
    is_shown(page, str(folder))
    expect(page.locator(".numbers div").first).to_have_text("pictures0")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    paint(folder / "two.png", 2)
    index()
    page.locator(".failures", has_text="broken.jpg").wait_for()  # by itself
    expect(page.locator(".failures span")).to_have_text(re.compile(r"\S"))
    expect(page.locator(".numbers div").first).to_have_text("pictures1")
    expect(page.locator("#status")).to_contain_text("builtin · 256 dimensions")
    folder.rename(tmp_path / "elsewhere")
    page.reload()
    expect(page.locator(".folders li")).to_have_text(f"{folder}offline")


def test_a_run_that_is_going_on_is_shown_with_its_end(visit):
    page = visit()
    progress = {"stage": "indexing", "done": 1200, "total": 5000, "failed": 2, "rate": 31.2, "eta_s": 122.0}
    run = {"started_at": "2026-01-02T03:04:05+00:00", "finished_at": None, "outcome": "running", "counts": {}}
    body = {"images": 1200, "failed": 2, "change": 1, "run": run | {"progress": progress}}
    page.route(
        "**/api/progress", lambda route: route.fulfill(body=to_json(body), content_type="application/json")
    )
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Status").click()
    is_shown(page, "indexing · 1,200 of 5,000 files · 31 a second · about 2 min left · 2 failed")
    assert page.get_by_role("progressbar").evaluate("bar => bar.value / bar.max") == pytest.approx(0.24)
    assert asked(page, "view") == "status"


def test_a_view_that_cannot_be_loaded_says_so(visit):
    page = visit(expect_errors=True)
    first_name(page)
    page.route("**/page/status.js", lambda route: route.abort())
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Status").click()
    is_shown(page, "Is imgsearch serve still running?")


@pytest.fixture(scope="module")
def doubles(place, tmp_path_factory):
    """The address of a library with two pictures that lie in three files and two."""
    base = tmp_path_factory.mktemp("doubles")
    dog, cat = place.scenes["a dog on a beach"], place.scenes["a cat on a wooden table"]
    (base / "pictures").mkdir()
    for name, source in {"dog 1.jpg": dog, "dog 2.jpg": dog, "cat.jpg": cat}.items():
        shutil.copy(source, base / "pictures" / name)
    with Image.open(dog) as image:
        image.resize((400, 300)).save(base / "pictures" / "small dog.jpg", quality=70)
    Update(base / "library", model="builtin").run([base / "pictures"])
    with server_process(base / "library") as (address, _):
        yield base / "pictures", address


def test_duplicates_are_reviewed_and_the_others_paths_taken_along(visit, doubles, tmp_path):
    folder, server = doubles
    page = visit(base=server, permissions=["clipboard-read", "clipboard-write"])
    first_name(page)
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Duplicates").click()
    is_shown(page, "1 group; besides those to keep, 1 file")
    page.get_by_role("link", name="Edited").click()
    page.wait_for_url(lambda url: "level=edited" in url)
    is_shown(page, "1 group; besides those to keep, 2 files")
    expect(page.locator("figure")).to_have_count(3)
    kept = page.locator("figure.keep code").text_content()
    assert kept in {str(folder / "dog 1.jpg"), str(folder / "dog 2.jpg")}
    expect(page.locator(".why")).to_have_text(re.compile(f"^Keep {re.escape(Path(kept).name)} · "))

    copy = page.locator("#duplicates > .exports").get_by_role("button", name="Copy")
    others = {str(folder / name) for name in ("dog 1.jpg", "dog 2.jpg", "small dog.jpg")}
    copy.click()
    is_shown(page, "Copied")
    assert set(page.evaluate("navigator.clipboard.readText()").split("\n")) == others - {kept}

    page.get_by_role("radio", name="Keep small dog.jpg").check()
    is_shown(page, "your choice")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as text").click()
    download.value.save_as(tmp_path / "others.txt")
    assert set((tmp_path / "others.txt").read_text().split("\n")) - {""} == others - {
        str(folder / "small dog.jpg")
    }

    page.get_by_role("button", name="Leave as it is").click()
    is_shown(page, "besides those to keep, 0 files")
    assert all((folder / Path(path).name).exists() for path in others)


def test_a_duplicate_opens_large_among_its_group(visit, doubles):
    _, server = doubles
    page = visit("/?view=duplicates&level=edited", base=server)
    page.locator(".opener").first.click()
    page.locator("#lightbox").wait_for()
    one = address(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: url != one)
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "open" not in url)
    assert asked(page, "view") == "duplicates"
    page.go_back()
    shared = visit(below(one), base=server)
    until(shared, "document.querySelector('#picture').naturalWidth > 0")


def test_edits_are_folded_into_one_result_and_the_address_keeps_it(visit, doubles):
    _, server = doubles
    page = visit(base=server)
    first_name(page)
    all_of_them = tiles(page).count()
    with answered(page):
        page.get_by_label("Fold edits").check()
    until(page, f"document.querySelectorAll('.tile').length < {all_of_them}")
    assert asked(page, "collapse") == "true"
    expect(page.locator(".tile .label", has_text=re.compile(r" · \+\d"))).not_to_have_count(0)
    again = visit(below(address(page)), base=server)
    first_name(again)
    expect(again.get_by_label("Fold edits")).to_be_checked()
    assert ids(again) == ids(page)
