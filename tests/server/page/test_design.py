"""How the page looks and feels: rows, light and dark, phones, and who can't see it."""

from __future__ import annotations

from importlib.resources import files
from itertools import pairwise

import pytest

from tests.server.page.conftest import MARKUP
from tests.server.page.steps import act, first_name, tiles, until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORDS = "a dog on a beach"


def test_pictures_appear_in_rows_that_fill_the_width(visit):
    page = visit("/?q=width:>0")  # all are relevant: the row before the line may be short
    tiles(page).first.wait_for()
    page.wait_for_selector(".tile.here")
    *boxes, (_, _, width, _) = page.evaluate(
        "[...document.querySelectorAll('.tile'), document.querySelector('#grid')]"
        ".map(each => each.getBoundingClientRect()).map(box => [box.x, box.y, box.right, box.bottom])"
    )
    rows = {}
    for left, top, right, bottom in boxes:
        rows.setdefault(top, []).append((left, right, bottom))
    *full, _ = [sorted(row) for row in rows.values()]
    for row in full:
        assert row[-1][1] == pytest.approx(width, abs=1)
        assert len({bottom for _, _, bottom in row}) == 1
        for before, after in pairwise(row):
            assert after[0] - before[1] == pytest.approx(8, abs=0.5)


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


def test_it_follows_the_systems_light_and_dark(visit):
    page = visit("/?q=dog")
    first_name(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        red = r"Number(/\d+/.exec(getComputedStyle(document.body).backgroundColor)[0])"
        until(page, f"({red} > 200) === {str(scheme == 'light').lower()}")


def test_a_phone_shows_all_of_it(visit):
    page = visit("/?q=dog", viewport={"width": 360, "height": 700}, has_touch=True, is_mobile=True)
    first_name(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    tiles(page).first.tap()
    page.locator(".info").tap()
    page.locator("#facts dl").wait_for()
    until(page, "document.querySelector('#facts').getBoundingClientRect().right <= 360")


def test_nothing_of_a_name_becomes_markup(visit, many):
    page = visit("/?q=<b>dog</b> name:*onerror*", base=many)
    assert first_name(page) == MARKUP
    tiles(page).first.click()
    page.locator(".info").click()
    page.locator("#facts dl").wait_for()
    assert page.locator("main b, #facts b, .box b").count() == 0
    assert "1" not in page.title()


def test_every_control_has_a_name(visit):
    page = visit(f"/?q={WORDS}")
    first_name(page)
    unnamed = page.evaluate(
        """[...document.querySelectorAll(":is(button, a, input, select):not([hidden])")]
            .filter(each => !each.ariaLabel && !each.labels?.length)
            .filter(each => !each.textContent.trim() && !each.querySelector("img")?.alt)
            .map(each => each.outerHTML)"""
    )
    assert unnamed == []


VIEWS = {
    "results": "/?q=-cat+dog+type:jpeg",
    "one picture": "/?q=dog",
    "help": "/",
    "menu": "/",
    "filters": "/",
    "selection": "/",
    "duplicates": "/?view=duplicates",
    "status": "/?view=status",
    "a bad query": "/?q=camra:x",
}


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_to_complain_of(view, visit):
    page = visit(VIEWS[view], reduced_motion="reduce", expect_errors=view == "a bad query")
    if view == "a bad query":
        page.locator("mark").wait_for()
    elif view == "duplicates":
        page.locator("figure").first.wait_for()
    elif view == "status":
        page.locator(".card").first.wait_for()
    else:
        first_name(page)
    if view == "one picture":
        tiles(page).first.click()
        page.locator(".info").click()
        page.locator("#facts dl").wait_for()
    elif view == "selection":
        act(page, "choose")
    elif view == "help":
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("?")
        page.locator("#help").wait_for()
    elif view in ("menu", "filters"):
        page.locator(f"[popovertarget={view}]").click()
        page.locator(f"#{view} :is(h2, a)").first.wait_for()
    page.evaluate(files("axe_core_python").joinpath("axe.min.js").read_text() + "; 0")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        # What lies behind the open picture is out of reach.
        found = page.evaluate("axe.run(document.querySelector('dialog[open]') ?? document)")["violations"]
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def test_a_phone_shows_each_view_whole(visit, site):
    page = visit(viewport={"width": 360, "height": 700}, has_touch=True, is_mobile=True)
    for view in ("results", "duplicates", "status"):
        page.goto(site + VIEWS[view])
        page.locator(".tile, figure, .card").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        wide = "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > 360)"
        assert page.evaluate(wide + ".map(each => each.outerHTML)") == []


def test_the_page_weighs_little(visit):
    page = visit()
    first_name(page)
    sizes = page.evaluate(
        """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
            .filter(each => !each.name.includes("/api/")).map(each => each.decodedBodySize)"""
    )
    assert len(sizes) > 20
    assert sum(sizes) < 130_000
