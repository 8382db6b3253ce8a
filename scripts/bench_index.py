#!/usr/bin/env python3
"""Time `imgsearch index` from nothing, and again with nothing changed.

scripts/bench_index.py PICTURES [--model SPEC] [--runs 3] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from machine import describe

from indexer.update import Update
from searchengine.library import Library


def main() -> None:
    """Index into a new library a few times and print the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--runtime", default="auto", choices=["auto", "onnx", "torch"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()

    machine = describe()
    fresh, stages, rescans = [], [], []
    for _ in range(arguments.runs):
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder) / "library"
            first = Update(library, model=arguments.model, runtime=arguments.runtime).run(
                [arguments.pictures]
            )
            start = time.perf_counter()
            again = Update(library).run([arguments.pictures])
            rescans.append(time.perf_counter() - start)
            if again.unchanged != again.seen - again.failed:
                raise SystemExit(f"the second run found changes: {again.to_dict()}")
            fresh.append(first.seen / first.duration_s)
            stages.append(first.stages)
            with Library.open(library) as opened:
                status = opened.status()
    read = statistics.median(first.seen / stage["read"] for stage in stages)
    figures = {
        "machine": machine,
        "model": arguments.model,
        "d": status.dim,
        "n": first.seen,
        "failed": first.failed,
        "images_per_s": statistics.median(fresh),
        "images_per_s_without_start": read,
        "rescan_ms": statistics.median(rescans) * 1000,
        "bytes_per_image": status.bytes / max(status.images, 1),
        "stages_s": {name: statistics.median(stage[name] for stage in stages) for name in stages[0]},
    }
    print(machine)
    print(f"n = {first.seen} ({first.failed} failed), d = {status.dim}, model {arguments.model}")
    print(f"medians of {arguments.runs} runs")
    print(f"index from nothing   {figures['images_per_s']:8.1f} images/s all in all, {read:.1f} once loaded")
    print(f"rescan, no change    {figures['rescan_ms']:8.1f} ms")
    print(f"library on disk      {figures['bytes_per_image']:8.0f} bytes an image")
    print(
        "stages, seconds      "
        + "  ".join(f"{name} {value:.2f}" for name, value in figures["stages_s"].items())
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
