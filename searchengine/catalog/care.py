"""Looking after the database itself: its size, its indexes, its statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.catalog import invariants

if TYPE_CHECKING:
    from searchengine.catalog.catalog import Catalog

# Rewriting a whole file to win less than this share of it isn't worth the wear.
WORTH_COMPACTING = 0.1


def size(catalog: Catalog) -> int:
    """Bytes that the catalog takes, with its write-ahead log."""
    names = (catalog.path.name, f"{catalog.path.name}-wal")
    paths = [catalog.path.with_name(name) for name in names]
    return sum(path.stat().st_size for path in paths if path.exists())


def rebuild_indexes(catalog: Catalog) -> bool:
    """Build every index of the database again, where SQLite finds something wrong with it.

    Returns:
        Whether there was a reason to.
    """
    with catalog.read() as session:
        if not invariants.integrity(session):
            return False
    _outside(catalog, "REINDEX")
    return True


def compact(catalog: Catalog) -> None:
    """Give free pages back to the disk where there are many, and renew what the planner knows.

    Raises:
        LibraryError: The disk has no room for the copy that this takes; nothing is lost then.
    """
    with catalog.read() as session:
        if not invariants.is_sqlite(session):
            return
        connection = session.connection()
        free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    if free > pages * WORTH_COMPACTING:
        _outside(catalog, "VACUUM")
    _outside(catalog, "ANALYZE")
    _outside(catalog, "PRAGMA wal_checkpoint(TRUNCATE)")


def _outside(catalog: Catalog, statement: str) -> None:
    """Run a statement that can't be part of a transaction."""
    with catalog.raw_connection() as connection:
        connection.execute(statement).fetchall()
