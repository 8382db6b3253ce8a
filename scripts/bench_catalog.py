#!/usr/bin/env python3
"""Time what a catalog does, in SQLite's file and on a PostgreSQL server, one after the other in turns.

    scripts/bench_catalog.py [--count 20000] [--dim 512] [--catalog URL] [--json FILE]

Pictures come from scripts/synthetic_library.py. `--catalog` names an empty database that the bench may fill;
without it a server of its own is started, as the tests start theirs. Both lie in memory then, where there is
room, and no disk is waited for: say so when you quote it. Medians in milliseconds, and
means of processor time, the server's with it, which a busy machine changes less. A batch is what the indexer
commits at once.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from machine import describe
from synthetic_library import model, pictures
from synthetic_vectors import Population

from indexer.update import BATCH_SIZE
from searchengine.catalog import care, details, files, filters, images, roots, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.catalog.evidence import evidence
from searchengine.catalog.record import record_batch
from searchengine.engines import CATALOG_FILE
from searchengine.query.grammar import parse
from tests.servers import in_memory, postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from searchengine.catalog.record import Picture

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

    def record(self, made: list[Picture]) -> None:
        """Pictures in one transaction."""
        with self.catalog.write() as session:
            record_batch(session, self.space.id, made)

    def write(self, start: int, count: int, population: Population) -> None:
        """The same with pictures by their numbers."""
        self.record(pictures(self.root.id, start, count, population))

    def reads(self) -> dict[str, Callable[[], object]]:
        """What searching and indexing ask for."""
        return {
            "has anything changed": self.catalog.generation,
            "rows of ten results": lambda: self._look(lambda reading: images.images(reading, range(1, 11))),
            "one picture": lambda: self._ask(lambda session: details.details(session, 7)),
            "camera:canon after:2020": lambda: self._passing("camera:canon after:2020"),
            "path:2016/05-1*": lambda: self._passing("path:2016/05-1*"),
            "name:IMG_00001*": lambda: self._passing("name:IMG_00001*"),
            '"05-17 trip"': lambda: self._passing('"05-17 trip"'),
            "words: trip 05-17": lambda: self._look(
                lambda reading: evidence(reading, self.space.id, "trip 05-17", 1000)
            ),
            "all files, for a rescan": lambda: self._ask(
                lambda session: files.files_below(session, self.root.id)
            ),
            "all vectors, for a snapshot": self._stream,
        }

    def _ask(self, question: Callable[..., object]) -> object:
        with self.catalog.read() as session:
            return question(session)

    def _look(self, question: Callable[..., object]) -> object:
        with self.catalog.look() as reading:
            return question(reading)

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
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=in_memory())))
        url, server_seconds = arguments.catalog, lambda: 0.0
        if not url:
            server = stack.enter_context(postgres())
            url, server_seconds = server.url(server.database()), server.processor_seconds
        benches = [Bench(folder / CATALOG_FILE, arguments.dim), Bench(url, arguments.dim)]
        meter = Meter(benches, server_seconds)
        sizes = measure(meter, arguments.count, arguments.rounds, Population(arguments.dim))
        for bench in benches:
            bench.catalog.close()
    print(describe())
    print(f"\n{arguments.count:,} pictures, dimension {arguments.dim}")
    print("bytes a picture: SQLite {:,.0f}, PostgreSQL {:,.0f}\n".format(*sizes))
    print(
        f"{'milliseconds':32}{'SQLite':>10}{'PostgreSQL':>12}{'processor:':>14}{'SQLite':>10}{'PostgreSQL':>12}"
    )
    for name, (walls, processors) in meter.figures.items():
        print("{:32}{:10.2f}{:12.2f}{:24.2f}{:12.2f}".format(name, *walls, *processors))
    if arguments.json:
        arguments.json.write_text(json.dumps({"bytes": sizes, **meter.figures}, indent=1))


class Meter:
    """Times what is done with one catalog and with the other.

    Args:
        benches: The catalogs.
        server_seconds: Processor time that PostgreSQL's server has used; 0 where it isn't ours.
    """

    def __init__(self, benches: list[Bench], server_seconds: Callable[[], float]) -> None:
        self.benches = benches
        self.figures: dict[str, tuple[list[float], list[float]]] = {}
        self._server_seconds = server_seconds

    def time(self, name: str, runs: Sequence[Sequence[Callable[[], object]]]) -> None:
        """Median wall time and mean processor time, in milliseconds.

        Args:
            name: Of what is done.
            runs: What is done, as often as it is timed; each with the one catalog and with the other.
        """
        walls: list[list[float]] = [[] for _ in self.benches]
        processors = [0.0 for _ in self.benches]
        for turn in runs:
            for which, run in enumerate(turn):
                used, start = time.process_time() + self._server_seconds(), time.perf_counter()
                run()
                walls[which].append(time.perf_counter() - start)
                processors[which] += time.process_time() + self._server_seconds() - used
        self.figures[name] = (
            [statistics.median(each) * 1000 for each in walls],
            [each * 1000 / len(runs) for each in processors],
        )


def measure(meter: Meter, count: int, rounds: int, population: Population) -> list[float]:
    """Fill the catalogs and ask them everything; the bytes that each takes a picture."""
    before = count - TIMED_BATCHES * BATCH_SIZE
    for start in range(0, before, LARGE_BATCH):
        for bench in meter.benches:
            bench.write(start, min(LARGE_BATCH, before - start), population)
    batches = [
        [
            partial(bench.record, pictures(bench.root.id, start, BATCH_SIZE, population))
            for bench in meter.benches
        ]
        for start in range(before, count, BATCH_SIZE)
    ]
    meter.time(f"a batch of {BATCH_SIZE}", batches)
    for bench in meter.benches:
        care.compact(bench.catalog)
    questions = [bench.reads() for bench in meter.benches]
    for name in questions[0]:
        meter.time(name, [[asked[name] for asked in questions]] * rounds)
    return [(care.size(bench.catalog) - bench.empty) / count for bench in meter.benches]


if __name__ == "__main__":
    main()
