#!/usr/bin/env python3
"""Time text queries: cold, from the command line, and warm, in one process, alone and in company.

    scripts/bench_query.py LIBRARY [-k 10] [--queries 200] [--cold 7] [--json FILE]

No two queries have the same words, so that none is remembered. The company is a process that embeds pictures
with the library's model without a pause, on all cores, as `imgsearch index` does.
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
from questions import questions

from searchengine import Library, Text

COMPANY = """
import sys, numpy as np
from searchengine.encoders import load_encoder
encoder = load_encoder(sys.argv[1], runtime="onnx")
pixels = np.random.default_rng(0).integers(0, 256, (16, *encoder.spec.preprocessing.size, 3), np.uint8)
while True:
    encoder.encode_images(pixels)
"""

WARMING = 40
"""Queries after which a process that goes on asking has laid its text tower out for speed."""


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

    words = questions()
    command = [sys.executable, "-m", "searchengine", "--library", str(arguments.library), "search"]
    cold = []
    for _ in range(arguments.cold + 1):
        start = time.perf_counter()
        subprocess.run(
            [*command, next(words), "-k", str(arguments.k), "--no-server"], check=True, capture_output=True
        )
        cold.append((time.perf_counter() - start) * 1000)
    cold = cold[1:]  # the first one warms the disk's cache

    encode: list[float] = []
    with Library.open(arguments.library) as library:
        status = library.status()
        library.on_stage = lambda stage, seconds: encode.append(seconds * 1000) if stage == "encode" else None
        for _ in range(WARMING):
            library.search(Text(next(words)))
        time.sleep(1)
        encode.clear()

        def ask() -> list[float]:
            return [
                library.search(Text(next(words)), k=arguments.k).took_ms for _ in range(arguments.queries)
            ]

        whole = ask()
        company = subprocess.Popen([sys.executable, "-c", COMPANY, status.space or ""])
        try:
            time.sleep(5)  # until its model is there
            beside = ask()
        finally:
            company.kill()
            company.wait()
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
        "encode_p50_ms": statistics.median(encode[: len(whole)]),
        "beside_p50_ms": statistics.median(beside),
        "beside_p95_ms": percentile(beside, 0.95),
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
    p95 = f"p95 {figures['beside_p95_ms']:.1f}"
    print(f"  in company    {figures['beside_p50_ms']:8.1f} ms  ({p95}; while another process embeds)")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
