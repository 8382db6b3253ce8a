#!/usr/bin/env python3
"""Time what a catalog does, in SQLite's file and on a PostgreSQL server, one after the other in turns.

    scripts/bench_catalog.py [--count 20000] [--dim 512] [--catalog URL] [--json FILE]

Pictures come from scripts/synthetic_library.py. `--catalog` names an empty database that the bench may fill;
without it a server of its own is started, as the tests start theirs, whose disk isn't waited for: say so when
you quote it. Medians in milliseconds; a batch is what the indexer commits at once.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from machine import describe
from synthetic_library import model, pictures
from synthetic_vectors import Population

from indexer.update import BATCH_SIZE
from searchengine.catalog import care, details, files, filters, images, roots, spaces, words
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.catalog.record import record_batch
from searchengine.engines import CATALOG_FILE
from searchengine.query.grammar import parse

if TYPE_CHECKING:
    from collections.abc import Callable

# The last of them so, as the indexer would: what came before is written faster, to have something to search.
TIMED_BATCHES = 100
LARGE_BATCH = 5000


class Bench:
    """One catalog, filled and read from."""

    def __init__(self, where: Path | str, dim: int) -> None:
        self.catalog = Catalog.open(where, create=True)
        with self.catalog.write() as session:
            self.space = spaces.create_space(session, model(dim))
            self.root = roots.add_root(session, b"/photos")
        self.empty = care.size(self.catalog)
        self.source = EmbeddingSource(self.catalog, self.space)

    def write(self, start: int, count: int, population: Population) -> float:
        """Record pictures in one transaction; the seconds that took."""
        made = pictures(self.root.id, start, count, population)
        began = time.perf_counter()
        with self.catalog.write() as session:
            record_batch(session, self.space.id, made)
        return time.perf_counter() - began

    def reads(self) -> dict[str, Callable[[], object]]:
        """What searching and indexing ask for."""
        return {
            "has anything changed": self.catalog.generation,
            "rows of ten results": lambda: self._ask(lambda session: images.images(session, range(1, 11))),
            "one picture": lambda: self._ask(lambda session: details.details(session, 7)),
            "camera:canon after:2020": lambda: self._passing("camera:canon after:2020"),
            "path:2016/05-1*": lambda: self._passing("path:2016/05-1*"),
            "name:IMG_00001*": lambda: self._passing("name:IMG_00001*"),
            '"05-17 trip"': lambda: self._passing('"05-17 trip"'),
            "words: trip 05-17": lambda: self._ask(
                lambda session: words.evidence(session, self.space.id, "trip 05-17", 1000)
            ),
            "all files, for a rescan": lambda: self._ask(
                lambda session: files.files_below(session, self.root.id)
            ),
            "all vectors, for a snapshot": self._stream,
        }

    def _ask(self, question: Callable[..., object]) -> object:
        with self.catalog.read() as session:
            return question(session)

    def _passing(self, query: str) -> object:
        asked = parse(query)
        which = filters.condition(asked.filters, asked.exact)
        return self._ask(lambda session: filters.passing(session, self.space.id, which))

    def _stream(self) -> int:
        with self.source.shown() as (_, _, batches):
            return sum(len(ids) for ids, _ in batches)


def main() -> None:
    """Fill both, a batch each in turns, then ask both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--catalog", metavar="URL", default="")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = arguments.catalog
        if not url:
            from tests.servers import postgres

            server = stack.enter_context(postgres())
            url = server.url(server.database())
        benches = {
            "SQLite": Bench(folder / CATALOG_FILE, arguments.dim),
            "PostgreSQL": Bench(url, arguments.dim),
        }
        figures = measure(benches, arguments.count, arguments.rounds, Population(arguments.dim))
        for bench in benches.values():
            bench.catalog.close()
    print(describe())
    print(f"\n{arguments.count:,} pictures, dimension {arguments.dim}\n")
    print(f"{'':32}{'SQLite':>10}{'PostgreSQL':>12}{'ratio':>8}")
    for name, (ours, theirs) in figures.items():
        print(f"{name:32}{ours:10.2f}{theirs:12.2f}{theirs / ours:8.1f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1))


def measure(
    benches: dict[str, Bench], count: int, rounds: int, population: Population
) -> dict[str, tuple[float, ...]]:
    """What is compared, with a figure for each catalog."""
    figures: dict[str, list[float]] = {}
    before = count - TIMED_BATCHES * BATCH_SIZE
    for start in range(0, before, LARGE_BATCH):
        for bench in benches.values():
            bench.write(start, min(LARGE_BATCH, before - start), population)
    times: dict[str, list[float]] = {name: [] for name in benches}
    for start in range(before, count, BATCH_SIZE):
        for name, bench in benches.items():
            times[name].append(bench.write(start, BATCH_SIZE, population) * 1000)
    figures[f"a batch of {BATCH_SIZE}, ms"] = [statistics.median(each) for each in times.values()]
    for bench in benches.values():
        care.compact(bench.catalog)
    figures["bytes a picture"] = [
        (care.size(bench.catalog) - bench.empty) / count for bench in benches.values()
    ]
    questions = [bench.reads() for bench in benches.values()]
    for name in questions[0]:
        took: list[list[float]] = [[] for _ in questions]
        for _ in range(rounds):
            for asked, spent in zip(questions, took, strict=True):
                start = time.perf_counter()
                asked[name]()
                spent.append((time.perf_counter() - start) * 1000)
        figures[f"{name}, ms"] = [statistics.median(each) for each in took]
    return {name: tuple(values) for name, values in figures.items()}


if __name__ == "__main__":
    main()
