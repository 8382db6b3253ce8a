#!/usr/bin/env python3
"""Kill and starve a library, again and again, and see whether anything is lost.

scripts/soak_faults.py [--kills 200] [--full 20] [--seed 0]

Real `imgsearch` processes work on a folder of small pictures that keeps changing; each is stopped at a
random moment, what is committed is read, and it is killed (SIGKILL). Then the rows must all be there,
`verify` must find nothing wrong, and a search must find every picture. Now and then Ctrl-C is pressed
instead, several times in a row, and the snapshots are torn before a command runs: what is torn must do no
harm, and be whole once a repair has come to its end. On a small disk the same with the disk full. Exits 1
when anything is wrong. Linux or macOS; a full disk needs the right to mount one.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import count
from pathlib import Path

from machine import describe
from soak_library import Bench, Ended, bench, said, write_model

from searchengine.library import Library

SMALL_DISK = 6  # MB
INTERRUPTED = 130
ABORTED = "terminate called"  # what C++ says when a thread of it is alive while Python goes away


def main() -> int:
    """Run both parts and print a table each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200, help="processes to kill")
    parser.add_argument("--full", type=int, default=20, help="commands to run on a full disk")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    # A shell that starts this in the background has it ignore Ctrl-C, and all its processes with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print(describe())
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        place = Path(folder)
        os.environ["IMGSEARCH_CACHE"] = str(place / "cache")
        models = [str(write_model(place / f"model-{seed}", seed)) for seed in (1, 2)]
        sound = [
            killed(place / "killed", models, arguments.kills, chance),
            starved(place / "full", models, arguments.full, chance),
        ]
    print("nothing lost, nothing wrong" if all(sound) else "SOMETHING IS WRONG, see above")
    return 0 if all(sound) else 1


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
        if tally.deaths.total() >= kills:
            break
        on.tree.change()
        name, words = command(on, pictures, models, chance)
        if name == "verify --repair" or chance.random() < 0.1:
            on.tear()
        if chance.random() < 0.25:
            tally.note(on, name, on.interrupt(*words, chance=chance))
        else:
            tally.note(on, name, on.kill(*words, chance=chance))
        if turn % 10 == 0:
            tally.undisturbed(on, pictures)
            print(f"{tally.deaths.total()} killed, trouble {len(tally.trouble)}", file=sys.stderr)
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
        self.interrupted: Counter[str] = Counter()
        self.finished: Counter[str] = Counter()
        self.lost = self.bad_opens = self.runs = 0
        self.trouble: list[str] = []

    @property
    def good(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.lost or self.bad_opens or self.trouble)

    def note(self, on: Bench, name: str, ended: Ended) -> None:
        """Look at the library after a command was killed, or came to its end before that."""
        if ABORTED in ended.said:
            self.trouble.append(f"{name} ended with {ended.code}: {ended.said[-300:]}")
        if ended.code == -signal.SIGKILL:
            self.deaths[name] += 1
        elif ended.code in (INTERRUPTED, -signal.SIGINT):  # the latter while Python itself was starting
            self.interrupted[name] += 1
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
        """Let the indexer and a repair run to their ends, and compare with the folder."""
        for words in (("index", pictures, "--quiet"), ("verify", "--repair")):
            done = on.run(*words)
            self.trouble += [f"{words[0]} ended with {done.code}: {done.said[-300:]}"] if done.code else []
        self.runs += 1
        self.trouble += [*on.wrong(), *on.differs()]
        self.trouble += [f"{name} is still torn after a repair" for name in on.torn]

    def show(self, on: Bench, minutes: float) -> None:
        """Print the table."""
        print(f"\nKilled, in {minutes:.0f} min; {self.runs} runs undisturbed between")
        print(f"{'command':<16}{'killed':>8}{'interrupted':>13}{'finished':>10}")
        columns = (self.deaths, self.interrupted, self.finished)
        for name in sorted({name for column in columns for name in column}):
            print("{:<16}{:>8}{:>13}{:>10}".format(name, *(column[name] for column in columns)))
        print("{:<16}{:>8}{:>13}{:>10}".format("all", *(column.total() for column in columns)))
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


if __name__ == "__main__":
    sys.exit(main())
