#!/usr/bin/env python3
"""Time `imgsearch index` from nothing, and again with nothing changed, beside the machine's limit.

    scripts/bench_index.py PICTURES [--model SPEC] [--precision auto] [--runs 3] [--json FILE]

The limit: decoding and the tower are timed alone, in seconds of processor a picture; cores divided by their
sum is how many pictures a second there could be if nothing else took any time.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from machine import describe

from indexer.decoding.decode import Decoded, Task, decode
from indexer.precision import in_precision
from indexer.update import Update
from searchengine.cores import available_cores
from searchengine.encoders import load_encoder
from searchengine.encoders.precision import PRECISIONS
from searchengine.library import Library

if TYPE_CHECKING:
    from searchengine.encoders.encoder import Encoder

SAMPLE = 64


def processor_seconds(encoder: Encoder, pictures: Path) -> tuple[float, float]:
    """Seconds of processor that a picture's decoding and its way through the tower take, each alone."""
    files = sorted(path for path in pictures.rglob("*") if path.is_file())[:SAMPLE]
    tasks = [Task(os.fsencode(path)) for path in files]
    decode(tasks[0], preprocessing=encoder.spec.preprocessing)
    start = time.process_time()
    outcomes = [decode(task, preprocessing=encoder.spec.preprocessing) for task in tasks]
    decoding = (time.process_time() - start) / len(tasks)
    pixels = np.concatenate([each.pixels for each in outcomes if isinstance(each, Decoded)])
    encoder.encode_images(pixels[:2])
    start = time.process_time()
    encoder.encode_images(pixels)
    return decoding, (time.process_time() - start) / len(pixels)


def disk(library: Path, connection: sqlite3.Connection) -> dict[str, int]:
    """Bytes of each part of a library: the catalog's tables with their indexes, and the files."""
    try:
        rows = connection.execute(
            "SELECT COALESCE((SELECT tbl_name FROM sqlite_master WHERE name = dbstat.name), name) AS part, "
            "sum(pgsize) FROM dbstat GROUP BY part ORDER BY 2 DESC"
        ).fetchall()
        parts = {f"table {name}": size for name, size in rows}
    except sqlite3.OperationalError:  # an SQLite without dbstat
        parts = {"catalog": (library / "catalog.sqlite3").stat().st_size}
    parts["vectors"] = sum(path.stat().st_size for path in (library / "vectors").iterdir())
    return parts


def main() -> None:
    """Index into a new library a few times and print the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--runtime", default="auto", choices=["auto", "onnx", "torch"])
    parser.add_argument("--precision", default="auto", choices=PRECISIONS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()

    machine = describe()
    fresh, stages, rescans = [], [], []
    for _ in range(arguments.runs):
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder) / "library"
            first = Update(
                library, model=arguments.model, runtime=arguments.runtime, precision=arguments.precision
            ).run([arguments.pictures])
            start = time.perf_counter()
            again = Update(library).run([arguments.pictures])
            rescans.append(time.perf_counter() - start)
            if again.unchanged != again.seen - again.failed:
                raise SystemExit(f"the second run found changes: {again.to_dict()}")
            fresh.append(first.seen / first.duration_s)
            stages.append(first.stages)
            with Library.open(library) as opened:
                status = opened.status()
            with closing(sqlite3.connect(library / "catalog.sqlite3")) as connection:
                (precision,) = connection.execute("SELECT precision FROM space").fetchone()
                parts = disk(library, connection)
    read = statistics.median(first.seen / stage["read"] for stage in stages)
    encoder = load_encoder(arguments.model, runtime=arguments.runtime)
    decoding, tower = processor_seconds(in_precision(encoder, "auto", precision), arguments.pictures)
    limit = available_cores() / (decoding + tower)
    figures = {
        "machine": machine,
        "precision": precision,
        "decode_cpu_ms": decoding * 1000,
        "tower_cpu_ms": tower * 1000,
        "limit_images_per_s": limit,
        "disk_bytes_per_image": {name: size / max(status.images, 1) for name, size in parts.items()},
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
    print(f"n = {first.seen} ({first.failed} failed), d = {status.dim}, model {arguments.model}, {precision}")
    print(f"medians of {arguments.runs} runs")
    print(f"index from nothing   {figures['images_per_s']:8.1f} images/s all in all, {read:.1f} once loaded")
    print(
        f"limit                {limit:8.1f} images/s: decoding {1000 * decoding:.1f} ms, "
        f"tower {1000 * tower:.1f} ms of CPU an image; reached {100 * read / limit:.0f} % of it once loaded"
    )
    print(f"rescan, no change    {figures['rescan_ms']:8.1f} ms")
    print(f"library on disk      {figures['bytes_per_image']:8.0f} bytes an image")
    for name, size in figures["disk_bytes_per_image"].items():
        print(f"  {name:18} {size:8.0f}")
    print(
        "stages, seconds      "
        + "  ".join(f"{name} {value:.2f}" for name, value in figures["stages_s"].items())
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
