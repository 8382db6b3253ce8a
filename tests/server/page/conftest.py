"""A browser, servers of libraries small and large, and pages that may not complain."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack

import pytest

from indexer.update import Update
from tests.pictures import paint
from tests.server.conftest import server_process
from tests.server.page.steps import LIMIT

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-component-update", "--disable-sync")
MANY = 500
MARKUP = '"><img src=x onerror=document.title=1><b>.png'


@pytest.fixture(scope="session")
def browser():
    """The system's chromium, without a window."""
    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None:
        # Where the browser was installed for these tests, they may not pass by not running.
        stop = pytest.fail if os.environ.get("IMGSEARCH_NEED_BROWSER") else pytest.skip
        stop("there is no chromium here; on Debian and Ubuntu: apt-get install chromium")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=LIMIT * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(place):
    """The address of a server of `place`."""
    with server_process(place.library) as (address, _):
        yield address


@pytest.fixture(scope="session")
def many(tmp_path_factory):
    """The address of a server with more pictures than a page of results holds."""
    base = tmp_path_factory.mktemp("many")
    for number in range(MANY):
        name = f"{number:03}.png" if number else MARKUP
        paint(base / "pictures" / name, number, size=(60 + number % 5 * 20, 60))
    Update(base / "library", model="builtin").run([base / "pictures"])
    with server_process(base / "library") as (address, _):
        yield address


@pytest.fixture
def serve():
    """Starts a server of a library, and gives its address. It outlives the pages, which go on asking it."""
    with ExitStack() as servers:
        yield lambda library, **options: servers.enter_context(server_process(library, **options))[0]


@pytest.fixture
def visit(browser, site, serve):
    """Opens a page; at the end no page may have complained."""
    contexts, complaints = [], []

    def open_page(path="/", *, base=site, expect_errors=False, **options):
        context = browser.new_context(**({"viewport": {"width": 1200, "height": 800}} | options))
        context.set_default_timeout(LIMIT * 1000)
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
