"""Checks of what is derived: snapshots of the vectors, thumbnails, and what killed processes left behind."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import select

from searchengine.catalog import invariants, spaces
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.catalog.models import Content
from searchengine.errors import LibraryError
from searchengine.verify.findings import Check, examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.spaces import SpaceRow
    from searchengine.layout import Layout
    from searchengine.vectors.faiss_index import Segment
    from searchengine.vectors.snapshot import SnapshotInfo

THUMBNAILS = "thumbnails"


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Files that nothing needs.

    Attributes:
        abandoned: Half-written files of processes that were killed, and snapshots that nothing names.
        orphaned: Thumbnails of pictures that the catalog doesn't know (any more).
    """

    abandoned: list[Path] = field(default_factory=list)
    orphaned: list[Path] = field(default_factory=list)


def checks(catalog: Catalog, layout: Layout) -> Iterator[Callable[[], Check]]:
    """Every check of derived files."""
    try:
        with catalog.read() as session:
            known = spaces.all_spaces(session)
    except LibraryError:
        return  # the catalog's own checks have said so
    for space in known:
        yield partial(_snapshot, catalog, layout.vectors, space)
    yield partial(_leftovers, catalog, layout)


def _snapshot(catalog: Catalog, vectors: Path, space: SpaceRow) -> Check:
    from searchengine.vectors import snapshot

    name = f"the snapshot is the catalog's ({space.spec.name})"
    source = EmbeddingSource(catalog, space)
    for _ in range(3):
        before = snapshot.stamp(source, vectors)
        if before is None:
            return Check(name, (), ("there is none; the next run or `imgsearch optimize` writes one",))
        wrong = snapshot_damage(catalog, vectors, space)
        if snapshot.stamp(source, vectors) == before:  # else another process has just replaced it
            return Check(name, (wrong,) if wrong else ())
    return Check(name, (), ("it was being replaced again and again, and wasn't looked at",))


def snapshot_damage(catalog: Catalog, vectors: Path, space: SpaceRow) -> str | None:
    """What is wrong with a space's snapshot, every byte compared; None when nothing is, or there is none."""
    from searchengine.vectors import snapshot

    source = EmbeddingSource(catalog, space)
    if snapshot.stamp(source, vectors) is None:
        return None
    try:
        damage = snapshot.damage(source, vectors)
        return damage or _differs(catalog, space, *snapshot.open_snapshot(source, vectors))
    except (LibraryError, snapshot.Unusable) as error:
        return str(error)


def _differs(catalog: Catalog, space: SpaceRow, segment: Segment, info: SnapshotInfo) -> str | None:
    """How a snapshot differs from the catalog at the change it was taken at; None when it doesn't."""
    with catalog.read() as session:
        expected = invariants.replayed_ids(session, space.id, until=info.sequence)
        if not np.array_equal(expected, segment.ids):
            odd = np.setxor1d(expected, segment.ids)
            return f"{info.file} holds other vectors than it should: {examples(odd)}"
        stored = segment.vectors()
        for ids, vectors, _ in invariants.embeddings(session, space):
            at, inside = segment.find(ids)  # what came later isn't in it, what was forgotten isn't here
            same = np.all(stored[at[inside]].view(np.uint16) == vectors[inside].view(np.uint16), axis=1)
            if not same.all():
                return f"{info.file} holds other numbers than the catalog: {examples(ids[inside][~same])}"
    return None


def _leftovers(catalog: Catalog, layout: Layout) -> Check:
    try:
        found = leftovers(catalog, layout)
    except LibraryError as error:
        return Check("nothing is left over", (str(error),))
    notes = []
    if found.abandoned:
        names = examples(path.name for path in found.abandoned)
        notes.append(f"killed processes have left {len(found.abandoned):,} files, which harm nobody: {names}")
    wrong = (
        f"{len(found.orphaned):,} thumbnails are of no picture: {examples(p.name for p in found.orphaned)}"
    )
    return Check("nothing is left over", (wrong,) if found.orphaned else (), tuple(notes))


def leftovers(catalog: Catalog, layout: Layout) -> Leftovers:
    """Look for files that nothing needs. While others write, what they are writing is among them."""
    found = Leftovers()
    with catalog.read() as session:
        known = spaces.all_spaces(session)
        hashes = {row[0].hex() for row in session.connection().execute(select(Content.hash))}
    found.abandoned.extend(
        _unnamed_snapshots(layout.vectors, [EmbeddingSource(catalog, each) for each in known])
    )
    for folder, _, names in os.walk(layout.folder / THUMBNAILS):
        for name in sorted(names):
            stem, suffix = os.path.splitext(name)
            if suffix != ".webp":
                found.abandoned.append(Path(folder, name))
            elif stem.partition("@")[0] not in hashes:  # a video's frames have their time behind it
                found.orphaned.append(Path(folder, name))
    return found


def _unnamed_snapshots(vectors: Path, sources: list[EmbeddingSource]) -> list[Path]:
    """What lies among the snapshots and is neither one that counts nor a manifest."""
    from searchengine.vectors.snapshot import read_info

    kept = set()
    for source in sources:
        kept.add(f"{source.name}.json")
        info = read_info(source, vectors)
        if info is not None:
            kept.add(info.file)
            if info.codes is not None:
                kept.add(info.codes.file)
    try:
        return sorted(path for path in vectors.iterdir() if path.name not in kept)
    except FileNotFoundError:
        return []
