#!/usr/bin/env python3
"""Search a library without a pause while another process fills it, and see whether every answer is right.

scripts/soak_search.py [--pictures 2000] [--model builtin] [--seed 0]

One process indexes small pictures of noise. Meanwhile a `Library` that stays open is asked again and again
in this process, and `imgsearch search` is started again and again beside it. No search may fail, or give
fewer results than it says there are; what each asker is told that there is may only grow, up to the last
picture. Exits 1 when anything is wrong.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from machine import describe
from soak_library import Bench, bench, said

from searchengine.library import Library
from searchengine.query.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable

K = 20


def main() -> int:
    """Index and search at once, and print what became of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=2000, help="pictures to index while searching")
    parser.add_argument("--model", default="builtin", help="which model embeds")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        on = bench(Path(folder), random.Random(arguments.seed))
        on.tree.grow(1)
        first = on.run("index", str(on.tree.folder), "--model", arguments.model, "--quiet")
        assert first.code == 0, first.said
        on.tree.grow(arguments.pictures - 1)
        trouble = searched(on, arguments.pictures)
    said(trouble)
    print("SOMETHING IS WRONG, see above" if trouble else "every answer was right")
    return 1 if trouble else 0


def searched(on: Bench, pictures: int) -> list[str]:
    """Index all pictures while two askers search; what went wrong."""
    start = time.monotonic()
    with Library.open(on.library) as library:
        indexing = on.start("index", str(on.tree.folder), "--quiet", log=on.log)
        askers = [
            Asker("one open library", lambda: ask_open(library)),
            Asker("a process each", lambda: ask_on_the_command_line(on)),
        ]
        threads = [threading.Thread(target=asker.ask_until, args=(indexing,)) for asker in askers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    trouble = [f"the indexer ended with {indexing.returncode}"] if indexing.returncode else []
    print(f"\nSearched while {pictures:,} pictures were indexed in {time.monotonic() - start:.0f} s")
    print(f"{'asked':<18}{'searches':>9}{'totals':>8}{'first':>7}{'last':>7}{'median ms':>11}{'99 % ms':>9}")
    for asker in askers:
        asker.show()
        trouble += asker.wrong(pictures)
    return trouble + on.wrong()


class Asker:
    """Somebody who asks the same thing again and again.

    Attributes:
        name: How it asks.
        totals: How many pictures it was told there are, search by search.
        trouble: What went wrong.
    """

    def __init__(self, name: str, ask: Callable[[], tuple[int, int]]) -> None:
        self.name = name
        self.totals: list[int] = []
        self.trouble: list[str] = []
        self._ask = ask
        self._took: list[float] = []

    def ask_until(self, indexing: subprocess.Popen[bytes]) -> None:
        """Search until the indexer has ended, and once more."""
        ended = False
        while not ended:
            ended = indexing.poll() is not None
            start = time.perf_counter()
            try:
                results, total = self._ask()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what is being looked for
                self.trouble.append(f"a search failed: {type(error).__name__}: {error}")
                continue
            self._took.append((time.perf_counter() - start) * 1000)
            self.totals.append(total)
            if results != min(K, total):
                self.trouble.append(f"a search gave {results} of {total}")

    def wrong(self, pictures: int) -> list[str]:
        """What went wrong, seen from the end."""
        shrunk = self.totals != sorted(self.totals)
        incomplete = self.totals[-1:] != [pictures]
        return [
            f"{self.name}: {words}"
            for words in (
                *self.trouble,
                *(["the total shrank"] if shrunk else []),
                *([f"the last total is {self.totals[-1:]}"] if incomplete else []),
            )
        ]

    def show(self) -> None:
        """Print a line of the table."""
        slowest = statistics.quantiles(self._took, n=100)[98]
        print(
            f"{self.name:<18}{len(self.totals):>9,}{len(set(self.totals)):>8,}{self.totals[0]:>7,}"
            f"{self.totals[-1]:>7,}{statistics.median(self._took):>11,.0f}{slowest:>9,.0f}"
        )


def ask_open(library: Library) -> tuple[int, int]:
    """How many results there were, and of how many pictures."""
    answer = library.search(Text("noise"), k=K)
    return len(answer), answer.total


def ask_on_the_command_line(on: Bench) -> tuple[int, int]:
    """The same, from a process of its own."""
    words = ("--library", str(on.library), "search", "noise", "-k", str(K), "--format", "json")
    done = subprocess.run(
        [sys.executable, "-m", "searchengine", *words],
        env=on.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"exit code {done.returncode}: {done.stderr[-300:]}"
        raise RuntimeError(message)
    answer = json.loads(done.stdout)
    return len(answer["results"]), answer["total"]


if __name__ == "__main__":
    sys.exit(main())
