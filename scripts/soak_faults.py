#!/usr/bin/env python3
"""Kill and starve a library, again and again, and see whether anything is lost.

scripts/soak_faults.py [--kills 200] [--full 20] [--searching 2000] [--seed 0]

Real `imgsearch` processes work on a folder of small pictures that keeps changing; each is stopped at a
random moment, what is committed is read, and it is killed (SIGKILL). Then the rows must all be there,
`verify` must find nothing wrong, and a search must find every picture. On a small disk the same with the disk
full instead. Last, one process searches while another indexes. Exits 1 when anything is wrong. Linux or
macOS; a full disk needs the right to mount one.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import count
from pathlib import Path

from machine import describe
from soak_library import Bench, Ended, Tree, write_model

from searchengine.library import Library
from searchengine.query.text import Text

SMALL_DISK = 6  # MB


def main() -> int:
    """Run the three parts and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200, help="processes to kill")
    parser.add_argument("--full", type=int, default=20, help="commands to run on a full disk")
    parser.add_argument("--searching", type=int, default=2000, help="pictures to index while searching")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    print(describe())
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        place = Path(folder)
        os.environ["IMGSEARCH_CACHE"] = str(place / "cache")
        models = [str(write_model(place / f"model-{seed}", seed)) for seed in (1, 2)]
        sound = [
            killed(place / "killed", models, arguments.kills, chance),
            starved(place / "full", models, arguments.full, chance),
            searched(place / "searched", models[0], arguments.searching, chance),
        ]
    print("nothing lost, nothing wrong" if all(sound) else "SOMETHING IS WRONG, see above")
    return 0 if all(sound) else 1


def bench(folder: Path, chance: random.Random, *, library: Path | None = None) -> Bench:
    """A new folder of pictures, and where its library is going to be."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return Bench(library or folder / "library", Tree(folder / "pictures", chance), environment)


def killed(folder: Path, models: list[str], kills: int, chance: random.Random) -> bool:
    """Kill commands until so many have died."""
    if not kills:
        return True
    on = bench(folder, chance)
    on.tree.grow(40)
    pictures = str(on.tree.folder)
    for model in models:  # exports both, so that a switch is about switching
        words = ("index", pictures, "--model", model) if model == models[0] else ("switch-model", model)
        first = on.run(*words, "--quiet")
        assert first.code == 0, first.said
    tally = Tally()
    start = time.monotonic()
    for turn in count(1):
        if sum(tally.deaths.values()) >= kills:
            break
        on.tree.change()
        name, words = command(on, pictures, models, chance)
        tally.note(on, name, on.kill(*words, chance=chance))
        if turn % 10 == 0:
            tally.undisturbed(on, pictures)
            if len(on.tree.files()) > 900:
                for path in chance.sample(on.tree.files(), 100):
                    path.unlink()
    tally.undisturbed(on, pictures)
    tally.show(on, (time.monotonic() - start) / 60)
    return tally.good


class Tally:
    """What became of commands that were to be killed."""

    def __init__(self) -> None:
        self.deaths: Counter[str] = Counter()
        self.finished: Counter[str] = Counter()
        self.lost = self.bad_opens = self.runs = 0
        self.trouble: list[str] = []

    @property
    def good(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.lost or self.bad_opens or self.trouble)

    def note(self, on: Bench, name: str, ended: Ended) -> None:
        """Look at the library after a command was killed, or came to its end before that."""
        if ended.code == -signal.SIGKILL:
            self.deaths[name] += 1
        else:
            self.finished[name] += 1
            # 3: files that were deleted or edited since the last run couldn't be embedded again.
            if ended.code and (name, ended.code) != ("switch-model", 3):
                self.trouble.append(f"{name} ended with {ended.code}: {ended.said[-300:]}")
        try:
            self.lost += 0 if ended.before is None else on.lost(ended.before)
            self.trouble += on.wrong()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is being looked for
            self.bad_opens += 1
            self.trouble.append(f"after {name}: {type(error).__name__}: {error}")

    def undisturbed(self, on: Bench, pictures: str) -> None:
        """Let the indexer run to its end, and compare with the folder."""
        done = on.run("index", pictures, "--quiet")
        self.runs += 1
        self.trouble += [done.said[-300:]] if done.code else []
        self.trouble += [*on.wrong(), *on.differs()]

    def show(self, on: Bench, minutes: float) -> None:
        """Print the table."""
        print(f"\nKilled, in {minutes:.0f} min; {self.runs} runs undisturbed between")
        print(f"{'command':<16}{'killed':>8}{'finished':>10}")
        for name in sorted({*self.deaths, *self.finished}):
            print(f"{name:<16}{self.deaths[name]:>8}{self.finished[name]:>10}")
        print(f"{'all':<16}{sum(self.deaths.values()):>8}{sum(self.finished.values()):>10}")
        print("rows at the end: " + ", ".join(f"{len(rows):,} {table}" for table, rows in on.rows().items()))
        print(
            f"lost committed rows {self.lost}, corrupt opens {self.bad_opens}, "
            f"other trouble {len(self.trouble)}"
        )
        said(self.trouble)


def command(
    on: Bench, pictures: str, models: list[str], chance: random.Random
) -> tuple[str, tuple[str, ...]]:
    """What to run next: mostly the indexer, also what writes snapshots and switches."""
    kind = chance.choices(["index", "switch-model", "optimize", "repair", "drop"], [50, 24, 12, 12, 2])[0]
    if kind == "index":
        return kind, ("index", pictures, "--quiet")
    if kind == "switch-model":
        with Library.open(on.library) as library:
            now = library.status().space
        return kind, ("switch-model", models[0] if now == models[1] else models[1], "--quiet")
    if kind == "optimize":
        return kind, ("optimize",)
    if chance.random() < 0.7:  # something to write again
        for path in (on.library / "vectors").glob("*.faiss"):
            path.write_bytes(path.read_bytes()[:-9])
    return "verify --repair", ("verify", "--repair")


def starved(folder: Path, models: list[str], rounds: int, chance: random.Random) -> bool:
    """Let commands run into a full disk, then give them room."""
    if not rounds:
        return True
    disk = folder / "disk"
    disk.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}m", "soak", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        print("\nFull disk: left out, no small disk can be mounted here")
        return True
    trouble: list[str] = []
    ends: Counter[tuple[str, str]] = Counter()
    lost = 0
    try:
        on = bench(folder, chance, library=disk / "library")
        pictures = str(on.tree.folder)
        on.tree.grow(100)
        assert on.run("index", pictures, "--model", models[0], "--quiet").code == 0
        for turn in range(rounds):
            on.tree.change()
            before = on.rows()
            fill(disk, leave=chance.choice([0, 8192, 65_536, 200_000, 500_000]))
            name, words = chance.choice(
                [
                    ("index", ("index", pictures, "--quiet")),
                    ("switch-model", ("switch-model", models[turn % 2], "--quiet")),
                    ("optimize", ("optimize",)),
                    ("verify --repair", ("verify", "--repair")),
                    ("search", ("search", "noise")),
                ]
            )
            ended = on.run(*words)
            explained = "disk is full" in ended.said or "free some space" in ended.said
            done = ended.code == 0 or (name, ended.code) == ("switch-model", 3)
            ends[name, "done" if done else "said that the disk is full"] += 1
            if not done and not (ended.code == 1 and explained):
                trouble.append(f"{name} on a full disk ended with {ended.code}: {ended.said[-400:]}")
            (disk / "filling").unlink()
            lost += on.lost(before) if ended.code else 0
            trouble += on.wrong()
            again = on.run("index", pictures, "--quiet")
            trouble += [f"index afterwards: {again.said[-400:]}"] if again.code else []
            trouble += [*on.wrong(), *on.differs()]
            if (on.library / "catalog.sqlite3").stat().st_size > SMALL_DISK * 350_000:
                on.run("switch-model", "--drop-old")
                on.run("optimize", "--purge")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)
    print(f"\nFull disk, {SMALL_DISK} MB")
    for (name, end), times in sorted(ends.items()):
        print(f"{name:<16}{times:>4}  {end}")
    print(f"lost committed rows {lost}, other trouble {len(trouble)}")
    return said(trouble) and not lost


def fill(disk: Path, *, leave: int) -> None:
    """Take all of a disk's space but for some bytes."""
    free = shutil.disk_usage(disk).free
    with (disk / "filling").open("wb") as file:
        if free > leave:
            os.posix_fallocate(file.fileno(), 0, free - leave)


def searched(folder: Path, model: str, pictures: int, chance: random.Random) -> bool:
    """Search without a pause, in one long-lived Library, while another process indexes."""
    if not pictures:
        return True
    on = bench(folder, chance)
    on.tree.grow(1)
    assert on.run("index", str(on.tree.folder), "--model", model, "--quiet").code == 0
    on.tree.grow(pictures)
    totals: list[int] = []
    took: list[float] = []
    trouble: list[str] = []
    with Library.open(on.library, runtime="onnx") as library:
        indexing = on.start("index", str(on.tree.folder), "--quiet", log=folder / "log")
        start = time.monotonic()
        while True:
            ended = indexing.poll() is not None
            try:
                answer = library.search(Text("noise"), k=20)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what is being looked for
                trouble.append(f"a search failed: {type(error).__name__}: {error}")
                break
            totals.append(answer.total)
            took.append(answer.took_ms)
            if len(answer) != min(20, answer.total):
                trouble.append(f"a search gave {len(answer)} of {answer.total}")
            if ended:
                break
        seconds = time.monotonic() - start
    indexing.wait()
    trouble += [f"the indexer ended with {indexing.returncode}"] if indexing.returncode else []
    trouble += ["the total shrank"] if totals != sorted(totals) else []
    trouble += [f"the last total is {totals[-1]}"] if totals[-1] != pictures + 1 else []
    trouble += on.wrong()
    print(f"\nSearched while {pictures:,} pictures were indexed in {seconds:.0f} s")
    slowest = statistics.quantiles(took, n=100)[98]
    print(
        f"{len(totals):,} searches, {len(set(totals))} totals from {totals[0]:,} to {totals[-1]:,}; "
        f"median {statistics.median(took):.0f} ms, 99 % within {slowest:.0f} ms; trouble {len(trouble)}"
    )
    return said(trouble)


def said(trouble: list[str]) -> bool:
    """Print what went wrong; whether nothing did."""
    for words in trouble[:20]:
        print(f"  WRONG: {words}")
    return not trouble


if __name__ == "__main__":
    sys.exit(main())
