#!/usr/bin/env python3
"""What Ray costs beside a run in one process, and what a second node brings.

    scripts/bench_ray.py [--count 1000] [--simulate 20] [--parts overhead nodes namespaces] [--json FILE]

First the built-in model on small pictures, in one process and on Ray on the same machine: there is little
to compute, so what Ray takes shows. Then the same with an encoder that also waits SIMULATE milliseconds a
picture, as for a GPU, on one node and on two; where a node is only processes on this machine, two compute no
faster than one, but they wait twice as fast. The part `namespaces` puts the second node into a network
namespace of its own, which takes root.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from machine import describe

import indexer.distributed.embedder
from indexer.distributed.embedder import Model
from indexer.update import Update
from searchengine.encoders import load_encoder
from searchengine.library import Library
from searchengine.verify.library import verify
from tests.machines import two_machines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from searchengine.encoders.encoder import Encoder

PARTS = ("overhead", "nodes", "namespaces")


class Waiting:
    """An encoder that takes longer than it has to, without computing."""

    def __init__(self, encoder: Encoder, seconds: float) -> None:
        self._encoder, self._seconds = encoder, seconds
        self.spec, self.encode_texts = encoder.spec, encoder.encode_texts

    def encode_images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Wait, and embed."""
        time.sleep(self._seconds * len(pixels))
        return self._encoder.encode_images(pixels)


@dataclass(frozen=True)
class WaitingModel(Model):
    """Opens it on a node."""

    seconds: float = 0.0

    def __call__(self) -> Encoder:
        """The encoder."""
        return Waiting(super().__call__(), self.seconds)


def paint(folder: Path, count: int) -> None:
    """Small pictures of noise, no two alike."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(count):
        pixels = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((320, 240), Image.Resampling.BICUBIC).save(folder / f"{number:06}.jpg")


def index(pictures: Path, *, ray: str | None, wait: float, count: int) -> dict[str, Any]:
    """Index into a new library, check it, and give the times."""
    indexer.distributed.embedder.Model = partial(WaitingModel, seconds=wait) if wait else Model
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "library"
        encoder = Waiting(load_encoder("builtin"), wait) if wait and ray is None else None
        start, spent = time.perf_counter(), time.process_time()
        done = Update(library, model="builtin", ray=ray, encoder=encoder).run([pictures])
        took = time.perf_counter() - start
        with Library.open(library) as opened:
            images = opened.status().images
        if (done.added, images) != (count, count) or not verify(library).sound:
            raise SystemExit(f"{images} of {count} pictures are in the library: {done.to_dict()}")
        return {
            "seconds": took,
            "read_s": done.stages["read"],
            "driver_cpu_s": time.process_time() - spent,
            "images_per_s": count / done.stages["read"],
        }


@contextmanager
def nodes(count: int, cpus: int) -> Iterator[str]:
    """So many nodes on this machine; the address of their cluster."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": cpus, "include_dashboard": False})
    try:
        for _ in range(count - 1):
            cluster.add_node(num_cpus=cpus)
        yield cluster.address
    finally:
        cluster.shutdown()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1000, help="pictures")
    parser.add_argument("--simulate", type=float, default=20.0, help="milliseconds of waiting a picture")
    parser.add_argument("--cpus", type=int, default=2, help="logical CPUs of a node")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=["overhead", "nodes"])
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()
    # A token of this run's own: every node and whoever asks them need it, wherever they run.
    os.environ |= {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }
    wait, cpus = arguments.simulate / 1000, arguments.cpus
    waiting = f"{arguments.simulate:g} ms a picture"

    figures: dict[str, Any] = {
        "machine": describe(),
        "count": arguments.count,
        "simulate_ms": arguments.simulate,
    }
    print(figures["machine"])
    print(f"{arguments.count} pictures of 320 x 240, built-in model; a node has {cpus} logical CPUs")
    print(f"{'':40}{'all in all':>12}{'reading':>10}{'images/s':>10}")

    def run(name: str, ray: str | None, wait: float) -> dict[str, Any]:
        figures[name] = found = index(pictures, ray=ray, wait=wait, count=arguments.count)
        print(
            f"{name:40}{found['seconds']:>10.1f} s{found['read_s']:>8.1f} s{found['images_per_s']:>10.1f}",
            flush=True,
        )
        return found

    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures"
        paint(pictures, arguments.count)
        if "overhead" in arguments.parts:
            run("one process", None, 0)
            run("--ray local", "local", 0)
            with nodes(1, cpus) as address:
                run("--ray, a cluster of one node", address, 0)
            run(f"one process, {waiting}", None, wait)
            run(f"--ray local, {waiting}", "local", wait)
        if "nodes" in arguments.parts:
            with nodes(1, cpus) as address:
                one = run(f"one node, {waiting}", address, wait)
            with nodes(2, cpus) as address:
                two = run(f"two nodes, {waiting}", address, wait)
            figures["speedup"] = two["images_per_s"] / one["images_per_s"]
            print(f"two nodes read {figures['speedup']:.2f} times as fast as one, their start included")
        if "namespaces" in arguments.parts:
            with two_machines(cpus) as (address, _):
                run(f"two network namespaces, {waiting}", address, wait)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
