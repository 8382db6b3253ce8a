"""Choosing pictures, and what can be done with those chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.server.page.steps import (
    act,
    answered,
    asked,
    first_name,
    ids,
    is_shown,
    is_summed_up,
    search,
    tiles,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]


BAR = "#selection output"


@pytest.fixture
def page(visit):
    """All pictures, with a clipboard."""
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    first_name(page)
    return page


def are_chosen(page, count):
    expect(page.locator(".tile.chosen")).to_have_count(count)


def test_pictures_are_chosen_by_clicks_and_their_paths_copied_and_saved(page, place, tmp_path):
    search(page, "type:jpeg")  # the TIFF's name has a line break, which a list of paths can't tell
    act(page, "choose", 1)
    is_shown(page, "1 picture selected")
    tiles(page).nth(4).click(modifiers=["Shift"])
    is_shown(page, "4 pictures selected")
    tiles(page).nth(2).click()  # while some are chosen, a click doesn't open
    is_shown(page, "3 pictures selected")
    names = {page.locator(".tile .label").nth(at).text_content() for at in (1, 3, 4)}

    page.get_by_role("button", name="Copy paths").click()
    is_shown(page, "Copied")
    paths = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert {Path(path).name for path in paths} == names
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    download.value.save_as(tmp_path / "paths.txt")
    assert (tmp_path / "paths.txt").read_text() == "".join(f"{path}\n" for path in paths)

    search(page, "a dog on a beach")  # they are gathered over searches
    is_summed_up(page, "best first")
    expect(page.locator(BAR)).to_have_text("3 pictures selected")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#selection")).to_be_hidden()
    are_chosen(page, 0)


def test_pictures_are_chosen_by_keys(page, place):
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    is_shown(page, "3 pictures selected")
    page.keyboard.press(" ")
    is_shown(page, "2 pictures selected")
    page.keyboard.press("Enter")  # opens all the same
    page.locator("#lightbox").wait_for()
    page.keyboard.press("x")
    is_shown(page, "3 pictures selected")
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "open" not in url)
    are_chosen(page, 3)
    page.keyboard.press("Control+a")
    is_shown(page, f"{tiles(page).count()} pictures selected")
    page.keyboard.press("Escape")
    expect(page.locator("#selection")).to_be_hidden()
    are_chosen(page, 0)


def test_chosen_pictures_are_searched_by_together(page):
    first, second = ids(page)[:2]
    for at in (0, 1):
        act(page, "choose", at) if at == 0 else tiles(page).nth(at).click()
    with answered(page):
        page.get_by_role("button", name="Find likes").click()
    assert asked(page) == f"image:{first} image:{second}"


def test_on_a_phone_taps_choose_after_saying_so(visit):
    page = visit(viewport={"width": 360, "height": 700}, has_touch=True, is_mobile=True)
    first_name(page)
    page.locator("#choose").tap()
    is_shown(page, "Tap pictures to select them")
    tiles(page).nth(0).tap()
    tiles(page).nth(1).tap()
    is_shown(page, "2 pictures selected")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.locator("#choose").tap()
    are_chosen(page, 0)


def test_the_paths_of_a_whole_answer_are_downloaded(visit, place, tmp_path):
    page = visit("/?q=a+dog+on+a+beach")
    first_name(page)
    relevant = page.locator(".tile:not(.less)").count()
    page.get_by_role("button", name="Menu").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Paths of these results").click()
    download.value.save_as(tmp_path / "paths.txt")
    paths = (tmp_path / "paths.txt").read_text().splitlines()
    assert len(paths) == relevant
    assert paths[0] == str(place.scenes["a dog on a beach"])
