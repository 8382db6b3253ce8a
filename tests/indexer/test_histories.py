"""Whatever happens to a tree of pictures, the library comes to say what a fresh one would.

A quick profile runs with the suite. The long ones:

    IMGSEARCH_EXAMPLES=1000 pytest tests/indexer/test_histories.py -k InProcess
    IMGSEARCH_SEQUENCES=20 pytest tests/indexer/test_histories.py -k Real
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import select

from indexer.model import RunModel
from indexer.planning import plan
from indexer.summary import COUNTS
from indexer.update import Update
from indexer.upkeep.forget import forget
from searchengine.catalog import spaces, words
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.catalog.images import images_of_embeddings
from searchengine.catalog.models import Content, Embedding, File, Root, Sidecar
from searchengine.encoders import load_encoder
from searchengine.vectors.live import LiveIndex
from tests.indexer.conftest import CountingEncoder
from tests.indexer.in_process import InProcessPool
from tests.indexer.tree import CONTENTS, FRAMES, SIDECARS, Index, Tree, is_below

EXAMPLES = int(os.environ.get("IMGSEARCH_EXAMPLES", "20"))
SEQUENCES = int(os.environ.get("IMGSEARCH_SEQUENCES", "1"))
STEPS = 60 if "IMGSEARCH_SEQUENCES" in os.environ else 12

# Shrinking a failure of something that does this much takes minutes.
SHRINK = "IMGSEARCH_SHRINK" in os.environ

# So few files are in a tree that the rule for vanished disks has to be brought within their reach.
HELD_BACK_COUNT = 4

FOLDERS = st.sampled_from([b"one", b"two", b"one/sub", b"one/sub/deep", b"two/a.png", b"two/.hidden"])
NAMES = st.sampled_from([b"a.png", b"b.png", b"A.png", b"\xff.png", b".c.png", b"no extension", b"text.txt"])
PATHS = st.builds(os.path.join, FOLDERS, NAMES)
DATA = st.integers(0, len(CONTENTS) - 1)
EXCLUDES = st.sampled_from([(), (), (), ("a*",), ("sub",), ("*.png", "deep")])
CHOICES = st.integers(0, 10**6)


class AnyHistory(RuleBasedStateMachine):
    """A tree with two disks in it, a library, and what the library must hold."""

    def __init__(self):
        super().__init__()
        self.folder = Path(os.path.realpath(tempfile.mkdtemp()))
        self.tree = Tree(os.fsencode(self.folder / "tree"))
        self.model = Index(HELD_BACK_COUNT)
        self.library = self.folder / "library"
        self.encoder = self.make_encoder()
        self.unplugged = set()
        self.deleted = {}
        self.patches = [
            mock.patch.object(plan, "HELD_BACK_COUNT", HELD_BACK_COUNT),
            mock.patch.object(RunModel, "_open", return_value=self.encoder),
            *self.more_patches(),
        ]
        for patch in self.patches:
            patch.start()
        empty_library(self.library)

    def make_encoder(self):
        return CountingEncoder()

    def more_patches(self):
        return [mock.patch("indexer.decoding.decode.DecodePool", InProcessPool)]

    def check_work(self):
        """Each new content is decoded once, a known one never; what hasn't changed isn't even read."""
        decoded = Counter(InProcessPool.decoded())
        assert set(decoded) == self.model.to_decode
        assert set(decoded.values()) <= {1}
        assert {task.path for task, _ in InProcessPool.tasks} == self.model.to_read

    def teardown(self):
        for patch in self.patches:
            patch.stop()
        shutil.rmtree(self.folder)

    @initialize(files=st.dictionaries(PATHS, DATA, max_size=8))
    def begin(self, files):
        for disk in (b"one", b"two"):
            os.makedirs(os.path.join(self.tree.top, disk))
        for path, data in files.items():
            self.tree.write(self.at(path), CONTENTS[data])

    # --- what happens to files

    @rule(path=PATHS, data=DATA)
    def write(self, path, data):
        if self.can_change(path):
            self.tree.write(self.at(path), CONTENTS[data])

    @rule(which=CHOICES, data=DATA)
    def edit(self, which, data):
        if path := self.some_file(which):
            self.tree.write(path, CONTENTS[data])

    @rule(which=CHOICES, full=st.booleans(), data=st.sampled_from(SIDECARS))
    def write_a_sidecar(self, which, full, data):
        if path := self.some_file(which):
            path = (path if full else os.path.splitext(path)[0]) + b".xmp"
            if path != self.some_file(which):
                self.tree.write(path, data)

    @rule(which=CHOICES)
    def touch(self, which):
        if path := self.some_file(which):
            self.tree.touch(path)

    @rule(which=CHOICES, to=PATHS)
    def move_file(self, which, to):
        if (path := self.some_file(which)) and self.can_change(to):
            self.tree.move(path, self.at(to))

    @rule(folder=FOLDERS.filter(lambda folder: b"/" in folder), to=FOLDERS)
    def move_folder(self, folder, to):
        if self.can_change(folder) and self.can_change(to) and os.path.isdir(self.at(folder)):
            self.tree.move(self.at(folder), self.at(to))

    @rule(which=CHOICES, to=PATHS, keep_time=st.booleans())
    def copy(self, which, to, keep_time):
        path = self.some_file(which)
        if path and self.can_change(to) and not is_below(path, self.at(to)):
            status = os.stat(path)
            data = Path(os.fsdecode(path)).read_bytes()
            if not is_below(self.at(to), path):
                self.tree.write(self.at(to), data, mtime_ns=status.st_mtime_ns if keep_time else None)

    @rule(which=CHOICES, others=CHOICES)
    def swap(self, which, others):
        one, other = self.some_file(which), self.some_file(others)
        if one and one != other:
            aside = self.tree.top + b"/aside"
            for old, new in ((one, aside), (other, one), (aside, other)):
                os.rename(old, new)

    @rule(which=CHOICES)
    def delete(self, which):
        if path := self.some_file(which):
            self.deleted[path] = Path(os.fsdecode(path)).read_bytes(), os.stat(path).st_mtime_ns
            self.tree.delete(path)

    @rule(folder=FOLDERS.filter(lambda folder: b"/" in folder))
    def delete_folder(self, folder):
        if self.can_change(folder):
            self.tree.delete(self.at(folder))

    @precondition(lambda self: self.deleted)
    @rule(which=CHOICES, old_time=st.booleans())
    def restore(self, which, old_time):
        path = sorted(self.deleted)[which % len(self.deleted)]
        data, mtime_ns = self.deleted.pop(path)
        if self.can_change(os.path.relpath(path, self.tree.top)):
            self.tree.write(path, data, mtime_ns=mtime_ns if old_time else None)

    @rule(disk=st.sampled_from([b"one", b"two"]), leaves_a_folder=st.booleans())
    def plug(self, disk, leaves_a_folder):
        """Unplug a disk, with or without its mount point staying, or plug it in again."""
        aside = os.fsencode(self.folder / "unplugged-") + disk
        if disk in self.unplugged:
            self.tree.delete(self.at(disk))
            os.rename(aside, self.at(disk))
            self.unplugged.remove(disk)
        else:
            os.rename(self.at(disk), aside)
            self.unplugged.add(disk)
            if leaves_a_folder:
                os.mkdir(self.at(disk))

    # --- what a user does

    @rule(folders=st.lists(FOLDERS, min_size=1, max_size=2), exclude=EXCLUDES, accept=st.booleans())
    def index_folders(self, folders, exclude, accept):
        self.index([self.at(folder) for folder in folders], exclude, accept=accept)

    @rule(which=st.lists(CHOICES, min_size=1, max_size=3))
    def index_files(self, which):
        self.index([path for each in which if (path := self.some_file(each))], ())

    @rule(which=CHOICES)
    def index_a_known_path(self, which):
        if self.model.files:
            self.index([sorted(self.model.files)[which % len(self.model.files)]], ())

    @rule(also=st.sampled_from([None, None, b""]))
    def index_all(self, also):
        """Every root, and now and then the folder above them all: then it is as in a fresh library."""
        self.index([*sorted(self.model.roots), *([self.tree.top] if also is not None else [])], ())
        self.index(sorted(self.model.roots), (), accept=True)
        self.compare_with_a_fresh_library()

    @rule(path=FOLDERS | PATHS)
    def forget(self, path):
        path = self.at(path)
        known = any(is_below(file, path) for file in self.model.files)
        if known or any(is_below(root, path) for root in self.model.roots):
            assert forget(self.library, [path]).files == self.model.forget(path)
            self.compare()

    # --- how it is looked at

    def at(self, path):
        return os.path.join(self.tree.top, path)

    def can_change(self, path):
        return not any(is_below(path, disk) for disk in self.unplugged)

    def some_file(self, which):
        files = sorted(self.tree.all_files())
        return files[which % len(files)] if files else None

    def index(self, paths, exclude, *, accept=False):
        known = {*self.model.files, *self.model.roots}
        paths = [p for p in paths if os.path.exists(p) or any(is_below(path, p) for path in known)]
        paths = [p for p in paths if os.path.exists(p) or p in self.model.roots or self.model.root_of(p)]
        if not paths:
            return
        InProcessPool.tasks.clear()
        self.encoder.images = 0
        expected = self.model.run(self.tree, paths, exclude=exclude, accept=accept)
        summary = Update(self.library, exclude=exclude, accept_removals=accept).run(paths)
        said = {name: count for name in COUNTS if (count := getattr(summary, name))}
        assert said == expected
        assert self.encoder.images == sum(FRAMES.get(content, 1) for content in self.model.to_decode)
        self.check_work()
        self.compare()

    def compare(self):
        """The library against the model."""
        library = read_library(self.library)
        assert library["files"] == {
            path: ("failed", None, *seen.stamp)
            if seen.content is None
            else ("missing" if path in self.model.missing else "indexed", seen.content, *seen.stamp)
            for path, seen in self.model.files.items()
        }
        assert library["said"] == {
            path: seen.said for path, seen in self.model.files.items() if seen.said is not None
        }
        assert library["roots"] == self.model.roots
        paths = {}
        for path, seen in self.model.files.items():
            if seen.content is not None:
                paths.setdefault(seen.content, set()).add(path)
        assert library["shown"] == paths

    def compare_with_a_fresh_library(self):
        if self.model.missing or not self.model.roots:
            return
        fresh = Path(tempfile.mkdtemp(dir=self.folder)) / "library"
        empty_library(fresh)
        reachable = [root for root in self.model.roots if os.path.isdir(root)]
        if reachable:
            Update(fresh).run(sorted(reachable))
        by_name = self.model.files.keys() - read_library(fresh)["files"].keys()
        if by_name:
            Update(fresh).run(sorted(by_name))
        expected, found = read_library(fresh), read_library(self.library)
        assert found["files"] == expected["files"]
        assert found["said"] == expected["said"]
        assert found["shown"] == expected["shown"]
        assert found["vectors"].keys() == expected["vectors"].keys()
        for content, vector in found["vectors"].items():
            np.testing.assert_allclose(vector, expected["vectors"][content], atol=1e-3)


def empty_library(folder, made=[]):  # noqa: B006 - made once: the migrations take longer than a history
    if not made:
        path = Path(tempfile.mkdtemp()) / "catalog.sqlite3"
        Catalog.open(path, create=True).close()
        made.append(path.read_bytes())
        shutil.rmtree(path.parent)
    folder.mkdir(parents=True)
    (folder / "catalog.sqlite3").write_bytes(made[0])


def read_library(library):
    """Everything a user can tell of a library, without any of its keys."""
    with Catalog.open(library / "catalog.sqlite3") as catalog:
        with catalog.read() as session:
            space = spaces.active_space(session)
            rows = session.execute(
                select(Root.path, File.path, File.state, Content.hash, File.size, File.mtime_ns)
                .join(Root, Root.id == File.root_id)
                .join(Content, Content.id == File.content_id, isouter=True)
            ).all()
            assert words.differences(session) == []
            beside = session.execute(
                select(Root.path, File.path, Sidecar.keywords)
                .join(File, File.root_id == Root.id)
                .join(Sidecar, Sidecar.file_id == File.id)
            ).all()
            roots = set(session.scalars(select(Root.path)))
            hashes = dict(
                session.execute(
                    select(Embedding.id, Content.hash).join(Content, Content.id == Embedding.content_id)
                ).all()
            )
        shown, vectors = {}, {}
        if space is not None:
            source = EmbeddingSource(catalog, space)
            live = LiveIndex(source, library / "vectors")
            hits = live.search(np.full(source.dim, source.dim**-0.5, np.float32), len(live) + 1)
            ids = [embedding for embedding in hits.ids[0].tolist() if embedding >= 0]
            with catalog.read() as session:
                found = images_of_embeddings(session, ids)
            assert found.keys() == set(ids)
            assert live.count_groups() == len({image.id for image in found.values()})
            shown = {hashes[i]: {file.path for file in image.files} for i, image in found.items()}
            for embedding, vector in zip(*source.vectors(ids), strict=True):
                vectors[hashes[int(embedding)], found[int(embedding)].seconds] = vector.astype(np.float32)
    files = {os.path.join(row[0], row[1]): tuple(row[2:]) for row in rows}
    said = {os.path.join(row[0], row[1]): row[2][0] for row in beside if row[2]}
    return {"files": files, "said": said, "roots": roots, "shown": shown, "vectors": vectors}


class CountingRealEncoder:
    """The built-in model, counting."""

    def __init__(self):
        self.images = 0
        self._encoder = built_in()
        self.spec = self._encoder.spec

    def encode_images(self, pixels):
        self.images += len(pixels)
        return self._encoder.encode_images(pixels)


@cache
def built_in():
    return load_encoder("builtin")


class AnyRealHistory(AnyHistory):
    """The same with decoding processes and the built-in model."""

    def make_encoder(self):
        return CountingRealEncoder()

    def more_patches(self):
        return []

    def check_work(self):
        """What the processes did can't be seen from here; that nothing is encoded twice can."""


def profile(examples, steps):
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=not {"IMGSEARCH_EXAMPLES", "IMGSEARCH_SEQUENCES"} & os.environ.keys(),
        phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if SHRINK else [])],
        report_multiple_bugs=False,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


TestInProcess = AnyHistory.TestCase
TestInProcess.settings = profile(EXAMPLES, 25)

TestReal = pytest.mark.slow(AnyRealHistory.TestCase)
TestReal.settings = profile(SEQUENCES, STEPS)
