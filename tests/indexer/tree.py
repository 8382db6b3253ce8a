"""A tree of pictures to do things to, and what an index of it must say: the simplest code that can."""

from __future__ import annotations

import fnmatch
import hashlib
import io
import os
import shutil
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from tests.films import film, still
from tests.images.made import xmp

EXTENSIONS = (b".png", b".jpg")
MAGIC = b"\x89PNG\r\n\x1a\n"


def picture(number):
    """A PNG of its own for each number, of one of two sizes in bytes."""
    pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue().ljust(400 if number % 2 else 500, b"\0")


VIDEOS = [film((still(7), 4), (still(8), 4))] if find_spec("av") else []
PICTURES = [*(picture(number) for number in range(6)), *VIDEOS]
FRAMES = {hashlib.sha256(video).digest(): 2 for video in VIDEOS}
BAD = [MAGIC.ljust(400, b"x"), b"no picture at all".ljust(500)]
WORDS = {xmp(keywords=[word]).encode(): word for word in ("rex", "anna")}
CONTENTS = PICTURES + BAD
SIDECARS = [*WORDS, b"no XMP"]


class Tree:
    """Files below a folder; every write gets a time of its own, so that no edit goes unnoticed."""

    def __init__(self, top):
        self.top = top
        self.clock = 10**18

    def write(self, path, data, *, mtime_ns=None):
        self.make_room(path)
        with open(path, "wb") as file:
            file.write(data)
        self.touch(path, mtime_ns)

    def touch(self, path, mtime_ns=None):
        self.clock += 10**9 + 7
        os.utime(path, ns=(self.clock, mtime_ns or self.clock))

    def make_room(self, path):
        """Nothing at the path, and nothing but folders above it."""
        self.delete(path)
        folder = os.path.dirname(path)
        while not os.path.isdir(folder) and folder.startswith(self.top):
            if os.path.lexists(folder):
                os.unlink(folder)
            folder = os.path.dirname(folder)
        os.makedirs(os.path.dirname(path), exist_ok=True)

    def delete(self, path):
        if os.path.isdir(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)

    def move(self, old, new):
        if old == new or (new + b"/").startswith(old + b"/") or (old + b"/").startswith(new + b"/"):
            return
        self.make_room(new)
        os.rename(old, new)

    def all_files(self):
        return [
            os.path.join(folder, name) for folder, _, names in os.walk(self.top) for name in sorted(names)
        ]

    def walk(self, path, exclude=()):
        """What is a candidate below a folder, as the contract says; or the file itself."""
        if os.path.isfile(path):
            return {path: Seen.at(path)}
        found = {}
        for folder, folders, names in os.walk(path):
            folders[:] = [name for name in folders if not name.startswith(b".")]
            for name in names:
                file = os.path.join(folder, name)
                if not name.startswith(b".") and looks_like_a_picture(file):
                    found[file] = Seen.at(file)
        return {file: seen for file, seen in found.items() if not is_excluded(file, path, exclude)}


class Seen(NamedTuple):
    """A file as an index has it; `content` is a hash, or None for what is no picture.

    `beside` are the size, time and keyword of each of its sidecars, which only pictures have.
    """

    size: int
    mtime_ns: int
    content: bytes | None
    beside: tuple[tuple[int, int, str | None], ...] = ()

    @classmethod
    def at(cls, path):
        data, status = Path(os.fsdecode(path)).read_bytes(), os.stat(path)
        if data not in PICTURES:
            return cls(status.st_size, status.st_mtime_ns, None)
        names = dict.fromkeys((os.path.splitext(path)[0] + b".xmp", path + b".xmp"))
        beside = tuple(
            (
                os.stat(name).st_size,
                os.stat(name).st_mtime_ns,
                WORDS.get(Path(os.fsdecode(name)).read_bytes()),
            )
            for name in names
            if os.path.isfile(name)
        )
        return cls(status.st_size, status.st_mtime_ns, hashlib.sha256(data).digest(), beside)

    @property
    def said(self):
        """The keyword that counts: of the sidecar that names the picture, if it has any."""
        return next((word for *_, word in reversed(self.beside) if word), None)

    @property
    def stamp(self):
        return self.size, self.mtime_ns


def looks_like_a_picture(path):
    begins = (MAGIC, *(video[:32] for video in VIDEOS))
    return path.endswith(EXTENSIONS) or Path(os.fsdecode(path)).read_bytes().startswith(begins)


def is_excluded(path, scope, exclude):
    """Globs without a slash only: they match any name on the way from the scope to the file."""
    names = os.fsdecode(path[len(scope) :]).strip("/").split("/")
    return any(name and fnmatch.fnmatchcase(name.lower(), glob) for name in names for glob in exclude)


def is_below(path, folder):
    return path == folder or path.startswith(folder + b"/")


class Index:
    """What a library must hold after each run, and what the run must say it did.

    Attributes:
        files: By absolute path, as last read.
        missing: Those that are out of reach.
        roots: As asked for, none within another.
        contents: Everything that was ever embedded and not forgotten since.
        to_read: What the last run had reason to read.
        to_decode: The contents that were new to it.
    """

    def __init__(self, held_back_count):
        self.files = {}
        self.missing = set()
        self.roots = set()
        self.contents = set()
        self.held_back_count = held_back_count

    def root_of(self, path):
        return next((root for root in self.roots if is_below(path, root)), None)

    def ask_for(self, paths):
        for path in paths:
            folder = os.path.dirname(path) if os.path.isfile(path) else path
            if self.root_of(folder) is None:
                self.roots = {root for root in self.roots if not is_below(root, folder)} | {folder}

    def run(self, tree, paths, *, exclude=(), accept=False):
        """Bring it up to date; gives the counts that aren't zero."""
        self.ask_for(paths)
        outer = [p for p in paths if not any(p != q and is_below(p, q) for q in paths)]
        asked = {path for path in self.files if any(is_below(path, scope) for scope in outer)}
        lost = {path for path in asked if not os.path.isdir(self.root_of(path))}
        totals = Counter(self.root_of(path) for path in self.files)
        there, excluded = self._look(tree, outer, asked - lost, exclude)
        counts, arrivals = self._read(there)
        gone = {}
        for path in sorted(asked - lost - there.keys() - excluded):
            content = self.files[path].content
            if arrivals[content] > 0:
                arrivals[content] -= 1
                counts["added"] -= 1
                counts["moved"] += 1
                del self.files[path]
            else:
                gone.setdefault(self.root_of(path), set()).add(path)
        self.missing -= there.keys()
        for root, paths_gone in gone.items():
            held = len(paths_gone) >= self.held_back_count and len(paths_gone) > 0.2 * totals[root]
            self._leave(paths_gone, "removed" if accept or not held else "missing", counts)
        self._leave(lost, "removed" if accept else "missing", counts)
        self._leave(excluded, "removed", counts)
        self.files |= there
        self.missing &= self.files.keys()
        self.contents |= self.to_decode
        names = ("added", "updated", "moved", "unchanged", "failed")
        counts["seen"] = sum(counts[name] for name in names)
        return {name: number for name, number in counts.items() if number}

    def _look(self, tree, scopes, known, exclude):
        """What is there, and which of the known files are to be left out."""
        there, excluded = {}, set()
        for scope in scopes:
            if os.path.isdir(self.root_of(scope) or scope):
                there |= tree.walk(scope, exclude)
        for path in known - there.keys():
            if any(is_below(path, scope) and is_excluded(path, scope, exclude) for scope in scopes):
                excluded.add(path)
            elif os.path.isfile(path):
                seen = Seen.at(path)
                if seen.stamp == self.files[path].stamp or looks_like_a_picture(path):
                    there[path] = seen
        return there, excluded

    def _read(self, there):
        """Counts of what is there, and how many new files each content has."""
        counts, arrivals = Counter(), Counter()
        self.to_read = set()
        for path, seen in there.items():
            before = self.files.get(path)
            is_same = before is not None and before.stamp == seen.stamp
            if not is_same:
                self.to_read.add(path)
            if seen.content is None:
                counts["failed"] += 1
            elif before is None:
                arrivals[seen.content] += 1
                counts["added"] += 1
            else:
                is_same = is_same and before.beside == seen.beside
                counts["unchanged" if is_same else "updated"] += 1
        self.to_decode = {there[path].content for path in self.to_read} - self.contents - {None}
        return counts, arrivals

    def _leave(self, paths, how, counts):
        counts[how] += len(paths)
        if how == "missing":
            self.missing |= {path for path in paths if self.files[path].content is not None}
        else:
            for path in paths:
                del self.files[path]

    def forget(self, folder):
        gone = {path for path in self.files if is_below(path, folder)}
        before = {self.files[path].content for path in gone} - {None}
        for path in gone:
            del self.files[path]
        self.missing -= gone
        self.contents -= before - {seen.content for seen in self.files.values()}
        self.roots = {
            root
            for root in self.roots
            if not (is_below(root, folder) or is_below(folder, root))
            or any(is_below(path, root) for path in self.files)
        }
        return len(gone)
