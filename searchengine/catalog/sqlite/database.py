"""A catalog's file."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from searchengine.catalog.sql import rows
from searchengine.catalog.sqlite.engine import WRITE, Readers, sqlite_connect, sqlite_engine
from searchengine.catalog.sqlite.faults import damaged, explained
from searchengine.errors import LibraryError, LibraryNotFoundError
from searchengine.layout import make_folder
from searchengine.lock import is_locked

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from searchengine.catalog.sql import Reading

# Rewriting a whole file to win less than this share of it isn't worth the wear.
WORTH_COMPACTING = 0.1


class SQLite:
    """`searchengine.catalog.database.Database`, as a file.

    Args:
        path: The file.
        create: Make it, and the folders above it, where there is none.
        busy_timeout: Seconds to wait for another process's transaction.

    Raises:
        LibraryNotFoundError: There is none, and it wasn't to be made.
        LibraryError: Its folder can't be made.
    """

    size_elsewhere = 0

    def __init__(self, path: Path, *, create: bool, busy_timeout: float) -> None:
        self._path = path
        self.name = str(path)
        if create:
            make_folder(path.parent)
        elif not path.exists():
            raise self.none_there()
        self._connect = sqlite_connect(path, create=create, busy_timeout=busy_timeout)
        self._readers = Readers(self._connect)
        self._engine: Engine | None = None
        self._making = threading.Lock()
        self._watch: sqlite3.Connection | None = None
        self._watching = threading.Lock()

    @property
    def reading(self) -> Engine:
        """Made when it is first asked for: a search does without SQLAlchemy."""
        with self._making:
            if self._engine is None:
                self._engine = sqlite_engine(self._connect)
            return self._engine

    @property
    def writing(self) -> Engine:
        """The same, with other transactions."""
        return self.reading.execution_options(**{WRITE: True})

    def view(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection of SQLite's own."""
        return self._readers.view()

    def explained(self) -> AbstractContextManager[None]:
        """Errors of SQLite, in this project's words."""
        return explained(self._path)

    def none_there(self) -> LibraryError:
        """No file, or an empty one."""
        folder = self._path.parent
        return LibraryNotFoundError(
            f"there is no library at {folder}; make one with: imgsearch --library {folder} index FOLDER"
        )

    def not_ours(self, reading: Reading) -> LibraryError:
        """Another program's database, or one that is damaged."""
        if rows(reading, "PRAGMA quick_check(1)") != [("ok",)]:
            return damaged(self._path)
        return LibraryError(
            f"{self._path} is a database, but not a catalog: choose another place for the library"
        )

    def lay_out(self) -> bool:
        """By the file that says them all."""
        from searchengine.catalog.sqlite.schema import lay_out

        with closing(self._connect()) as connection:
            lay_out(connection)
        return True

    @contextmanager
    def altering(self, connection: Connection) -> Iterator[None]:
        """Without foreign keys, over which a step that rebuilds a table would trip."""
        cursor = connection.connection.cursor()
        cursor.execute("PRAGMA foreign_keys=OFF")  # only works outside a transaction
        try:
            yield
        finally:
            connection.connection.cursor().execute("PRAGMA foreign_keys=ON")

    def generation(self) -> int:
        """SQLite counts commits."""
        with self._watching:
            if self._watch is None:  # the number is told to one connection, about all others
                self._watch = self._connect()
            number: int = self._watch.execute("PRAGMA data_version").fetchone()[0]
            return number

    def is_locked(self, name: str) -> bool:
        """The lock is on a file beside the catalog's."""
        return is_locked(self._path.with_name(name))

    def holder(self, name: str) -> str | None:
        """Whoever holds the lock has signed its file."""
        from searchengine.holder import holder

        found = holder(self._path.parent, name=name) if self.is_locked(name) else None
        return found.in_words() if found else None

    def size(self) -> int:
        """With its write-ahead log."""
        paths = [self._path, self._path.with_name(f"{self._path.name}-wal")]
        return sum(path.stat().st_size for path in paths if path.exists())

    def outside(self, statement: str) -> None:
        """On a connection that begins no transactions."""
        with closing(self._connect()) as connection:
            connection.execute(statement).fetchall()

    def compact(self) -> None:
        """Rewrite the file where much of it is free, and fold the log into it."""
        with self.view() as reading:
            ((free,),) = rows(reading, "PRAGMA freelist_count")
            ((pages,),) = rows(reading, "PRAGMA page_count")
        if free > pages * WORTH_COMPACTING:
            self.outside("VACUUM")
        self.outside("ANALYZE")
        self.outside("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Let go of the file. The last one out folds the write-ahead log into it."""
        with self._watching:
            if self._watch is not None:
                self._watch.close()
                self._watch = None
        self._readers.close()
        with self._making:
            if self._engine is not None:
                self._engine.dispose()
