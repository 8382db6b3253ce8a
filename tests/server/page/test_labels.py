"""Labels on the page: given to pictures, taught one after the other, and searched by."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import expect

from searchengine import Library
from tests.server.conftest import server_process
from tests.server.page.steps import (
    act,
    address,
    answered,
    asked,
    below,
    first_name,
    ids,
    is_shown,
    search,
    tiles,
    until,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TOKEN = "correct horse battery staple"
COUNTS = "#labels .summary"
ASKED = ".lesson .opener img"


@pytest.fixture(scope="module")
def school(place, tmp_path_factory):
    """The address of a server with a token, and its library."""
    library = shutil.copytree(place.library, tmp_path_factory.mktemp("school") / "library")
    with server_process(library, env={"IMGSEARCH_TOKEN": TOKEN}) as (server, _):
        yield server, library


@pytest.fixture
def signed_in(visit, school):
    """Opens a page as one who has shown the token; no label has been taught yet."""
    server, library = school
    with Library.open(library) as opened:
        for label in opened.labels():
            opened.teacher.remove(label.name)

    def open_page(path="/", **options):
        # What the page asks before that is refused, which a browser tells its console.
        page = visit("/", base=server, expect_errors=True, **options)
        page.locator("#sign-in input[name=token]").fill(TOKEN)
        page.keyboard.press("Enter")
        first_name(page)
        until(page, "document.body.classList.contains('teaching')")
        page.goto(server + path)
        until(page, "document.body.classList.contains('teaching')")
        return page

    return open_page


@pytest.fixture
def taught(school, signed_in, place):
    """The library knows what `winter` is."""
    _, library = school

    def teach():
        with Library.open(library) as opened:
            shown = [place.scenes[each] for each in ("a dog in the snow", "two foxes in the snow")]
            opened.teacher.add("winter", shown)
            opened.teacher.add("winter", [place.scenes["a dog on a beach"]], shows=False)

    return teach


def is_said(page, name, answer):
    """Wait until the dialog says this of a label: which of its answers is pressed, if one is."""
    pressed = page.locator(f"#labelling [aria-label^='{name}:'][aria-pressed=true]")
    expect(pressed).to_have_text([answer] if answer else [])


def asked_about(page, *, besides=""):
    """The picture that a lesson asks about, once it is another one than this."""
    expect(page.locator(ASKED)).not_to_have_attribute("alt", besides)
    return page.locator(ASKED).get_attribute("alt")


def test_a_picture_is_labelled_where_one_looks_at_it(signed_in):
    page = signed_in("/?q=dog")
    first_name(page)
    (first, second, *_) = ids(page)
    page.keyboard.press("ArrowDown")
    tiles(page).first.locator("a").focus()
    page.keyboard.press("Enter")
    page.locator("#lightbox").wait_for()
    page.keyboard.press("l")
    page.locator("#labelling input").fill("Rex")
    page.keyboard.press("Enter")
    is_shown(page, "Shows rex")
    is_said(page, "rex", "Shows it")
    page.keyboard.press("Escape")
    page.locator("#labelling").wait_for(state="hidden")
    page.keyboard.press("i")
    until(page, "document.querySelector('#facts').textContent.includes('Labelsrex')")

    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: f"open={second}" in url)
    page.locator(".tools .teach").click()
    page.get_by_role("button", name="rex: Doesn\u2019t").click()
    is_shown(page, "Doesn\u2019t show rex")
    page.get_by_role("button", name="rex: Doesn\u2019t").click()  # once more takes it back
    is_shown(page, "Taken back from rex")
    is_said(page, "rex", None)
    page.get_by_role("button", name="rex: Doesn\u2019t").click()
    is_shown(page, "Doesn\u2019t show rex")
    page.get_by_role("button", name="Done").click()
    page.locator("#labelling").wait_for(state="hidden")
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "open" not in url)
    search(page, "label:rex")
    until(page, f"!document.querySelector('.tile[data-id=\"{second}\"]')")
    assert ids(page)[0] == first
    expect(page.locator(".part")).to_have_text("label:rex")


def test_what_cannot_be_taught_is_said(signed_in):
    page = signed_in("/?q=dog")
    first_name(page)
    tiles(page).first.locator("a").focus()
    page.keyboard.press("l")
    page.locator("#labelling input").fill("rex\u0007")
    page.keyboard.press("Enter")
    is_shown(page, "a label's name has 1 to 100 letters")


def test_selected_pictures_are_labelled_together(signed_in):
    page = signed_in("/?q=snow")
    first_name(page)
    act(page, "choose")
    tiles(page).nth(1).click()
    page.locator("#selection").get_by_role("button", name="Label").click()
    is_shown(page, "Label 2 pictures")
    page.locator("#labelling input").fill("winter")
    page.get_by_role("button", name="Add", exact=True).click()
    is_shown(page, "Shows winter")
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Labels").click()
    is_shown(page, "2 pictures show it · 0 don\u2019t")
    expect(page.locator(".labels .strip img")).to_have_count(2)
    with answered(page):
        page.get_by_role("link", name="Find pictures").click()
    assert asked(page) == "label:winter"


def test_who_comes_back_to_a_labels_pictures_finds_what_it_has_learned(signed_in, taught):
    taught()
    page = signed_in("/?q=label:winter")
    first_name(page)
    (first, *others) = ids(page)
    tiles(page).first.click()
    page.locator("#lightbox").wait_for()
    page.keyboard.press("l")
    page.get_by_role("button", name="winter: Doesn\u2019t").click()
    is_shown(page, "Doesn\u2019t show winter")
    page.keyboard.press("Escape")
    page.locator("#labelling").wait_for(state="hidden")
    assert ids(page) == [first, *others]  # nothing moves under the open picture
    with answered(page):
        page.keyboard.press("Escape")
    until(page, f"!document.querySelector('.tile[data-id=\"{first}\"]')")
    assert asked(page, "open") == ""


def test_a_label_is_taught_by_yes_and_no(signed_in, taught):
    taught()
    page = signed_in("/?view=labels&label=winter")
    first = asked_about(page)
    counts = page.locator(COUNTS)
    page.keyboard.press("n")
    expect(counts).to_contain_text("2 don\u2019t")
    asked_about(page, besides=first)
    page.keyboard.press("y")
    expect(counts).to_contain_text("3 pictures show it")
    expect(page.locator(".examples").first.locator("li")).to_have_count(3)
    expect(page.locator(".examples").last.locator(f"img[alt='{first}']")).to_have_count(1)
    skipped = asked_about(page)
    page.keyboard.press("s")
    asked_about(page, besides=skipped)
    page.keyboard.press("u")
    expect(counts).to_contain_text("2 pictures show it · 2 don\u2019t")

    again = page.locator(".examples").last.locator(f"li:has(img[alt='{first}']) .back")
    again.click()
    expect(counts).to_contain_text("2 pictures show it · 1 doesn\u2019t · left out in turn, ")
    # A picture opens large, and the answer's keys aren't meant for it.
    page.locator(".lesson .opener").click()
    page.locator("#lightbox").wait_for()
    page.keyboard.press("y")
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "open" not in url)
    expect(counts).to_contain_text("2 pictures show it · 1 doesn\u2019t · left out in turn, ")
    assert asked(page, "label") == "winter"


def test_every_picture_is_asked_about_once(signed_in, taught, client):
    taught()
    page = signed_in("/?view=labels&label=winter")
    total = client.get("/api/search").json()["total"]
    seen = [""]
    for _ in range(total - 3):
        seen.append(asked_about(page, besides=seen[-1]))
        page.keyboard.press("n")
    is_shown(page, "There is nothing left to ask")
    del seen[0]
    assert len(set(seen)) == len(seen) == total - 3


def test_a_label_is_forgotten_when_one_is_sure(signed_in, taught, school):
    taught()
    page = signed_in("/?view=labels&label=winter")
    page.get_by_role("button", name="Forget").click()
    page.get_by_role("button", name="Forget all it was taught?").click()
    is_shown(page, "No labels yet")
    assert asked(page, "label") == ""
    gone = signed_in("/?view=labels&label=winter")
    is_shown(gone, "No label is called winter")


def test_a_label_is_renamed_on_its_page(signed_in, taught):
    taught()
    page = signed_in("/?view=labels&label=winter")
    page.get_by_role("button", name="Rename").click()
    page.keyboard.type("Snow")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "label=snow" in url)
    page.get_by_role("heading", name="Labels / snow").wait_for()
    expect(page.locator(COUNTS)).to_contain_text("2 pictures show it · 1 doesn\u2019t")


def test_without_a_token_labels_are_shown_and_nothing_teaches(visit, site):
    page = visit("/?view=labels")
    is_shown(page, "once the server has a token")
    page.goto(site + "/?q=dog")
    first_name(page)
    tiles(page).first.click()
    page.locator("#lightbox").wait_for()
    page.keyboard.press("l")
    assert not page.locator("#labelling").is_visible()
    assert not page.locator(".tools .teach").is_visible()
    page.keyboard.press("Escape")
    act(page, "choose")
    assert not page.locator("#selection .teach").is_visible()


def test_folders_and_labels_are_offered_as_filters(signed_in, taught):
    taught()
    page = signed_in()
    first_name(page)
    page.get_by_role("button", name="Filters").click()
    chip = page.locator("#filters .chip", has_text="winter")
    count = int(chip.locator("span").text_content())  # which waits for it
    with answered(page):
        chip.click()
    expect(tiles(page)).to_have_count(count)
    assert asked(page) == "label:winter"
    shared = signed_in(below(address(page)))
    first_name(shared)
    assert ids(shared) == ids(page)


def test_labels_are_for_everybody(signed_in, taught):
    from importlib.resources import files

    taught()
    axe = files("axe_core_python").joinpath("axe.min.js").read_text() + "; 0"
    page = signed_in("/?view=labels", reduced_motion="reduce")
    is_shown(page, "2 pictures show it")
    for step in ("list", "lesson", "dialog"):
        if step == "lesson":
            page.get_by_role("link", name="winter").click()
            asked_about(page)
            page.locator(".examples li").first.wait_for()
        elif step == "dialog":
            search(page, "dog")
            tiles(page).first.locator("a").focus()
            page.keyboard.press("l")
            page.locator("#labelling li").first.wait_for()
        page.evaluate(axe)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            within = "document.querySelector('dialog[open]') ?? document"
            found = page.evaluate(f"axe.run({within})")["violations"]
            assert [(step, each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


@pytest.mark.parametrize("path", ["/?view=labels", "/?view=labels&label=winter"])
def test_a_phone_shows_labels_whole(path, signed_in, taught):
    taught()
    page = signed_in(path, viewport={"width": 360, "height": 700}, has_touch=True, is_mobile=True)
    page.locator("#labels .card img").first.wait_for()
    wide = "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > 360)"
    assert page.evaluate(wide + ".map(each => each.outerHTML)") == []
