#!/usr/bin/env python3
"""Time text queries on a library: cold, from the command line, and warm, in one process.

scripts/bench_query.py LIBRARY [-k 10] [--queries 200] [--cold 7] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from machine import describe

from searchengine import Library, Text

WORDS = (
    "dog",
    "beach",
    "red car",
    "snow",
    "night",
    "lemon",
    "ship",
    "boat in a storm",
    "birthday cake",
    "forest",
)


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of them lie."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def main() -> None:
    """Ask many times and print the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("library", type=Path)
    parser.add_argument("-k", type=int, default=10)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--cold", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()

    command = [sys.executable, "-m", "searchengine", "--library", str(arguments.library), "search"]
    cold = []
    for run in range(arguments.cold + 1):
        start = time.perf_counter()
        subprocess.run(
            [*command, WORDS[run % len(WORDS)], "-k", str(arguments.k)], check=True, capture_output=True
        )
        cold.append((time.perf_counter() - start) * 1000)
    cold = cold[1:]  # the first one warms the disk's cache

    encode, whole = [], []
    with Library.open(arguments.library) as library:
        status = library.status()
        library.search("warm up")
        space = library._space()  # noqa: SLF001  to time encoding apart from searching
        for number in range(arguments.queries):
            text = f"{WORDS[number % len(WORDS)]} {number}"
            start = time.perf_counter()
            space.encode_text(text)
            encode.append((time.perf_counter() - start) * 1000)
            whole.append(library.search(Text(text), k=arguments.k).took_ms)
    figures = {
        "machine": describe(),
        "model": status.space,
        "n": status.images,
        "d": status.dim,
        "k": arguments.k,
        "index": status.index.kind,
        "recall": status.index.recall,
        "cold_ms": statistics.median(cold),
        "warm_p50_ms": statistics.median(whole),
        "warm_p95_ms": percentile(whole, 0.95),
        "encode_p50_ms": statistics.median(encode),
    }
    print(figures["machine"])
    print(
        f"n = {status.images}, d = {status.dim}, k = {arguments.k}, model {status.space}, "
        f"index {status.index.kind} (recall@10 {status.index.recall:.3f})"
    )
    print(f"cold command    {figures['cold_ms']:8.1f} ms  (median of {len(cold)})")
    p95 = f"p95 {figures['warm_p95_ms']:.1f}"
    print(f"warm query      {figures['warm_p50_ms']:8.1f} ms  ({p95}; median of {len(whole)})")
    print(f"  of it encode  {figures['encode_p50_ms']:8.1f} ms")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
