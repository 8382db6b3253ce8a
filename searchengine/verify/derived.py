"""Checks of what is derived: what is searched, thumbnails, and what killed processes left behind."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from searchengine.catalog import invariants, spaces
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.catalog.models import Content
from searchengine.errors import LibraryError, UsageError
from searchengine.verify.findings import Check, examples

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.spaces import SpaceRow
    from searchengine.layout import Layout
    from searchengine.vectors.compare import Condition

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


def checks(catalog: Catalog, layout: Layout) -> Iterator[Check]:
    """Every check of derived files."""
    try:
        with catalog.read() as session:
            known = spaces.all_spaces(session)
    except LibraryError:
        return  # the catalog's own checks have said so
    for space in known:
        yield _vectors(catalog, layout, space)
    yield _leftovers(catalog, layout)


def _vectors(catalog: Catalog, layout: Layout, space: SpaceRow) -> Check:
    name = f"the snapshot is the catalog's ({space.spec.name})"
    try:
        found = condition(catalog, layout, space)
    except (LibraryError, UsageError) as error:
        return Check(name, (str(error),))
    return Check(name, (found.wrong,) if found.wrong else (), (found.note,) if found.note else ())


def condition(catalog: Catalog, layout: Layout, space: SpaceRow) -> Condition:
    """Whether what a space's vectors are searched in is what the catalog has; see `VectorStore.check`."""

    def expected(until: int) -> NDArray[np.int64]:
        with catalog.read() as session:
            return invariants.replayed_ids(session, space.id, until=until)

    return layout.vector_store.check(EmbeddingSource(catalog, space), expected)


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
    found.abandoned.extend(_unnamed_snapshots(layout, [EmbeddingSource(catalog, each) for each in known]))
    for folder, _, names in os.walk(layout.folder / THUMBNAILS):
        for name in sorted(names):
            stem, suffix = os.path.splitext(name)
            if suffix != ".webp":
                found.abandoned.append(Path(folder, name))
            elif stem.partition("@")[0] not in hashes:  # a video's frames have their time behind it
                found.orphaned.append(Path(folder, name))
    return found


def _unnamed_snapshots(layout: Layout, sources: list[EmbeddingSource]) -> list[Path]:
    """What lies among the snapshots and is neither one that counts nor a manifest."""
    from searchengine.vectors.snapshot import read_info
    from searchengine.vectors.store import FaissStore

    kept, vectors = set(), layout.vectors
    for source in sources if isinstance(layout.vector_store, FaissStore) else ():
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
