#!/usr/bin/env python3
"""Time `imgsearch index` of a tree in which nothing has changed, beside `find` and a bare walk in Python.

    scripts/bench_rescan.py [--count 100000] [--runs 5] [--json FILE]

The files are small and in folders of 200; the catalog knows each by its size and time, which is all that a
rescan looks at.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from machine import describe

from indexer.update import Update
from searchengine.catalog import roots, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.record import ContentFacts, FileAt, Picture, record_batch
from searchengine.encoders import load_encoder
from searchengine.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Callable

IN_A_FOLDER = 200
BATCH = 20_000


def plant(tree: Path, count: int) -> list[tuple[bytes, os.stat_result]]:
    """Make the files; their paths relative to the tree and what the system says of them."""
    made = []
    for number in range(count):
        folder = tree / f"{number // IN_A_FOLDER:05}"
        if number % IN_A_FOLDER == 0:
            folder.mkdir(parents=True)
        path = folder / f"IMG_{number:07}.jpg"
        path.write_bytes(b"x")
        made.append((os.fsencode(path.relative_to(tree)), path.stat()))
    return made


def record(library: Path, tree: Path, files: list[tuple[bytes, os.stat_result]]) -> None:
    """Let a library know them."""
    spec = load_encoder("builtin").spec
    library.mkdir()
    rng = np.random.default_rng(0)
    with Catalog.open(Layout(library).catalog, create=True) as catalog:
        with catalog.write() as session:
            space = spaces.create_space(session, spec)
            root = roots.add_root(session, os.fsencode(tree))
        for start in range(0, len(files), BATCH):
            vectors = rng.standard_normal((BATCH, spec.dim), np.float32)
            made = []
            for at, (path, status) in enumerate(files[start : start + BATCH]):
                facts = ContentFacts(
                    hash=(start + at).to_bytes(32, "big"),
                    size=status.st_size,
                    width=4000,
                    height=3000,
                    format="JPEG",
                )
                place = FileAt(root.id, path, status.st_size, status.st_mtime_ns)
                made.append(Picture(place, facts, vectors[at][None] / np.linalg.norm(vectors[at])))
            with catalog.write() as session:
                record_batch(session, space.id, made)


def walk(tree: Path) -> int:
    """How many files there are, each of them asked for its size and time."""
    seen, folders = 0, [os.fsencode(tree)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    seen += entry.stat(follow_symlinks=False).st_size >= 0
    return seen


def seconds(run: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    """Time them in turns and print the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tree, library = Path(folder).resolve() / "tree", Path(folder) / "library"
        record(library, tree, plant(tree, arguments.count))
        find = ["find", str(tree), "-type", "f", "-printf", "%s %T@\n"]
        command = [sys.executable, "-m", "searchengine", "--library", str(library), "index", str(tree), "-q"]

        def update() -> None:
            summary = Update(library).run([tree])
            if summary.unchanged != arguments.count:
                raise SystemExit(f"not all is as it was: {summary.to_dict()}")

        ways: dict[str, Callable[[], object]] = {
            "find": lambda: subprocess.run(find, check=True, stdout=subprocess.DEVNULL),
            "scandir": lambda: walk(tree),
            "rescan": update,
            "command": lambda: subprocess.run(command, check=True),
        }
        update()  # takes the snapshot and what else the first run of a library does
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(arguments.runs):
            for name, run in ways.items():
                taken[name].append(seconds(run))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    print(describe())
    print(f"n = {arguments.count:,} files, in folders of {IN_A_FOLDER}; medians of {arguments.runs} runs")
    for name, value in medians.items():
        print(f"{name:8} {1000 * value:8.0f} ms   {value / medians['find']:5.2f} x find")
    if arguments.json:
        figures = {"machine": describe(), "n": arguments.count, "seconds": medians}
        arguments.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
