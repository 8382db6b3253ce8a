#!/usr/bin/env python3
"""Time filtered searches, part by part, beside the bare vector search.

    scripts/synthetic_library.py /tmp/million
    scripts/bench_filters.py /tmp/million [-k 10] [--rounds 9]

For each filter: the share that passes, and the time of the whole answer, from the query's line to the rows of
its results, without the encoding of its text: asked first, and again with another text, when what passes is
remembered. Then queries whose words stand in few, many or all of the pictures' names. Medians in
milliseconds; beside them the ratio to a bare vector search of the same run.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from machine import describe
from synthetic_vectors import Population

from searchengine import Library
from searchengine.answering.ranking import Ranking
from searchengine.query.grammar import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

FILTERS = (
    "near:40,10,10km",
    "after:2017-05-01 before:2017-06-01",
    "camera:canon\\ 3 after:2020-06 before:2021",
    "path:2016/05-1*",
    "size:3123456",
    "name:IMG_01234*",
    "type:png camera:nikon",
    '"05-17 trip"',
    "camera:apple",
    "orientation:landscape",
    "after:2015",
    "-type:png",
    "lens:24mm",
)
WORDS = ("nothing like it", "IMG_0123456", "05-17", "a trip in 2016 05-17", "05", "trip")


def median_ms(run: Callable[[], object], rounds: int) -> float:
    """Median time of a call in milliseconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main() -> None:
    """Ask with each filter and print a line for each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("library", type=Path)
    parser.add_argument("-k", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    print(describe())
    with Library.open(arguments.library) as library:
        space = library._space()  # noqa: SLF001  the encoder is left out
        assert space is not None
        ranking = Ranking(library._catalog, space)  # noqa: SLF001
        vectors = Population(space.dim).texts(64, seed=1)
        at = iter(range(1_000_000))

        def vector() -> np.ndarray:
            return vectors[next(at) % 64]

        def bare() -> object:
            return space.index.search(vector(), arguments.k)

        bare()
        search = median_ms(bare, arguments.rounds)
        everything = median_ms(lambda: ranking.answer(vector(), parse("x"), arguments.k), arguments.rounds)
        count = len(space.index)
        print(f"n = {count:,}, d = {space.dim}, k = {arguments.k}, {arguments.rounds} rounds")
        print(f"vector search {search:.1f} ms; with parse, plan and rows {everything:.1f} ms\n")
        print(f"{'filter':44} {'passes':>8} {'first':>8} {'ratio':>6} {'again':>8} {'ratio':>6}")
        for line in FILTERS:
            asked = parse(f"x {line}")
            finding_out = median_ms(lambda asked=asked: ranking._passing(asked), 3)  # noqa: SLF001
            again = median_ms(
                lambda line=line: ranking.answer(vector(), parse(f"x {line}"), arguments.k), arguments.rounds
            )
            first = finding_out + again
            share = ranking.answer(vector(), asked, arguments.k).total / count
            times = f"{first:8.1f} {first / search:6.2f} {again:8.1f} {again / search:6.2f}"
            print(f"{line:44} {share:8.3%} {times}")
        print(f"\n{'words':44} {'raised':>8} {'answer':>8} {'ratio':>6}")
        for line in WORDS:
            asked = parse(line)
            raised = len(ranking._raised(asked))  # noqa: SLF001
            answer = median_ms(
                lambda line=line: ranking.answer(vector(), parse(line), arguments.k), arguments.rounds
            )
            print(f"{line:44} {raised:8,} {answer:8.1f} {answer / search:6.2f}")


if __name__ == "__main__":
    main()
