#!/usr/bin/env python3
"""Time the page on a large library in a real browser: its largest contentful paint, and its weight.

    scripts/synthetic_library.py /tmp/large --count 100000
    scripts/bench_page.py /tmp/large PICTURES [--rounds 5] [--query 'camera:canon']

PICTURES is a folder of some JPEGs; their thumbnails stand in for those of the library's newest pictures,
which never were, and are written into it. Each round is a new visitor with an empty cache, the server is
warm; medians. Pictures fade in, which browsers don't count as a contentful paint: so the time is given, too,
at which the last one in the window has been loaded. Needs chromium.
"""

from __future__ import annotations

import argparse
import re
import shutil
import signal
import statistics
import subprocess
import sys
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

from machine import describe
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from searchengine import Library
from searchengine.images.thumbnails import make_thumbnail, thumbnail_path, write_thumbnail

FIRST_PAGE = 60
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Of all that was painted, what is known of the last and largest; and what was loaded.
MEASURE = """() => new Promise((done) => {
    let largest = null;
    new PerformanceObserver((list) => { largest = list.getEntries().at(-1); })
        .observe({ type: "largest-contentful-paint", buffered: true });
    setTimeout(() => {
        const loaded = ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind));
        const own = loaded.filter((each) => !each.name.includes("/api/"));
        const answer = loaded.find((each) => each.name.includes("/api/search"));
        done({
            paint: largest.startTime,
            page: own.reduce((bytes, each) => bytes + each.transferSize, 0),
            answer: answer.duration,
            pictures: Math.max(...[...document.querySelectorAll(".tile img")]
                .filter((each) => each.getBoundingClientRect().top < innerHeight)
                .map((each) => performance.getEntriesByName(each.src)[0].responseEnd)),
            files: own.length,
        });
    }, 1000);
})"""


SAID = {
    "paint": "largest contentful paint",
    "pictures": "the window's pictures are loaded",
    "answer": "of it, the answer to the search",
}


def prepare(folder: Path, pictures: Path, query: str) -> int:
    """Give the first page's pictures thumbnails, and say how many pictures the library has."""
    paths = sorted(path for path in pictures.iterdir() if path.suffix == ".jpg")[:FIRST_PAGE]
    made = [make_thumbnail(Image.open(path).convert("RGB")) for path in paths]
    with Library.open(folder) as library:
        found = library.search(query, k=FIRST_PAGE)
        hashes = library.hashes([result.id for result in found])
        for digest, thumbnail in zip(hashes.values(), cycle(made), strict=False):
            write_thumbnail(thumbnail_path(folder, bytes.fromhex(digest)), thumbnail)
        return library.status().images


def visit(browser: Browser, address: str) -> dict[str, float]:
    """What a new visitor's browser measures."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(address)
    page.locator(".tile.here").first.wait_for()
    measured: dict[str, float] = page.evaluate(MEASURE)
    context.close()
    return measured


def main() -> None:
    """Serve, visit, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("library", type=Path)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--query", default="")
    arguments = parser.parse_args()
    count = prepare(arguments.library, arguments.pictures, arguments.query)
    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None:
        sys.exit("there is no chromium here; on Debian and Ubuntu: apt-get install chromium")
    server = subprocess.Popen(
        [sys.executable, "-m", "searchengine", "--library", arguments.library, "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        found = re.search(r"http://\S+", server.stderr.readline())
        assert found
        address = f"{found[0]}?q={quote(arguments.query)}"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            visit(browser, address)
            rounds = [visit(browser, address) for _ in range(arguments.rounds)]
            browser.close()
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)
    print(describe())
    print(f"{count:,} pictures, query {arguments.query!r}, {arguments.rounds} visitors with empty caches")
    for name, said in SAID.items():
        times = [each[name] for each in rounds]
        print(f"{said:35}{statistics.median(times):5.0f} ms, the slowest {max(times):.0f} ms")
    print(f"page without pictures {rounds[0]['page'] / 1000:.0f} kB in {rounds[0]['files']:.0f} files")


if __name__ == "__main__":
    main()
