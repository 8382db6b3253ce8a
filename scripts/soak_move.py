#!/usr/bin/env python3
"""Move a library to other engines and back by export and import, and see that nothing changed on the way.

    scripts/soak_move.py WORK [--count 1000000] [--format parquet] [--catalog URL] [--vectors ADDRESS]

SQLite and FAISS in WORK/here → the catalog and vectors given (WORK/there) → SQLite and FAISS (WORK/back).
Every step is a command of its own, timed, its peak memory told. At the end the three are exported by the
same code and compared by hash, asked for the likes of a hundred pictures, and verified. The database must
be empty. From some hundred thousand pictures on engines search approximately, so answers may miss a few hits;
what two engines both find has the same score in each.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from machine import describe

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from searchengine import Library
from searchengine.cli.display import size
from searchengine.vectors.policy import LEAST_RECALL

ASKED = 100


class Hashed:
    """A file that nobody needs but for its SHA-256."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.bytes = 0

    def write(self, data: bytes) -> int:
        """Take in some bytes."""
        self._hash.update(data)
        self.bytes += len(data)
        return len(data)

    def hexdigest(self) -> str:
        """Of all that was written."""
        return self._hash.hexdigest()


def step(what: str, *command: str | Path, count: int) -> None:
    """Run a command and tell its time and the most memory it had."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *map(str, command)], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{what}: exit code {process.returncode}")
    seconds = time.perf_counter() - start
    memory = size(used.ru_maxrss * 1024)
    print(f"| {what} | {seconds:.0f} s | {count / seconds:,.0f}/s | {memory} |", flush=True)


def contents(library: Path) -> str:
    """SHA-256 of all that an export has, embeddings and metadata."""
    with Library.open(library) as opened:
        hashed = Hashed()
        opened.export(hashed, "jsonl")  # type: ignore[arg-type]
    return hashed.hexdigest()


def answers(library: Path, count: int) -> dict[tuple[int, str], float]:
    """The likes of some pictures: scores by question and hash."""
    with Library.open(library) as opened:
        found = [opened.similar(1 + number * count // ASKED, k=10) for number in range(ASKED)]
    return {(number, hit.hash): hit.score for number, results in enumerate(found) for hit in results}


def main() -> None:
    """Print a Markdown table of the steps, and whether all is as it was."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--format", choices=("parquet", "npz", "jsonl"), default="parquet")
    parser.add_argument("--catalog", help="PostgreSQL's, as --catalog takes it; else SQLite")
    parser.add_argument("--vectors", help="Milvus's, as --vectors takes it; else FAISS")
    arguments = parser.parse_args()
    work, count = arguments.work, arguments.count
    work.mkdir(parents=True, exist_ok=True)
    here, there, back = (work / name for name in ("here", "there", "back"))
    if not here.exists():
        maker = Path(__file__).with_name("synthetic_library.py")
        subprocess.run([sys.executable, maker, here, "--count", str(count)], check=True)
    for old in (there, back):
        shutil.rmtree(old, ignore_errors=True)
    engines = [f"--{name}={value}" for name in ("catalog", "vectors") if (value := getattr(arguments, name))]
    out, home = (work / f"{name}.{arguments.format}" for name in ("out", "home"))
    imgsearch = ("-m", "searchengine", "--library")
    print(describe())
    print(f"| {count:,} pictures | time | rate | peak memory |\n|---|---|---|---|")
    step("export from SQLite + FAISS", *imgsearch, here, "export", "-o", out, count=count)
    step(
        f"import into {', '.join(engines) or 'the same'}",
        *imgsearch,
        there,
        *engines,
        "import",
        out,
        count=count,
    )
    step("export from there", *imgsearch, there, "export", "-o", home, count=count)
    step("import into SQLite + FAISS", *imgsearch, back, "import", home, count=count)
    for each in (there, back):
        step(f"verify {each.name}", *imgsearch, each, "verify", count=count)
    hashes = {each.name: contents(each) for each in (here, there, back)}
    asked = {each.name: answers(each, count) for each in (here, there, back)}
    same = len(set(hashes.values())) == 1
    print(f"{arguments.format}: {size(out.stat().st_size)}; {hashes}")
    print(f"contents equal: {same}")
    for name in ("there", "back"):
        common = asked["here"].keys() & asked[name].keys()
        other = sum(asked["here"][hit] != asked[name][hit] for hit in common)
        print(f"here and {name}: {len(common):,} of {len(asked['here']):,} hits, {other} with another score")
        same &= other == 0 and len(common) >= LEAST_RECALL * len(asked["here"])
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
