"""A library for the soak: a growing folder, real commands on it, and what must be true afterwards."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from searchengine.library import Library
from searchengine.query.text import Text
from searchengine.verify.library import verify

if TYPE_CHECKING:
    import random

REPOSITORY = Path(__file__).parent.parent

# Rows of these are only ever added by the commands that are killed here.
APPENDED = ("space", "content", "embedding", "change")
TINY = {
    "embed_dim": 48,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "patch_size": 8, "head_width": 32},
    "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 1},
}


def write_model(folder: Path, seed: int) -> Path:
    """A model of two tiny towers with random weights, in open_clip's local layout."""
    import torch
    from open_clip import model as kinds
    from safetensors.torch import save_file

    torch.manual_seed(seed)
    folder.mkdir(parents=True)
    weights = kinds.CLIP(**TINY).state_dict()
    save_file({k: v.contiguous() for k, v in weights.items()}, folder / "open_clip_model.safetensors")
    preprocessing = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}
    config = {"model_cfg": TINY, "preprocess_cfg": preprocessing}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    return folder


class Tree:
    """A folder of small pictures of noise that somebody keeps changing."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder = folder
        self._chance = chance
        self._painted = 0
        folder.mkdir(parents=True)

    def files(self) -> list[Path]:
        """Every picture there is."""
        return sorted(path for path in self.folder.rglob("*.png"))

    def paint(self, path: Path) -> None:
        """A picture nobody has seen before."""
        self._painted += 1
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(self._painted).integers(0, 256, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)

    def grow(self, count: int) -> None:
        """Add so many pictures."""
        for _ in range(count):
            self.paint(self.folder / f"{self._painted % 7}" / f"{self._painted:06}.png")

    def change(self) -> None:
        """Add, edit, rename, copy and delete a few; never so many at once that a disk seems to be missing."""
        self.grow(self._chance.randint(4, 60))
        for path in self._some(5):
            self.paint(path)
        for path in self._some(4):
            path.rename(path.with_name(f"renamed-{self._chance.randrange(10**6)}-{path.name[-10:]}"))
        for path in self._some(3):
            shutil.copy(path, path.with_name(f"copy-{self._chance.randrange(10**6)}.png"))
        for path in self._some(5):
            path.unlink()

    def _some(self, most: int) -> list[Path]:
        there = self.files()
        return self._chance.sample(there, min(self._chance.randint(0, most), len(there) // 4))


@dataclass
class Ended:
    """How a command ended.

    Attributes:
        code: Exit status; negative for a signal.
        said: Standard error and output.
        seconds: How long it ran.
        before: Every committed row at the moment it was killed; None where it wasn't.
    """

    code: int
    said: str
    seconds: float
    before: dict[str, dict[Any, str]] | None = None


@dataclass
class Bench:
    """A library, its pictures, and the programs that are let loose on it.

    Attributes:
        library: The library's folder.
        tree: The pictures.
        environment: Of the programs.
        usual: For each command, about how many seconds it works.
        torn: The snapshots that were damaged here on purpose: name, and what tells that file from the next.
    """

    library: Path
    tree: Tree
    environment: dict[str, str]
    usual: dict[str, float] = field(default_factory=dict)
    torn: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """Where a program's words go: not to the library's disk, which may be full."""
        return self.tree.folder.parent / "log"

    def tear(self) -> None:
        """Cut the end off every snapshot, as no command ever does, so that there is something to repair."""
        for path in (self.library / "vectors").glob("*.faiss"):
            os.truncate(path, max(0, path.stat().st_size - 9))
            self.torn[path.name] = _identity(path)

    def start(self, *words: str, log: Path) -> subprocess.Popen[bytes]:
        """A real `imgsearch` process."""
        with log.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "searchengine", "--library", str(self.library), *words],
                cwd=REPOSITORY,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def run(self, *words: str) -> Ended:
        """Run a command to its end."""
        log, start = self.log, time.monotonic()
        code = self.start(*words, log=log).wait()
        return Ended(code, log.read_text(errors="replace"), time.monotonic() - start)

    def kill(self, *words: str, chance: random.Random) -> Ended:
        """Run a command and kill it at some moment, nearly always once it has begun to work.

        It is stopped first (SIGSTOP), so that what is committed at that moment can be read at leisure.
        """
        log, start = self.log, time.monotonic()
        process = self.start(*words, log=log)
        work = self._wait_for_some_moment(process, words[0], chance)
        before = None
        while process.poll() is None and before is None:
            process.send_signal(signal.SIGSTOP)
            try:
                before = self.rows()
            except sqlite3.OperationalError:  # stopped while it was alone with the file: a moment later, then
                process.send_signal(signal.SIGCONT)
                time.sleep(0.01)
        process.kill()
        code = process.wait()
        seconds = time.monotonic() - start
        # Half way to what was seen, so that kills come neither all too early nor after the end.
        if code != -signal.SIGKILL:
            self.usual[words[0]] = max(0.2, work * 0.7)
        else:
            self.usual[words[0]] = min(6.0, work * 1.1)
        return Ended(code, log.read_text(errors="replace"), seconds, before)

    def interrupt(self, *words: str, chance: random.Random) -> Ended:
        """Run a command and press Ctrl-C at some moment, once or, impatiently, several times."""
        log, start = self.log, time.monotonic()
        process = self.start(*words, log=log)
        self._wait_for_some_moment(process, words[0], chance)
        before = self.rows() if process.poll() is None else None
        for _ in range(chance.choice([1, 2, 2, 3])):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                time.sleep(chance.uniform(0.002, 0.3))
        code = process.wait()
        return Ended(code, log.read_text(errors="replace"), time.monotonic() - start, before)

    def _wait_for_some_moment(
        self, process: subprocess.Popen[bytes], name: str, chance: random.Random
    ) -> float:
        """Wait until a command is in the middle of its work, mostly; how long it is thought to work."""
        start = time.monotonic()
        work = self.usual.setdefault(name, 2.0)
        deadline = None if chance.random() < 0.9 else start + chance.uniform(0, 2)
        while process.poll() is None and (deadline is None or time.monotonic() < deadline):
            if deadline is None and self._signed_by(process.pid):
                deadline = time.monotonic() + chance.uniform(0, work)
            time.sleep(0.002)
        return work

    def rows(self) -> dict[str, dict[Any, str]]:
        """Every committed row, by table and key, as a digest; also while somebody else writes."""
        found: dict[str, dict[Any, str]] = {}
        uri = f"file:{self.library / 'catalog.sqlite3'}?mode=rw"
        with closing(sqlite3.connect(uri, uri=True, timeout=1, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            for table in (*APPENDED, "file", "root"):
                found[table] = {}
                try:
                    rows = connection.execute(f"SELECT * FROM {table}").fetchall()
                except sqlite3.OperationalError as error:
                    if "no such table" not in str(error):
                        raise
                    rows = []  # killed before the first migration
                for row in rows:
                    values = row[:8] if table == "space" else row  # a space's state may change
                    values = row[:10] if table == "content" else values  # a content may be hidden
                    found[table][row[0]] = hashlib.sha256(repr(values).encode()).hexdigest()
        return found

    def lost(self, before: dict[str, dict[Any, str]]) -> int:
        """How many rows that were committed aren't there any more, or are others.

        A commit that had reached the disk when the process was killed may come on top; then files may differ.
        """
        after = self.rows()
        lost = sum(
            after[table].get(key) != digest for table in APPENDED for key, digest in before[table].items()
        )
        if after["change"].keys() == before["change"].keys() and len(after["content"]) == len(
            before["content"]
        ):
            lost += sum(after["file"].get(key) != digest for key, digest in before["file"].items())
        return lost

    def wrong(self) -> list[str]:
        """What `verify` says is wrong, and whether a search finds all that is shown.

        That a snapshot is damaged is said rightly, and no news, while it is the very file that was torn here.
        """
        vectors = self.library / "vectors"
        self.torn = {name: was for name, was in self.torn.items() if _identity(vectors / name) == was}
        known = {f"{name} is damaged" for name in self.torn}
        report = verify(self.library)
        wrong = [
            f"{check.name}: {words}" for check in report.checks for words in check.wrong if words not in known
        ]
        with Library.open(self.library, runtime="onnx") as library:
            answer = library.search(Text("noise"), k=None)
            images = library.status().images
        if not len(answer) == answer.total == images:
            wrong.append(f"a search finds {len(answer)} of {images}")
        return wrong

    def differs(self) -> list[str]:
        """How the catalog differs from the folder, after a run that wasn't disturbed."""
        with Library.open(self.library, runtime="onnx") as library:
            known = library.status()
            found = library.search(Text("noise"), k=None)
        there = self.tree.files()
        distinct = {hashlib.sha256(path.read_bytes()).digest() for path in there}
        said = {path for hit in found for path in (hit.path, *hit.copies)}
        wrong = []
        if (known.files, known.images) != (len(there), len(distinct)):
            wrong.append(
                f"{known.files} files, {known.images} pictures; {len(there)}, {len(distinct)} on disk"
            )
        if said != {os.path.realpath(path) for path in there}:
            wrong.append("a search doesn't find exactly the files there are")
        return wrong

    def _signed_by(self, pid: int) -> bool:
        for name in ("writer.lock", "switch.lock"):
            try:
                if json.loads((self.library / name).read_bytes())["pid"] == pid:
                    return True
            except (OSError, ValueError):
                continue
        return False


def bench(folder: Path, chance: random.Random, *, library: Path | None = None) -> Bench:
    """A new folder of pictures, and where its library is going to be."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return Bench(library or folder / "library", Tree(folder / "pictures", chance), environment)


def said(trouble: list[str]) -> bool:
    """Print what went wrong; whether nothing did."""
    for words in trouble[:20]:
        print(f"  WRONG: {words}")
    return not trouble


def _identity(path: Path) -> tuple[int, int] | None:
    """What a file keeps as long as nobody writes another in its place; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size
