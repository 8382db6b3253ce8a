"""The page in a real browser, as its visitors use it."""

from __future__ import annotations

import json
import os
import re
import shutil
from importlib.resources import files
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest

from indexer.update import Update
from searchengine.as_json import to_json
from tests.pictures import paint
from tests.server.conftest import server_process

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORDS = "a dog on a beach"
MANY = 150
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-component-update", "--disable-sync")


@pytest.fixture(scope="module")
def browser():
    """The system's chromium, without a window."""
    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None:
        # Where the browser was installed for these tests, they may not pass by not running.
        stop = pytest.fail if os.environ.get("IMGSEARCH_NEED_BROWSER") else pytest.skip
        stop("there is no chromium here; on Debian and Ubuntu: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(place):
    """A server's address."""
    with server_process(place.library) as (address, _):
        yield address


@pytest.fixture
def visit(browser, site):
    """Opens a page; at the end no page may have complained."""
    contexts, complaints = [], []

    def open_page(path="/", *, base=site, expect_errors=False, **options):
        context = browser.new_context(**({"viewport": {"width": 1200, "height": 800}} | options))
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if not expect_errors:
            page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(base + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def tiles(page):
    return page.locator(".tile")


def first_name(page):
    tiles(page).first.wait_for()
    return page.locator(".tile .label").first.text_content()


def asked(page):
    return parse_qs(urlsplit(page.url).query).get("q", [""])[0]


def below(url):
    """An address without the server's."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def until(page, condition):
    """Wait for a condition. Playwright's own way evaluates it in the page, which its policy forbids."""
    for _ in range(400):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never came true: {condition}")


def search(page, words):
    page.locator("#query").fill(words)
    with page.expect_response(lambda answer: "/api/search" in answer.url):
        page.keyboard.press("Enter")


def test_it_opens_with_all_pictures(visit, place):
    page = visit()
    tiles(page).first.wait_for()
    assert tiles(page).count() == len(place.scenes) + 1
    assert "newest first" in page.locator("#summary").text_content()


def test_typing_finds_and_the_address_tells_it_all(visit, place):
    page = visit()
    search(page, WORDS)
    until(page, "document.querySelector('#summary').textContent.includes('best first')")
    assert first_name(page) == place.scenes[WORDS].name
    assert asked(page) == WORDS
    again = visit(below(page.url))
    assert first_name(again) == place.scenes[WORDS].name
    assert again.locator("#query").input_value() == WORDS


def test_pictures_appear_in_rows_that_fill_the_width(visit):
    page = visit("/?q=width:>0")  # all are relevant: the row before the line may be short
    tiles(page).first.wait_for()
    page.wait_for_selector(".tile.here")
    boxes = page.evaluate(
        "[...document.querySelectorAll('.tile')].map(tile => tile.getBoundingClientRect())"
        ".map(box => [box.x, box.y, box.right, box.bottom])"
    )
    width = page.evaluate("document.querySelector('#grid').getBoundingClientRect().right")
    rows = {}
    for left, top, right, bottom in boxes:
        rows.setdefault(top, []).append((left, right, bottom))
    *full, _ = [sorted(row) for row in rows.values()]
    for row in full:
        assert row[-1][1] == pytest.approx(width, abs=1)
        assert len({bottom for _, _, bottom in row}) == 1
        for before, after in pairwise(row):
            assert after[0] - before[1] == pytest.approx(8, abs=0.5)


def test_find_similar_leads_on_and_back_again(visit, place):
    page = visit(f"/?q={WORDS}")
    name = first_name(page)
    tiles(page).first.hover()
    with page.expect_response(lambda answer: "/api/search" in answer.url):
        page.locator(".like").first.click()
    page.locator(".example img").wait_for()
    assert re.fullmatch(r"image:\d+", asked(page))
    assert first_name(page) == name
    search(page, "in the snow")  # words besides the picture
    assert re.fullmatch(r"image:\d+ in the snow", asked(page))
    page.locator(".example").click()
    page.wait_for_url(lambda url: "image" not in url)
    assert asked(page) == "in the snow"
    for _ in range(3):
        page.go_back()
    until(page, f"document.querySelector('#query').value === '{WORDS}'")
    assert first_name(page) == name


def test_a_chosen_picture_finds_its_likes_and_outlives_a_reload(visit, place):
    page = visit()
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.ok):
        page.locator("#file").set_input_files(place.scenes["a rocket in space"])
    page.locator(".example img").wait_for()
    assert first_name(page) == place.scenes["a rocket in space"].name
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.ok):
        page.reload()
    assert first_name(page) == place.scenes["a rocket in space"].name


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_a_dropped_or_pasted_picture_finds_its_likes(how, visit, place):
    page = visit()
    tiles(page).first.wait_for()
    data = list(place.scenes["a pizza on a table"].read_bytes())
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.ok):
        page.evaluate(
            """([how, data]) => {
                const carried = new DataTransfer();
                carried.items.add(new File([new Uint8Array(data)], "x.jpg", { type: "image/jpeg" }));
                const options = { bubbles: true, cancelable: true };
                if (how === "paste") {
                    const pasting = new ClipboardEvent("paste", { ...options, clipboardData: carried });
                    document.body.dispatchEvent(pasting);
                    return;
                }
                for (const kind of ["dragenter", "dragover", "drop"])
                    document.body.dispatchEvent(new DragEvent(kind, { ...options, dataTransfer: carried }));
            }""",
            [how, data],
        )
    page.locator(".example img").wait_for()
    assert first_name(page) == place.scenes["a pizza on a table"].name


def test_a_link_to_a_search_by_another_ones_picture_says_so(visit):
    page = visit("/?q=image:sent")
    page.locator("#notice h2").wait_for()
    assert "only its sender has" in page.locator("#notice").text_content()


def test_a_picture_opens_large_with_what_is_known_of_it(visit, place):
    page = visit(f"/?q={WORDS}")
    first_name(page)
    tiles(page).first.click()
    until(page, "document.querySelector('#picture').naturalWidth > 320")
    page.keyboard.press("i")
    facts = page.locator("#facts")
    facts.get_by_text(str(place.scenes[WORDS])).wait_for()
    assert "Score" in facts.text_content()
    one = page.url
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: url != one)
    page.locator(".back").click()
    page.wait_for_url(one)
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "open" not in url)
    assert not page.locator("#lightbox").is_visible()
    shared = visit(below(one))
    until(shared, "document.querySelector('#picture').naturalWidth > 320")


def test_the_path_is_copied(visit, place):
    page = visit(f"/?q={WORDS}", permissions=["clipboard-read", "clipboard-write"])
    first_name(page)
    tiles(page).first.click()
    page.locator(".info").click()
    page.get_by_role("button", name="Copy path").first.click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == str(place.scenes[WORDS])


def test_the_keyboard_is_enough(visit, place):
    page = visit("/?q=a+cat")
    first_name(page)
    page.keyboard.press("/")
    page.keyboard.type(WORDS)
    with page.expect_response(lambda answer: "/api/search" in answer.url):
        page.keyboard.press("Enter")
    until(page, f"document.querySelector('.label')?.textContent === '{place.scenes[WORDS].name}'")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.locator("#lightbox").wait_for()
    page.keyboard.press("Escape")
    until(page, "document.activeElement.closest('.tile') === document.querySelector('.tile')")
    with page.expect_response(lambda answer: "/api/search" in answer.url):
        page.keyboard.press("s")
    assert asked(page).startswith("image:")
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.id") == "query"


def test_filters_are_written_into_the_box(visit):
    page = visit("/?q=dog")
    first_name(page)
    page.get_by_role("button", name="Filters").click()
    with page.expect_response(lambda answer: "/api/search" in answer.url):
        page.get_by_role("button", name="tiff 1").click()
    assert asked(page) == "dog type:tiff"
    until(page, "document.querySelectorAll('.tile').length === 1")


def test_a_bad_query_is_explained_at_its_word(visit):
    page = visit("/?q=dog+camra:canon", expect_errors=True)
    assert page.locator("mark").text_content().startswith("camra")
    assert "did you mean camera" in page.locator("#notice").text_content()
    search(page, "dog camera:canon")
    page.get_by_text("No picture passes").wait_for()


def test_an_empty_library_says_how_to_fill_it(visit, tmp_path):
    (tmp_path / "pictures").mkdir()
    Update(tmp_path / "library", model="builtin").run([tmp_path / "pictures"])
    with server_process(tmp_path / "library") as (address, _):
        page = visit(base=address)
        page.get_by_text("No pictures yet").wait_for()
        assert "imgsearch index" in page.locator("#notice").text_content()


def test_a_server_that_is_gone_is_told_of(visit, place):
    with server_process(place.library) as (address, _):
        page = visit(base=address, expect_errors=True)
        first_name(page)
    page.locator("#query").fill("dog")
    page.keyboard.press("Enter")
    page.get_by_text("Is imgsearch serve still running?").wait_for()


def test_the_token_is_asked_for_once(visit, place):
    token = "correct horse battery staple"
    with server_process(place.library, env={"IMGSEARCH_TOKEN": token}) as (address, _):
        page = visit(f"/?q={WORDS}", base=address, expect_errors=True)
        field = page.get_by_label("Token", exact=True)
        field.fill("wrong")
        page.keyboard.press("Enter")
        page.locator(".wrong:not([hidden])").wait_for()
        field.fill(token)
        page.keyboard.press("Enter")
        assert first_name(page) == place.scenes[WORDS].name
        page.reload()
        assert first_name(page) == place.scenes[WORDS].name
        assert token not in json.dumps(page.context.cookies())


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """The address of a server with more pictures than a page of results holds."""
    base = tmp_path_factory.mktemp("many")
    for number in range(MANY):
        paint(base / "pictures" / f"{number:03}.png", number, size=(60 + number % 5 * 20, 60))
    Update(base / "library", model="builtin").run([base / "pictures"])
    with server_process(base / "library") as (address, _):
        yield address


def test_scrolling_shows_all_of_them_once_and_moves_none(visit, many):
    page = visit("/?q=noise", base=many, viewport={"width": 500, "height": 500})
    first_name(page)
    where = "[...document.querySelectorAll('.tile')].slice(0, 30).map(t => [t.style.left, t.style.top])"
    before = page.evaluate(where)
    for _ in range(40):
        if tiles(page).count() == MANY:
            break
        page.mouse.wheel(0, 3000)
        page.wait_for_timeout(100)
    ids = page.evaluate("[...document.querySelectorAll('.tile')].map(t => t.dataset.id)")
    assert len(ids) == len(set(ids)) == MANY
    assert page.evaluate(where) == before


def test_going_back_lands_where_one_was(visit, many):
    page = visit("/?q=noise", base=many, viewport={"width": 500, "height": 500})
    first_name(page)
    page.mouse.wheel(0, 900)
    until(page, "scrollY > 500")
    scrolled = page.evaluate("scrollY")
    search(page, "something else")
    until(page, "scrollY === 0")
    page.go_back()
    until(page, f"scrollY === {scrolled}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_systems_light_and_dark(scheme, visit):
    page = visit("/?q=dog", color_scheme=scheme)
    first_name(page)
    red = int(re.search(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))[0])
    assert (red > 200) is (scheme == "light")


def test_a_phone_shows_all_of_it(visit):
    page = visit("/?q=dog", viewport={"width": 360, "height": 700}, has_touch=True, is_mobile=True)
    first_name(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    tiles(page).first.tap()
    page.locator(".info").tap()
    page.locator("#facts dl").wait_for()
    assert page.evaluate("document.querySelector('#facts').getBoundingClientRect().right") <= 360


def test_nothing_of_a_name_becomes_markup(visit, tmp_path):
    name = '"><img src=x onerror=document.title=1><b>.png'
    paint(tmp_path / "pictures" / name, 1)
    Update(tmp_path / "library", model="builtin").run([tmp_path / "pictures"])
    with server_process(tmp_path / "library") as (address, _):
        page = visit("/?q=<b>dog</b>", base=address)
        assert first_name(page) == name
        tiles(page).first.click()
        page.locator(".info").click()
        page.locator("#facts dl").wait_for()
        assert page.locator("main b, #facts b").count() == 0
        assert "1" not in page.title()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", ["results", "one picture", "help", "filters", "a bad query"])
def test_axe_finds_nothing_to_complain_of(view, scheme, visit):
    q = "camra:x" if view == "a bad query" else "dog"
    page = visit(f"/?q={q}", color_scheme=scheme, expect_errors=True)
    if view == "a bad query":
        page.locator("mark").wait_for()
    else:
        first_name(page)
    if view == "one picture":
        tiles(page).first.click()
        page.locator(".info").click()
        page.locator("#facts dl").wait_for()
    elif view in ("help", "filters"):
        page.locator(f"[popovertarget={view}]").click()
        page.locator(f"#{view} h2").first.wait_for()
    page.wait_for_timeout(300)  # what fades in has its colours then
    page.evaluate(files("axe_core_python").joinpath("axe.min.js").read_text() + "; 0")
    found = page.evaluate("axe.run()")["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


@pytest.mark.parametrize("relevant", [0, 3])
def test_a_line_is_drawn_below_what_is_relevant(relevant, visit):
    def judge(route):
        """The server's answer, with the first ones called relevant."""
        answer = route.fetch()
        body = answer.json()
        for number, result in enumerate(body["results"]):
            result["relevant"] = number < relevant
        route.fulfill(response=answer, body=to_json(body))

    page = visit()
    page.route("**/api/search*", judge)
    search(page, "dog")
    until(page, "document.querySelector('.tile.less')")
    above, below_line = (
        f"[...document.querySelectorAll('.tile{which}')].map(tile => tile.offsetTop + tile.offsetHeight)"
        for which in (":not(.less)", ".less")
    )
    assert len(page.evaluate(above)) == relevant
    if relevant:
        line = page.evaluate("document.querySelector('.line').offsetTop")
        assert max(page.evaluate(above)) <= line < min(page.evaluate(below_line))
    else:
        assert page.locator(".line").count() == 0
        assert "Nothing seems to fit" in page.locator("#summary").text_content()


def test_rows_are_full_tell_no_lies_and_never_move(visit):
    """The layout is a pure function: tried on random shapes, in the engine that will run it."""
    wrong = visit().evaluate(
        """async () => {
            const { justify } = await import("/page/layout.js");
            let seed = 7;
            const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
            const wrong = [];
            for (let round = 0; round < 200; round++) {
                const pictures = Array.from({ length: 1 + Math.floor(random() * 80) }, () => ({
                    width: Math.ceil(random() * 5000), height: Math.ceil(random() * 5000),
                }));
                const at = Math.floor(random() * pictures.length);
                const room = {
                    width: 300 + Math.floor(random() * 2000), rowHeight: 120 + Math.floor(random() * 150),
                    gap: 8, breaks: new Set(at ? [at] : []), breakHeight: 50,
                };
                const { tiles, height } = justify(pictures, room);
                const rows = Map.groupBy(tiles, (tile) => tile.row);
                const short = new Set([tiles.at(-1).row, at ? tiles[at - 1].row : -1]);
                if (tiles.length !== pictures.length) wrong.push("a tile a picture");
                for (const [row, members] of rows) {
                    const last = members.at(-1);
                    const end = last.x + last.width;
                    if (!short.has(row) && end !== room.width) wrong.push("a row that isn't full");
                    if (end > room.width) wrong.push("a row that is too long");
                    members.slice(1).forEach((tile, i) => {
                        if (tile.x !== members[i].x + members[i].width + room.gap) wrong.push("a gap");
                    });
                    const outside = (tile) => tile.width < 1 || tile.y + tile.height > height;
                    if (members.some(outside)) wrong.push("a tile outside");
                }
                const fewer = justify(pictures.slice(0, -1), room).tiles;
                const settled = fewer.filter((tile) => tile.row < (fewer.at(-1)?.row ?? 0));
                settled.forEach((tile, i) => {
                    if (JSON.stringify(tile) !== JSON.stringify(tiles[i])) wrong.push("a tile that moved");
                });
            }
            return [...new Set(wrong)];
        }"""
    )
    assert wrong == []


def test_every_control_has_a_name(visit):
    page = visit(f"/?q={WORDS}")
    first_name(page)
    unnamed = page.evaluate(
        """[...document.querySelectorAll("button, a, input:not([hidden])")]
            .filter(each => !each.ariaLabel && !each.textContent.trim() && !each.querySelector("img")?.alt)
            .map(each => each.outerHTML)"""
    )
    assert unnamed == []
