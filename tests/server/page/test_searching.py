"""Searching with the page: by words, pictures, filters, and by what was found."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from indexer.update import Update
from searchengine.as_json import to_json
from searchengine.query.grammar import parse
from tests.pictures import paint
from tests.server.conftest import server_process
from tests.server.page.conftest import MANY
from tests.server.page.steps import (
    act,
    address,
    answered,
    asked,
    below,
    first_name,
    ids,
    is_shown,
    is_summed_up,
    search,
    tiles,
    until,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORDS = "a dog on a beach"
DEFAULTS = {"strictness": 0.9, "collapse": False, "k": 60}


def site_of(page):
    """The server's address."""
    return page.evaluate("location.origin")


def test_it_opens_with_all_pictures(visit, place):
    page = visit()
    expect(tiles(page)).to_have_count(len(place.scenes) + 1)
    is_summed_up(page, "newest first")


def test_typing_finds_and_the_address_tells_it_all(visit, place):
    page = visit()
    search(page, WORDS)
    is_summed_up(page, "best first")
    assert first_name(page) == place.scenes[WORDS].name
    assert asked(page) == WORDS
    again = visit(below(address(page)))
    assert first_name(again) == place.scenes[WORDS].name
    expect(again.locator("#query")).to_have_value(WORDS)


def test_find_similar_leads_on_and_back_again(visit, place):
    page = visit(f"/?q={WORDS}")
    name = first_name(page)
    with answered(page):
        act(page, "similar")
    page.locator(".part img").wait_for()
    assert re.fullmatch(r"image:\d+", asked(page))
    assert first_name(page) == name
    search(page, "in the snow")  # words besides the picture
    assert re.fullmatch(r"image:\d+ in the snow", asked(page))
    page.locator(".part").click()
    page.wait_for_url(lambda url: "image" not in url)
    assert asked(page) == "in the snow"
    for _ in range(3):
        page.go_back()
    expect(page.locator("#query")).to_have_value(WORDS)
    expect(page.locator(".tile .label").first).to_have_text(name)


def test_words_pictures_and_what_to_avoid_are_composed_by_clicking(visit):
    page = visit(f"/?q={WORDS}")
    first_name(page)
    first, second = ids(page)[:2]
    with answered(page):
        act(page, "more")
    assert asked(page) == f"image:{first} {WORDS}"
    at = ids(page).index(second)
    with answered(page):
        act(page, "less", at)
    assert asked(page) == f"image:{first} -image:{second} {WORDS}"
    expect(page.locator(".part.picture")).to_have_count(2)
    expect(page.locator(".part.away")).to_have_count(1)
    expect(page.locator("#query")).to_have_value(WORDS)
    page.locator(".part.away").click()
    page.wait_for_url(lambda url: "-image" not in url)
    assert asked(page) == f"image:{first} {WORDS}"
    page.locator(".tile a").first.click()
    page.locator("#lightbox").get_by_role("button", name="Less like this").click()
    page.wait_for_url(lambda url: "-image" in url)
    expect(page.locator("#lightbox")).to_be_hidden()


def test_a_chosen_picture_finds_its_likes_and_outlives_a_reload(visit, place):
    page = visit()
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.ok):
        page.locator("#file").set_input_files(place.scenes["a rocket in space"])
    page.locator(".part img").wait_for()
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
    page.locator(".part img").wait_for()
    assert first_name(page) == place.scenes["a pizza on a table"].name


def test_a_link_to_a_search_by_another_ones_picture_says_so(visit):
    page = visit("/?q=image:sent")
    expect(page.locator("#notice")).to_contain_text("only its sender has")


def test_the_keyboard_is_enough(visit, place):
    page = visit("/?q=a+cat")
    first_name(page)
    page.keyboard.press("/")
    page.keyboard.type(WORDS)
    with answered(page):
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
    with answered(page):
        page.keyboard.press("s")
    assert asked(page).startswith("image:")
    until(
        page, "document.querySelector('.part') && document.activeElement.closest('.tile')"
    )  # and on from there
    page.keyboard.press("Control+k")
    expect(page.locator("#query")).to_be_focused()


def test_filters_are_chips_in_the_box(visit):
    page = visit("/?q=dog")
    first_name(page)
    page.get_by_role("button", name="Filters").click()
    with answered(page):
        page.get_by_role("button", name="tiff 1").click()
    assert asked(page) == "dog type:tiff"
    expect(tiles(page)).to_have_count(1)
    expect(page.locator("#query")).to_have_value("dog")
    page.get_by_role("button", name="Search without type:tiff").click()
    page.wait_for_url(lambda url: "tiff" not in url)
    until(page, "document.querySelectorAll('.tile').length > 1")


def test_a_query_comes_apart_as_the_server_reads_it(visit):
    """Each part of a query is a chip that the server's grammar takes for one term; the words are the rest."""
    queries = {
        "a dog": (["a", "dog"], []),
        'dog -"big cat" camera:"Canon EOS"|nikon -(new york) (red car)^2 5': (
            ["dog", "5"],
            ['-"big cat"', 'camera:"Canon EOS"|nikon', "-(new york)", "(red car)^2"],
        ),
        "image:7^0.5 -image:sent at 1:00": (["at", "1:00"], ["image:7^0.5", "-image:sent"]),
        r"camera\:x (brackets) \-5": ([r"camera\:x", "(brackets)", r"\-5"], []),
    }
    page = visit()
    for query, (words, parts) in queries.items():
        found = page.evaluate(
            "async (q) => { const { split } = await import('/page/query.js'); return split(q); }", query
        )
        assert (found["words"].split(" "), [part["text"] for part in found["parts"]]) == (words, parts)
        read, again = parse(query), parse(" ".join([*parts, *words]))
        assert read.words[0] == again.words[0]
        assert sorted(map(repr, read.filters + read.examples + read.exact)) == sorted(
            map(repr, again.filters + again.examples + again.exact)
        )


def test_a_folder_leads_to_its_folders(visit, serve, tmp_path):
    for number, name in enumerate(("2021/may/1.png", "2021/a b/2.png", "2022/3.png")):
        paint(tmp_path / "pictures" / name, number)
    Update(tmp_path / "library", model="builtin").run([tmp_path / "pictures"])
    server = serve(tmp_path / "library")
    page = visit("/?q=type:png", base=server)
    for chip, q in (("2021 2", "type:png path:2021/*"), ("2021/a b 1", 'type:png path:"2021/a b/*"')):
        first_name(page)
        page.get_by_role("button", name="Filters").click()
        with answered(page):
            page.get_by_role("button", name=chip, exact=True).click()
        assert asked(page) == q
    expect(tiles(page)).to_have_count(1)


def test_an_address_of_a_picture_finds_its_likes(visit):
    url = "https://example.org/a%20dog.jpg?size=large"
    told = []

    def fetched(route):
        """As if the server had fetched it: there is no web in a test."""
        if route.request.method == "GET":
            route.continue_()
            return
        told.append(route.request.post_data_json)
        route.fulfill(response=route.fetch(method="GET", url=site_of(page) + "/api/search?q=dog&k=60"))

    page = visit()
    page.route("**/api/search*", fetched)
    search(page, f"at night {url}")
    first_name(page)
    assert told == [{"q": "at night image:url", "url": url, "sort": "relevance"} | DEFAULTS]
    expect(page.locator(".part")).to_have_text("example.org")
    assert (asked(page), asked(page, "url")) == ("at night image:url", url)
    with answered(page):
        page.reload()
    assert told[1]["url"] == url
    page.locator(".part").click()
    page.wait_for_url(lambda address: "image" not in address)
    assert asked(page, "url") == ""


def test_an_address_that_is_pasted_is_searched_at_once(visit):
    page = visit(expect_errors=True)
    first_name(page)
    page.evaluate(
        """() => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text", " https://example.org/dog.jpg ");
            document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }"""
    )
    is_shown(page, "start it with --allow-fetch")
    assert (asked(page), asked(page, "url")) == ("image:url", "https://example.org/dog.jpg")


def test_a_chip_becomes_text_again_to_be_changed(visit):
    page = visit("/?q=dog+type:tiff+-cat")
    first_name(page)
    expect(page.locator(".part")).to_have_text(["type:tiff", "-cat"])
    page.locator("#query").fill("")
    page.keyboard.press("Backspace")
    expect(page.locator("#query")).to_have_value("-cat")
    page.locator("#query").fill("-fox")
    with answered(page):
        page.keyboard.press("Enter")
    assert asked(page) == "type:tiff -fox"


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
        expect(page.locator(".line")).to_have_count(0)
        is_summed_up(page, "Nothing seems to fit")


def test_the_line_moves_with_strictness_and_the_address_keeps_it(visit):
    page = visit("/?q=an+animal")
    first_name(page)
    slider = page.get_by_role("slider", name="Strictness")
    above = "document.querySelectorAll('.tile:not(.less)').length"

    def move(key):
        slider.focus()
        with answered(page) as answer:
            page.keyboard.press(key)
        relevant = sum(result["relevant"] for result in answer.value.json()["results"])
        until(page, f"{above} === {relevant}")
        return relevant

    generous, strict = move("Home"), move("End")
    assert generous > strict
    assert asked(page, "strictness") == "0.99"
    expect(slider).to_have_attribute("aria-valuetext", re.compile("very strict"))
    again = visit(below(address(page)))
    first_name(again)
    until(again, f"{above} === {strict}")
    expect(again.get_by_role("slider")).to_have_value(slider.input_value())


def test_dates_order_the_results_and_the_address_keeps_it(visit, many):
    page = visit(base=many)
    first_name(page)
    newest = ids(page)
    with answered(page):
        page.get_by_label("Order").select_option("oldest")
    is_summed_up(page, "the oldest first")
    assert asked(page, "sort") == "oldest"
    assert ids(page) != newest
    again = visit(below(address(page)), base=many)
    is_summed_up(again, "the oldest first")
    assert ids(again) == ids(page)


def test_scrolling_shows_all_of_them_once_and_moves_none(visit, many):
    page = visit("/?q=noise", base=many, viewport={"width": 1200, "height": 800})
    first_name(page)
    where = "[...document.querySelectorAll('.tile')].slice(0, 30).map(t => [t.style.left, t.style.top])"
    before = page.evaluate(where)
    while (count := tiles(page).count()) < MANY:
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        until(page, f"document.querySelectorAll('.tile').length > {count}")
    assert len(set(ids(page))) == MANY
    assert page.evaluate(where) == before


def test_going_back_lands_where_one_was(visit, many):
    page = visit("/?q=noise", base=many, viewport={"width": 500, "height": 500})
    first_name(page)
    page.evaluate("scrollTo(0, 600)")  # a wheel's scrolling may go on while one looks where it is
    until(page, "scrollY === 600")
    search(page, "something else")
    until(page, "scrollY === 0")
    page.go_back()
    until(page, "scrollY === 600")


def test_a_bad_query_is_explained_at_its_word(visit):
    page = visit("/?q=dog+camra:canon", expect_errors=True)
    expect(page.locator("mark")).to_have_text(re.compile("^camra"))
    expect(page.locator("#notice")).to_contain_text("did you mean camera")
    search(page, "dog camera:canon")
    page.get_by_text("No picture passes").wait_for()


def test_a_server_that_is_gone_is_told_of(visit, place):
    with server_process(place.library) as (server, _):
        page = visit(base=server, expect_errors=True)
        first_name(page)
    page.locator("#query").fill("dog")
    page.keyboard.press("Enter")
    page.get_by_text("Is imgsearch serve still running?").wait_for()


def test_the_token_is_asked_for_once(visit, serve, place):
    token = "correct horse battery staple"
    server = serve(place.library, env={"IMGSEARCH_TOKEN": token})
    page = visit(f"/?q={WORDS}", base=server, expect_errors=True)
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
