"""`verify --repair` and `optimize`: what is derived is made again, what is wrong is put right."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from indexer.lock import writing
from searchengine.catalog import care, mending, removal, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.engines import record
from searchengine.errors import LibraryDamagedError
from searchengine.layout import Layout
from searchengine.verify import derived
from searchengine.verify.library import verify, verify_open

if TYPE_CHECKING:
    from pathlib import Path

    from searchengine.verify.findings import Report


@dataclass(frozen=True, slots=True)
class Optimized:
    """What `optimize` did.

    Attributes:
        vectors: How many the new snapshot holds; None where nothing is indexed yet.
        purged: Pictures without a file whose embeddings were dropped.
        deleted: Thumbnails and leftovers deleted.
        bytes_before: Size of the catalog.
        bytes_after: The same, now.
    """

    vectors: int | None
    purged: int
    deleted: int
    bytes_before: int
    bytes_after: int


def repair(library: Path) -> Report:
    """Check a library and put right what isn't as it should be; no committed row that is right is lost.

    Returns:
        The checks as they come out afterwards, and what was done.

    Raises:
        LibraryNotFoundError: There is none.
        LibraryVersionError: A newer imgsearch made it.
        LibraryBusyError: Somebody else is changing it.
        LibraryError: The disk is full or read-only; nothing is lost, and it can be done again.
    """
    layout = Layout(library)
    with writing(library, "imgsearch verify --repair"):
        try:
            with Catalog.open(layout.catalog) as catalog:
                before = verify_open(catalog, layout)
                done = _repair(catalog, layout, before)
                after = verify_open(catalog, layout) if done else before
        except LibraryDamagedError:
            return verify(library)  # it can't be opened or read: that is what there is to say
    return replace(after, repaired=tuple(done))


def optimize(library: Path, *, purge: bool = False) -> Optimized:
    """Fold all changes into a new snapshot, delete what nothing needs, give space back.

    Args:
        library: The library's folder.
        purge: Also drop pictures that have no file any more. Kept, a file that comes back costs no inference.

    Raises:
        LibraryNotFoundError: There is none.
        LibraryBusyError: Somebody else is changing it.
        LibraryError: The disk is full or read-only; nothing is lost then.
    """
    layout = Layout(library)
    with writing(library, "imgsearch optimize"), Catalog.open(layout.catalog) as catalog:
        layout.vector_store.reach()
        record(library, layout.engines)
        before = care.size(catalog)
        purged = 0
        if purge:
            with catalog.write() as session:
                purged = removal.purge_hidden(session)
        with catalog.read() as session:
            space = spaces.active_space(session)
        vectors = layout.vector_store.rebuild(EmbeddingSource(catalog, space)) if space else None
        deleted = _delete_leftovers(catalog, layout)
        care.compact(catalog)
        return Optimized(vectors, purged, deleted, before, care.size(catalog))


def _repair(catalog: Catalog, layout: Layout, before: Report) -> list[str]:
    done: list[str] = []
    if not before.sound:
        if care.rebuild_indexes(catalog):
            done.append("built the database's indexes again")
        with catalog.write() as session:
            done += mending.mend(session)
        done += _renew_snapshots(catalog, layout)
    deleted = _delete_leftovers(catalog, layout)
    if deleted:
        done.append(f"deleted {deleted:,} files that nothing needs")
    return done


def _renew_snapshots(catalog: Catalog, layout: Layout) -> list[str]:
    with catalog.read() as session:
        known = spaces.all_spaces(session)
    done = []
    for space in known:
        if derived.condition(catalog, layout, space).wrong:
            layout.vector_store.rebuild(EmbeddingSource(catalog, space))
            done.append(f"wrote the snapshot of {space.spec.name} again")
    return done


def _delete_leftovers(catalog: Catalog, layout: Layout) -> int:
    """Only for who holds the lock: nobody else is writing one of these files then."""
    found = derived.leftovers(catalog, layout)
    deleted = 0
    for path in (*found.abandoned, *found.orphaned):
        with suppress(OSError):
            os.unlink(path)
            deleted += 1
    return deleted
