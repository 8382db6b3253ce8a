"""One picture, large."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from indexer.update import Update
from searchengine.as_json import to_json
from tests.films import film, still
from tests.server.page.steps import address, below, first_name, ids, is_summed_up, search, tiles, until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORDS = "a dog on a beach"


def test_a_picture_opens_large_with_what_is_known_of_it(visit, place):
    page = visit(f"/?q={WORDS}")
    first_name(page)
    tiles(page).first.click()
    until(page, "document.querySelector('#picture').naturalWidth > 320")
    page.keyboard.press("i")
    facts = page.locator("#facts")
    facts.get_by_text(str(place.scenes[WORDS])).wait_for()
    expect(facts).to_contain_text("Score")
    one = address(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: url != one)
    page.locator(".back").click()
    page.wait_for_url(one)
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "open" not in url)
    expect(page.locator("#lightbox")).to_be_hidden()
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


SEEN = "document.querySelector('#picture').complete && document.querySelector('#picture').naturalWidth"
SCALE = "new DOMMatrix(getComputedStyle(document.querySelector('.frame')).transform).a"


def test_a_picture_is_looked_at_closely(visit):
    page = visit(f"/?q={WORDS}")
    first_name(page)
    tiles(page).first.click()
    until(page, SEEN)
    assert page.evaluate(SCALE) == 1
    page.keyboard.press("+")
    until(page, f"{SCALE} > 1")
    page.keyboard.press("0")
    until(page, f"{SCALE} === 1")

    # What is under the pointer stays there.
    box = page.locator("#picture").bounding_box()
    x, y = box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.25
    page.mouse.move(x, y)
    page.mouse.wheel(0, -500)
    until(page, f"{SCALE} > 1")
    box = page.locator("#picture").bounding_box()
    assert (x - box["x"]) / box["width"] == pytest.approx(0.25, abs=0.01)
    assert (y - box["y"]) / box["height"] == pytest.approx(0.25, abs=0.01)

    # Zoomed in, it is dragged; a double click shows the whole of it, and the next one comes whole.
    page.mouse.down()
    page.mouse.move(x - 60, y - 40)
    page.mouse.up()
    left = "document.querySelector('#picture').getBoundingClientRect().left"
    until(page, f"Math.abs({left} - {box['x'] - 60}) <= 1")
    page.mouse.dblclick(x, y)
    until(page, f"{SCALE} === 1")
    page.mouse.dblclick(x, y)
    until(page, f"{SCALE} > 1")
    page.keyboard.press("ArrowRight")
    until(page, f"{SCALE} === 1")


def test_two_fingers_zoom_and_one_steps_on(visit):
    page = visit(f"/?q={WORDS}", viewport={"width": 360, "height": 700}, has_touch=True, is_mobile=True)
    first_name(page)
    tiles(page).first.tap()
    until(page, SEEN)
    one = address(page)
    touch = page.context.new_cdp_session(page)

    def fingers(kind, *points):
        at = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    fingers("touchStart", (150, 350), (210, 350))
    fingers("touchMove", (120, 350), (240, 350))
    fingers("touchMove", (90, 350), (270, 350))
    fingers("touchEnd")
    until(page, f"Math.abs({SCALE} - 3) < 0.15")
    page.keyboard.press("0")
    until(page, f"{SCALE} === 1")
    fingers("touchStart", (300, 350))
    fingers("touchMove", (200, 352))
    fingers("touchMove", (100, 354))
    fingers("touchEnd")
    page.wait_for_url(lambda url: url != one)


def test_its_neighbours_are_there_before_they_are_asked_for(visit):
    page = visit(f"/?q={WORDS}")
    first_name(page)
    second = ids(page)[1]
    with page.expect_response(lambda answer: f"/api/images/{second}/original" in answer.url):
        tiles(page).first.click()


def test_a_place_is_a_link_to_a_map_and_loads_nothing(visit):
    page = visit(f"/?q={WORDS}")
    elsewhere = []
    page.on(
        "request", lambda request: elsewhere.append(request.url) if "openstreetmap" in request.url else None
    )

    def place_it(route):
        answer = route.fetch()
        route.fulfill(
            response=answer, body=to_json(answer.json() | {"latitude": 48.8584, "longitude": 2.2945})
        )

    page.route(re.compile(r"/api/images/\d+$"), place_it)
    first_name(page)
    tiles(page).first.click()
    page.keyboard.press("i")
    link = page.locator("#facts a")
    there = "https://www.openstreetmap.org/?mlat=48.85840&mlon=2.29450"
    expect(link).to_have_attribute("href", re.compile(re.escape(there)))
    expect(link).to_have_attribute("rel", "noreferrer noopener")
    assert not elsewhere


def test_where_in_a_picture_something_was_found_is_framed(visit):
    page = visit()

    def find_a_part(route):
        answer = route.fetch()
        body = answer.json()
        body["results"][0]["region"] = [0.25, 0.5, 0.75, 1.0]
        route.fulfill(response=answer, body=to_json(body))

    page.route("**/api/search*", find_a_part)
    search(page, WORDS)
    is_summed_up(page, "best first")
    tiles(page).first.click()
    page.wait_for_function(  # the picture takes its place when it has come
        """() => {
            const around = (name) => document.querySelector(name).getBoundingClientRect();
            const [frame, box] = [around(".region"), around("#picture")];
            const across = [frame.left, frame.right].map((x) => (x - box.left) / box.width);
            const down = [frame.top, frame.bottom].map((y) => (y - box.top) / box.height);
            const asked = [0.25, 0.75, 0.5, 1];
            return [...across, ...down].every((share, at) => Math.abs(share - asked[at]) < 0.01);
        }"""
    )
    page.keyboard.press("i")
    page.locator("#facts dd", has_text="bottom").wait_for()


def test_a_video_plays_where_its_picture_stands(visit, serve, tmp_path):
    pytest.importorskip("av")
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "film.webm").write_bytes(film((still(1), 2), container="webm", codec="libvpx"))
    (folder / "unplayable.mkv").write_bytes(film((still(2), 2), container="matroska", codec="mpeg4"))
    Update(tmp_path / "library", model="builtin").run([folder])
    server = serve(tmp_path / "library")
    page = visit("/?q=name:film.webm", base=server)
    tiles(page).first.click()
    until(page, "document.querySelector('#film').readyState > 0")
    page.locator("#film").wait_for()
    expect(page.locator("#picture")).to_be_hidden()
    page.evaluate("document.querySelector('#film').play()")
    until(page, "document.querySelector('#film').currentTime > 0.1")
    page.keyboard.press("Escape")
    until(page, "!document.querySelector('#film').hasAttribute('src')")
    # What the browser can't play is a picture, as before.
    page = visit("/?q=name:unplayable.mkv", base=server, expect_errors=True)
    tiles(page).first.click()
    until(page, "document.querySelector('#film').hidden")
    until(page, "document.querySelector('#picture').naturalWidth")
