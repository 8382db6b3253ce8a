"""What a catalog asks of the database that it is in, be it SQLite or PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine

    from searchengine.catalog.sql import Reading
    from searchengine.errors import LibraryError

BUSY_TIMEOUT = 30.0
"""Seconds to wait for another process's transaction."""


class Database(Protocol):
    """A place where a catalog is or is to be, opened. Threads may share it."""

    @property
    def name(self) -> str:
        """As messages name it; never with a password in it."""
        ...

    @property
    def reading(self) -> Engine:
        """Gives connections whose transactions see one consistent view."""
        ...

    @property
    def writing(self) -> Engine:
        """Gives connections whose transactions are the only ones that write, from their beginning."""
        ...

    def view(self) -> AbstractContextManager[Reading]:
        """One consistent view, for statements in SQL (see `catalog.sql`)."""
        ...

    def explained(self) -> AbstractContextManager[None]:
        """Turns the database's errors into LibraryError and its kinds, in this project's words."""
        ...

    def none_there(self) -> LibraryError:
        """What is said where there is no catalog."""
        ...

    def not_ours(self, reading: Reading) -> LibraryError:
        """What is said where there is something else than a catalog, or what damage has left of one."""
        ...

    def lay_out(self) -> bool:
        """Make the tables where there are none, all at once; False where that is left to the steps."""
        ...

    def altering(self, connection: Connection) -> AbstractContextManager[None]:
        """Around the transaction that changes the schema."""
        ...

    def generation(self) -> int:
        """A number that changes with every commit, whoever makes it."""
        ...

    def is_locked(self, name: str) -> bool:
        """Whether somebody holds the library's lock of this name; see `indexer.lock`."""
        ...

    def holder(self, name: str) -> str | None:
        """Who holds it, for people; None where nobody does, or nobody can tell."""
        ...

    def size(self) -> int:
        """Bytes on disk."""
        ...

    @property
    def size_elsewhere(self) -> int:
        """Those of them that aren't in the library's folder."""
        ...

    def outside(self, statement: str) -> None:
        """Run a statement that can't be part of a transaction."""
        ...

    def compact(self) -> None:
        """Give free space back where there is much, and renew what the planner knows."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def connect(where: Path | str, *, create: bool = False, busy_timeout: float = BUSY_TIMEOUT) -> Database:
    """The database at a place.

    Args:
        where: SQLite's file, or a URL.
        create: Whether there need be nothing yet.
        busy_timeout: Seconds to wait for another process's transaction.

    Raises:
        LibraryNotFoundError: There is no file, and it wasn't to be made.
        LibraryError: The driver for it isn't installed, or its folder can't be made.
    """
    if isinstance(where, Path):
        from searchengine.catalog.sqlite.database import SQLite

        return SQLite(where, create=create, busy_timeout=busy_timeout)
    from searchengine.catalog.postgres.database import PostgreSQL

    return PostgreSQL(where, busy_timeout=busy_timeout)
