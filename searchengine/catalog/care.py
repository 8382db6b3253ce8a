"""Looking after the database itself: its size, its indexes, its statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.catalog import invariants

if TYPE_CHECKING:
    from searchengine.catalog.catalog import Catalog


def size(catalog: Catalog) -> int:
    """Bytes that the catalog takes."""
    with catalog.database.explained():
        return catalog.database.size()


def rebuild_indexes(catalog: Catalog) -> bool:
    """Build every index of the database again, where the database finds something wrong with it.

    Returns:
        Whether there was a reason to.
    """
    with catalog.read() as session:
        if not invariants.integrity(session):
            return False
    with catalog.database.explained():
        catalog.database.outside("REINDEX")
    return True


def compact(catalog: Catalog) -> None:
    """Give free space back to the disk where there is much, and renew what the planner knows.

    Raises:
        LibraryError: The disk has no room for the copy that this takes; nothing is lost then.
    """
    with catalog.database.explained():
        catalog.database.compact()
