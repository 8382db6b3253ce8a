#!/usr/bin/env python3
"""Time imgsearch beside rclip, the fastest peer: the same weights, the same pictures, in turns.

    scripts/bench_peers.py PEER PHOTOS --model SPEC [--parts small,large,cold,warm] [--json FILE]

PEER is a folder with rclip in `venv/` and its data (the ONNX files of ViT-B-32-256) in `data/`; SPEC is a
folder with the same weights, as random_model.py makes it. Both use the cores that this process may use.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench_query import WARMING
from machine import describe
from PIL import Image
from questions import questions

from searchengine import Library, Text, running

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOSAICS = 200
SIZE = (4000, 3000)
TILES = (8, 6)
PICTURES = 100_000
WARM = 40

RCLIP_WARM = """
import sys, time
from rclip import db, main, model
m = model.Model(); m.ensure_downloaded()
r = main.RClip(m, db.DB(sys.argv[1] + "/db.sqlite3"), 8, None)
r.search("warm up", sys.argv[2], 10)
for query in sys.argv[3:]:
    start = time.perf_counter(); r.search(query, sys.argv[2], 10); print(time.perf_counter() - start)
"""

RCLIP_FILL = """
import sys, numpy as np
from rclip.db import DB
database, root, count = DB(sys.argv[1] + "/db.sqlite3"), sys.argv[2], int(sys.argv[3])
rng = np.random.default_rng(0)
for start in range(0, count, 10_000):
    vectors = rng.standard_normal((10_000, 512), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = (f"{root}/{(start + i) // 1000:04d}/IMG_{start + i:07d}.jpg" for i in range(10_000))
    rows = ((name, 1.0, 1000, vector.tobytes(), name) for name, vector in zip(names, vectors))
    database._con.executemany(
        "INSERT INTO images(filepath, modified_at, size, vector, hash) VALUES (?,?,?,?,?)", rows
    )
    database.commit()
database.close()
"""


class Taken(NamedTuple):
    """What a command took: seconds, seconds of processor, megabytes at its peak."""

    seconds: float
    processor: float
    megabytes: float


def run(command: Sequence[str | Path], folder: Path, **environment: str) -> Taken:
    """Run a command and wait for it."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return Taken(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def in_turns(ways: dict[str, Callable[[], Taken]], runs: int) -> dict[str, Taken]:
    """Medians of each way; one after the other, so that what else the machine does hits all alike."""
    taken: dict[str, list[Taken]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            taken[name].append(way())
    return {
        name: Taken(*(statistics.median(each) for each in zip(*times, strict=True)))
        for name, times in taken.items()
    }


class Comparison:
    """The two programs, and where they work.

    Args:
        peer: rclip's folder.
        model: The model that has the peer's weights.
        place: An empty folder.
        runs: Of each command.
    """

    def __init__(self, peer: Path, model: str, place: Path, runs: int) -> None:
        self.peer = peer.resolve()
        self.model = model
        self.place = place
        self.runs = runs
        self.figures: dict[str, Any] = {}
        self._rclip = self.peer / "venv" / "bin" / "rclip"
        self._imgsearch = [sys.executable, "-m", "searchengine", "--library"]
        repository = str(Path(__file__).resolve().parent.parent)
        os.environ["PYTHONPATH"] = repository + os.pathsep + os.environ.get("PYTHONPATH", "")
        os.environ["HF_HUB_OFFLINE"] = "1"

    def index(self, name: str, photos: Path) -> None:
        """Both index a folder from nothing, whole commands; ours as it chooses and in float32."""
        count = sum(path.is_file() for path in photos.rglob("*"))
        data = self._data("rclip-index")

        def rclip() -> Taken:
            (data / "db.sqlite3").unlink(missing_ok=True)
            return run([self._rclip, "-f", "-t", "1", "a fish"], photos, RCLIP_DATADIR=str(data))

        def imgsearch(precision: str) -> Callable[[], Taken]:
            library = self.place / f"{name}-{precision}"

            def index() -> Taken:
                shutil.rmtree(library, ignore_errors=True)
                options = ["--model", self.model, "--precision", precision, "--quiet"]
                return run([*self._imgsearch, library, "index", photos, *options], self.place)

            return index

        ways = {"rclip": rclip, "auto": imgsearch("auto"), "float32": imgsearch("float32")}
        ways["auto"]()  # the model's export and the self-test, once a machine
        taken = in_turns(ways, self.runs)
        cosines = self._cosines(self.place / f"{name}-auto", self.place / f"{name}-float32")
        print(f"\nindex {count} pictures ({name}), whole commands")
        for way, each in taken.items():
            ratio = taken["rclip"].seconds / each.seconds
            print(
                f"  {way:8} {count / each.seconds:7.1f} images/s   {ratio:5.2f} x rclip   "
                f"{1000 * each.processor / count:6.1f} ms of CPU an image   {each.megabytes:5.0f} MB"
            )
        print(f"  cosine of auto to float32: {cosines.mean():.6f} on average, {cosines.min():.6f} at worst")
        self.figures[name] = {
            "n": count,
            "taken": {way: each._asdict() for way, each in taken.items()},
            "cosine_mean": float(cosines.mean()),
            "cosine_worst": float(cosines.min()),
        }

    def mosaics(self, photos: Path) -> Path:
        """12-megapixel pictures made of the photos."""
        folder = self.place / "mosaics"
        folder.mkdir()
        sources = sorted(path for path in photos.rglob("*") if path.is_file())
        rng = random.Random(0)
        tile = (SIZE[0] // TILES[0], SIZE[1] // TILES[1])
        for number in range(MOSAICS):
            mosaic = Image.new("RGB", SIZE)
            for at in range(TILES[0] * TILES[1]):
                with Image.open(rng.choice(sources)) as source:
                    small = source.convert("RGB").resize(tile)
                mosaic.paste(small, (at % TILES[0] * tile[0], at // TILES[0] * tile[1]))
            mosaic.save(folder / f"{number:03}.jpg", quality=90)
        return folder

    def cold(self) -> None:
        """A command that asks a library of 100,000 pictures: new words, known words, with a server."""
        library, data, root = self._libraries()
        command = [*self._imgsearch, library, "search"]
        rclip = [self._rclip, "-n", "-t", "10"]
        words = questions()
        known = next(words)
        ways = {
            "rclip": lambda: run([*rclip, next(words)], root, RCLIP_DATADIR=str(data)),
            "new words": lambda: run([*command, next(words), "--no-server"], self.place),
            "known words": lambda: run([*command, known, "--no-server"], self.place),
        }
        for way in ways.values():
            way()
        taken = in_turns(ways, self.runs)
        server = subprocess.Popen(
            [*self._imgsearch, library, "serve", "--port", "0"], stderr=subprocess.DEVNULL, cwd=self.place
        )
        try:
            end = time.monotonic() + 60
            while running.read(library) is None and time.monotonic() < end:
                time.sleep(0.1)
            ways = {"rclip": ways["rclip"], "by the server": lambda: run([*command, next(words)], self.place)}
            beside = in_turns(ways, self.runs)
        finally:
            server.terminate()
            server.wait()
        print(f"\ncold text query on {PICTURES:,} pictures, whole commands")
        for name, each, base in [
            *((name, each, taken["rclip"]) for name, each in taken.items()),
            ("by the server", beside["by the server"], beside["rclip"]),
        ]:
            print(
                f"  {name:14} {1000 * each.seconds:6.0f} ms   {each.seconds / base.seconds:5.2f} of rclip   "
                f"{1000 * each.processor:6.0f} ms of CPU   {each.megabytes:5.0f} MB "
                f"({each.megabytes / base.megabytes:.2f})"
            )
        self.figures["cold"] = {name: each._asdict() for name, each in (taken | beside).items()}

    def warm(self) -> None:
        """Searches in one process, each with other words: encode, search, rows."""
        library, data, root = self._libraries()
        words = questions()
        told = subprocess.run(
            [self.peer / "venv" / "bin" / "python", "-c", RCLIP_WARM, data, root, *islice(words, WARM // 4)],
            env=os.environ | {"RCLIP_DATADIR": str(data)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        theirs = statistics.median(map(float, told.split()))
        ours, again = [], []
        with Library.open(library) as opened:
            for query in islice(words, WARMING):
                opened.search(Text(query))
            time.sleep(1)  # until the text tower is laid out for speed
            for query in islice(words, WARM):
                for taken in (ours, again):
                    start = time.perf_counter()
                    opened.search(Text(query))
                    taken.append(time.perf_counter() - start)
        new, known = statistics.median(ours), statistics.median(again)
        print(f"\nwarm text query on {PICTURES:,} pictures: encode, search, rows")
        print(f"  rclip       {1000 * theirs:7.1f} ms")
        print(f"  new words   {1000 * new:7.1f} ms   1/{theirs / new:.0f} of rclip")
        print(f"  known words {1000 * known:7.1f} ms   1/{theirs / known:.0f} of rclip")
        self.figures["warm"] = {"rclip": theirs, "new words": new, "known words": known}

    def _libraries(self) -> tuple[Path, Path, Path]:
        """Ours, the peer's data and the peer's root, of as many pictures; made when first asked for."""
        library, root = self.place / "library", self.place / "root"
        data = self._data("rclip-search")
        if not library.exists():
            root.mkdir()
            script = Path(__file__).with_name("synthetic_library.py")
            subprocess.run(
                [sys.executable, script, library, "--count", str(PICTURES), "--model", self.model],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            python = self.peer / "venv" / "bin" / "python"
            subprocess.run([python, "-c", RCLIP_FILL, data, root, str(PICTURES)], check=True)
        return library, data, root

    def _data(self, name: str) -> Path:
        """A data folder for rclip, with the model of the one it has."""
        data = self.place / name
        if not data.exists():
            data.mkdir()
            for entry in (self.peer / "data").iterdir():
                if not entry.name.startswith("db.sqlite3"):
                    (data / entry.name).symlink_to(entry.resolve())
        return data

    @staticmethod
    def _cosines(one: Path, other: Path) -> np.ndarray:
        """Of each picture's vectors in two libraries."""
        found = []
        for library in (one, other):
            with closing(sqlite3.connect(library / "catalog.sqlite3")) as connection:
                rows = connection.execute(
                    "SELECT hash, vector FROM embedding JOIN content ON content.id = content_id ORDER BY hash"
                ).fetchall()
            vectors = np.stack([np.frombuffer(row[1], "<f2") for row in rows]).astype(np.float64)
            found.append(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
        return np.einsum("nd,nd->n", *found)


def main() -> None:
    """Compare what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("peer", type=Path)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--parts", default="small,large,cold,warm")
    parser.add_argument(
        "--runs", type=int, default=3, help="of each indexing; queries are asked 3 times as often"
    )
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()
    print(describe(), flush=True)
    print(f"medians of {arguments.runs} runs an index, {3 * arguments.runs} a query, in turns", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(arguments.peer, arguments.model, Path(folder).resolve(), arguments.runs)
        parts = arguments.parts.split(",")
        if "small" in parts:
            comparison.index("small", arguments.photos.resolve())
        if "large" in parts:
            comparison.index("large", comparison.mosaics(arguments.photos))
        comparison.runs *= 3
        if "cold" in parts:
            comparison.cold()
        if "warm" in parts:
            comparison.warm()
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": describe(), **comparison.figures}, indent=2))


if __name__ == "__main__":
    main()
