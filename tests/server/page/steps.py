"""What a visitor of the page does and sees, in words that tests can use."""

from __future__ import annotations

import time
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest

LIMIT = 60  # s to wait for what must come; on a busy machine all takes long


def tiles(page):
    """The results."""
    return page.locator(".tile")


def first_name(page):
    """The best result's file name, once it is there."""
    tiles(page).first.wait_for()
    return page.locator(".tile .label").first.text_content()


def ids(page):
    """The results' ids, in order."""
    return page.evaluate("[...document.querySelectorAll('.tile')].map(tile => Number(tile.dataset.id))")


def address(page):
    """The page's address as the page has it; `page.url` is told of it a moment later."""
    return page.evaluate("location.href")


def asked(page, name="q"):
    """A part of the page's address."""
    return parse_qs(urlsplit(address(page)).query).get(name, [""])[0]


def below(url):
    """An address without the server's."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def until(page, condition):
    """Wait for a condition. Playwright's own way evaluates it in the page, which its policy forbids."""
    deadline = time.monotonic() + LIMIT
    while not page.evaluate(condition):
        if time.monotonic() > deadline:
            pytest.fail(f"never came true: {condition}")
        page.wait_for_timeout(50)


@contextmanager
def answered(page):
    """A search within this block has its answer at the block's end, and the page shows it."""
    with page.expect_response(lambda answer: "/api/search" in answer.url) as answer:
        yield answer
    until(page, "!document.body.classList.contains('busy')")


def search(page, words):
    """Type into the box."""
    page.locator("#query").fill(words)
    with answered(page):
        page.keyboard.press("Enter")


def act(page, name, at=0):
    """Press one of the buttons that a tile has under the pointer."""
    tiles(page).nth(at).hover()
    page.locator(f".act.{name}").click()


def is_shown(page, words):
    """Wait until these words stand somewhere."""
    page.get_by_text(words).first.wait_for()


def is_summed_up(page, words):
    """Wait until the line above the results says this."""
    page.locator("#summary", has_text=words).wait_for()
