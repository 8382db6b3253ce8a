"""Any history of files leaves the catalog saying what a plain dictionary says."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from searchengine.catalog import (
    files,
    images,
    invariants,
    moves,
    record,
    removal,
    report,
    roots,
    spaces,
    words,
)
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.catalog.models import Content, Embedding, File
from searchengine.catalog.visibility import settle
from searchengine.images.description import Description
from tests.catalog.builder import at, facts, picture, put, spec, unit

PATHS = st.sampled_from([b"a", b"b", b"b0", b"b/c", b"b/d", b"\xff"])
CONTENTS = st.integers(0, 4)
SAID = st.sampled_from([None, "rex", "anna"])

# The words in each path, and what each content says of itself.
NAMES = {
    b"a": ("a",),
    b"b": ("b",),
    b"b0": ("b", "0"),
    b"b/c": ("b", "c"),
    b"b/d": ("b", "d"),
    b"\xff": (),
    b"new/x": ("new", "x"),
}
INSIDE = [Description(title="inside" if number % 2 else None) for number in range(5)]


class AnyHistory(RuleBasedStateMachine):
    """What lies at each path: a content, or None where reading it failed."""

    @initialize()
    def begin(self):
        self.catalog = Catalog.open(self.place(), create=True)
        with self.catalog.write() as session:
            self.space = spaces.create_space(session, spec())
            self.root = roots.add_root(session, b"/photos")
        self.disk = {}
        self.missing = set()
        self.said = {}
        self.replayed = {}
        self.sequence = 0

    def place(self):
        self.directory = Path(tempfile.mkdtemp())
        return self.directory / "catalog.sqlite3"

    def teardown(self):
        self.catalog.close()
        shutil.rmtree(self.directory)

    def rows(self, paths):
        with self.catalog.read() as session:
            found = files.files_below(session, self.root.id)
        return {path: found[path] for path in paths if path in found}

    def holding(self, path, what):
        """A file of a picture, or for every other content of a video of so many frames."""
        made = picture(self.root, path, what, description=INSIDE[what])
        if what % 2:
            vectors = np.stack([unit(10 * what + part) for part in range(what)])
            made = replace(made, vectors=vectors, seconds=tuple(map(float, range(what))))
        return made

    @rule(batch=st.dictionaries(PATHS, CONTENTS | st.none(), max_size=6), said=SAID)
    def record(self, batch, said):
        beside = said and record.SidecarText("1:1:1", Description(keywords=(said,)))
        put(
            self.catalog,
            self.space,
            *(
                replace(self.holding(path, what), sidecar=beside)
                for path, what in batch.items()
                if what is not None
            ),
            failures=[
                record.Failure(at(self.root, path), "bad") for path, what in batch.items() if what is None
            ],
        )
        self.disk |= batch
        self.missing -= batch.keys()
        self.said |= {path: said if what is not None else None for path, what in batch.items()}

    @rule(path=PATHS, said=SAID)
    def describe(self, path, said):
        """What is said beside a file changes."""
        if self.disk.get(path) is not None:
            beside = said and record.SidecarText("2:2:2", Description(title=said))
            with self.catalog.write() as session:
                settle(session, record.record_sidecars(session, [at(self.root, path)], [beside]))
            self.said[path] = said

    @invariant()
    def words_are_found(self):
        with self.catalog.read() as session:
            assert words.differences(session) == []
            assert words.is_damaged(session) is False
            for word in ("rex", "anna", "inside", "b", "c"):
                found = session.execute(
                    select(File.path).join(Content, Content.id == File.content_id).where(words.has(word))
                )
                holders = {
                    what
                    for path, what in self.disk.items()
                    if what is not None and word in (self.said.get(path), INSIDE[what].title, *NAMES[path])
                }
                expected = {path for path, what in self.disk.items() if what in holders}
                assert {row[0] for row in found} == expected

    @rule(paths=st.sets(PATHS))
    def remove(self, paths):
        with self.catalog.write() as session:
            removal.remove_files(session, [row.id for row in self.rows(paths).values()])
        self.drop(paths)

    @rule(paths=st.sets(PATHS))
    def forget(self, paths):
        with self.catalog.write() as session:
            removal.forget_files(session, [row.id for row in self.rows(paths).values()])
        self.drop(paths)

    def drop(self, paths):
        self.disk = {path: what for path, what in self.disk.items() if path not in paths}
        self.missing -= paths
        self.said = {path: said for path, said in self.said.items() if path not in paths}

    @rule()
    def purge(self):
        with self.catalog.write() as session:
            removal.purge_hidden(session)

    @rule(paths=st.sets(PATHS), gone=st.booleans())
    def lose_or_find(self, paths, gone):
        ids = [row.id for row in self.rows(paths).values()]
        with self.catalog.write() as session:
            (removal.mark_missing if gone else removal.mark_present)(session, ids)
        live = {path for path in paths if self.disk.get(path) is not None}
        self.missing = self.missing | live if gone else self.missing - live

    @rule(sources=st.lists(PATHS, unique=True, max_size=4), order=st.permutations(range(6)))
    def move(self, sources, order):
        rows = self.rows(sources)
        places = [b"a", b"b", b"b0", b"b/c", b"b/d", b"\xff"]
        target = {path: places[order[index]] for index, path in enumerate(rows)}
        with self.catalog.write() as session:
            moves.move_files(
                session, [moves.FileMove(row.id, at(self.root, target[path])) for path, row in rows.items()]
            )
        moved = {target[path]: self.disk[path] for path in rows}
        missing = {target[path] for path in rows if path in self.missing}
        said = {target[path]: self.said.get(path) for path in rows}
        self.drop(set(rows) | set(moved))
        self.disk |= moved
        self.missing |= missing
        self.said |= said

    @rule(inner=st.sampled_from([b"/photos/new", b"/photos"]))
    def absorb(self, inner):
        with self.catalog.write() as session:
            if inner == self.root.path:
                roots.move_root(session, self.root.id, b"/photos")
                return
            new = roots.add_root(session, inner)
        put(self.catalog, self.space, replace(self.holding(b"", 3), file=at(new, "x")))
        with self.catalog.write() as session:
            roots.absorb_root(session, new.id, self.root.id)
        self.disk[b"new/x"] = 3
        self.said.pop(b"new/x", None)

    @rule()
    def replay(self):
        """A reader that looks now and then arrives at the same."""
        source = EmbeddingSource(self.catalog, self.space)
        (self.sequence, _), ids, shown = source.changes(self.sequence)
        self.replayed |= dict(zip(ids.tolist(), shown.tolist(), strict=True))
        with source.shown() as (position, count, batches):
            streamed = [each for batch, _ in batches for each in batch.tolist()]
        assert position == source.position()
        assert streamed == sorted(each for each, visible in self.replayed.items() if visible)
        assert count == len(streamed)
        contents = {what for what in self.disk.values() if what is not None}
        assert count == sum(what if what % 2 else 1 for what in contents)
        assert len(set(source.parts(0)[0].tolist()) & set(streamed)) == count - len(contents)

    @invariant()
    def the_catalog_agrees(self):
        live = {what for what in self.disk.values() if what is not None}
        with self.catalog.read() as session:
            counts = report.counts(session)
            known = files.files_below(session, self.root.id)
            hashes = files.contents_by_hash(session, [facts(what).hash for what in live])
            shown = set(session.scalars(select(Content.id).where(Content.shown)))
            found = images.images(session, shown)
            embedded = files.embedded(session, self.space.id, shown)
            orphans = session.scalars(
                select(Embedding.id).where(Embedding.content_id.not_in(select(Content.id)))
            ).all()
            broken = invariants.dangling(session)
        assert known.keys() == self.disk.keys()
        assert shown == set(hashes.values()) == embedded
        assert (counts.images, counts.files) == (len(live), sum(w is not None for w in self.disk.values()))
        assert (counts.failed, counts.missing) == (len(self.disk) - counts.files, len(self.missing))
        for what in live:
            places = {file.path: file.missing for file in found[hashes[facts(what).hash]].files}
            assert places == {
                b"/photos/" + path: path in self.missing for path, held in self.disk.items() if held == what
            }
        assert not orphans
        assert not broken


AnyHistory.TestCase.settings = settings(max_examples=40, stateful_step_count=20)
TestAnyHistory = AnyHistory.TestCase


class AnyHistoryOnPostgres(AnyHistory):
    def place(self):
        return self.emptied_catalog()

    def teardown(self):
        self.catalog.close()


AnyHistoryOnPostgres.TestCase.settings = settings(max_examples=4, stateful_step_count=12)


@pytest.mark.postgres
class TestAnyHistoryOnPostgres(AnyHistoryOnPostgres.TestCase):
    @pytest.fixture(autouse=True)
    def server(self, emptied_catalog):
        AnyHistoryOnPostgres.emptied_catalog = staticmethod(emptied_catalog)
