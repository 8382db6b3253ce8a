#!/usr/bin/env python3
"""Make a library of n pictures that never were, to measure what a catalog and an index of that size cost.

    scripts/synthetic_library.py FOLDER [--count 1000000] [--dim 512 | --model SPEC]

$IMGSEARCH_CATALOG says, as ever, that the catalog is to be in PostgreSQL.

Vectors as scripts/synthetic_vectors.py makes them, and metadata as a photo library has it: a folder a day for
ten years, thirty cameras of which one took half of all, places around twenty towns.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from synthetic_vectors import Population

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from indexer.calibrate import keep_calibrated
from indexer.snapshot import keep_snapshot
from indexer.upkeep.repair import optimize
from searchengine.catalog import roots, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.record import ContentFacts, FileAt, Picture, record_batch
from searchengine.encoders import load_encoder
from searchengine.encoders.spec import ModelSpec, Preprocessing
from searchengine.engines import record
from searchengine.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BATCH = 20_000
MAKERS = ("Canon", "NIKON", "SONY", "Apple", "FUJIFILM")
CAMERAS = [f"{maker} {model}" for maker in MAKERS for model in range(6)]
USUAL = 18  # the one that took half of them


def model(dim: int) -> ModelSpec:
    """A model that nobody has."""
    preprocessing = Preprocessing(
        size=(224, 224), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), resize_mode="squash"
    )
    return ModelSpec("synthetic", "0" * 64, dim, preprocessing, 77, 100.0)


class Writer:
    """Encodes texts as that model would; pictures come encoded."""

    def __init__(self, population: Population) -> None:
        self._population = population

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors (n, dim)."""
        return self._population.texts(len(texts))


def pictures(root: int, start: int, count: int, population: Population) -> list[Picture]:
    """Numbers `start` and following; the same ones are always the same pictures."""
    rng = np.random.default_rng(start)
    vectors = population.images(start, count)
    cameras = np.where(rng.random(count) < 0.5, USUAL, rng.integers(0, len(CAMERAS), count))
    seconds = rng.integers(0, 10 * 365 * 86400, count).tolist()
    towns = np.random.default_rng(7).uniform((-60, -170), (70, 170), (20, 2))
    places = (towns[rng.integers(0, 20, count)] + rng.normal(0, 0.05, (count, 2))).tolist()
    made = []
    for at in range(count):
        number = start + at
        taken = datetime(2014, 1, 1) + timedelta(seconds=seconds[at])  # noqa: DTZ001  as in EXIF
        size = 3_000_000 + number % 1_000_000
        facts = ContentFacts(
            hash=number.to_bytes(32, "big"),
            size=size,
            width=3000 if number % 4 == 0 else 4000,
            height=4000 if number % 4 == 0 else 3000,
            format="PNG" if number % 50 == 0 else "JPEG",
            taken_at=taken,
            camera=CAMERAS[cameras[at]],
            lens=f"{24 + number % 9 * 20}mm F{number % 4 + 1}",
            focal_length=24.0 + number % 9 * 20,
            latitude=places[at][0],
            longitude=places[at][1],
            perceptual_hash=number.to_bytes(8, "big"),
        )
        path = f"{taken:%Y/%m-%d} trip/IMG_{number:07}.JPG".encode()
        made.append(Picture(FileAt(root, path, size, number), facts, vectors[at][None]))
    return made


def main() -> None:
    """Record batches as the indexer does, then calibrate and take the snapshot."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--model", help="say that the vectors are this model's, so that queries can be asked")
    arguments = parser.parse_args()
    started = time.perf_counter()
    spec = load_encoder(arguments.model).spec if arguments.model else model(arguments.dim)
    population = Population(spec.dim)
    layout = Layout(arguments.folder)
    layout.folder.mkdir(parents=True, exist_ok=True)
    with Catalog.open(layout.catalog, create=True) as catalog:
        record(layout.folder, layout.engines)
        with catalog.write() as session:
            space = spaces.create_space(session, spec)
            root = roots.add_root(session, b"/photos")
        for start in range(0, arguments.count, BATCH):
            count = min(BATCH, arguments.count - start)
            made = pictures(root.id, start, count, population)
            with catalog.write() as session:
                record_batch(session, space.id, made)
            print(f"\r{start + count:,} in {time.perf_counter() - started:.0f} s", end="", flush=True)
        keep_snapshot(catalog, layout)
        keep_calibrated(catalog, layout, space, lambda: Writer(population))
    optimize(arguments.folder)
    print(f"\n{arguments.folder}: {arguments.count:,} pictures, {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
