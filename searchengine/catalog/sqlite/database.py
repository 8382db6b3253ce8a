"""A catalog's file."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from searchengine.catalog.sqlite.engine import WRITE, sqlite_engine
from searchengine.catalog.sqlite.faults import damaged, explained
from searchengine.errors import LibraryError, LibraryNotFoundError
from searchengine.lock import is_locked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection, PoolProxiedConnection

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
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise LibraryError(
                    f"{path.parent} can't be made ({error.strerror}): choose another place for the library"
                ) from error
        elif not path.exists():
            raise self.none_there()
        self.reading = sqlite_engine(path, create=create, busy_timeout=busy_timeout)
        self.writing = self.reading.execution_options(**{WRITE: True})
        self._watch: PoolProxiedConnection | None = None
        self._watching = threading.Lock()

    def explained(self) -> AbstractContextManager[None]:
        """Errors of SQLite, in this project's words."""
        return explained(self._path)

    def none_there(self) -> LibraryError:
        """No file, or an empty one."""
        folder = self._path.parent
        return LibraryNotFoundError(
            f"there is no library at {folder}; make one with: imgsearch --library {folder} index FOLDER"
        )

    def not_ours(self, connection: Connection) -> LibraryError:
        """Another program's database, or one that is damaged."""
        if connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok":
            return damaged(self._path)
        return LibraryError(
            f"{self._path} is a database, but not a catalog: choose another place for the library"
        )

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
                self._watch = self.reading.raw_connection()
            number: int = self._watch.cursor().execute("PRAGMA data_version").fetchone()[0]
            return number

    def is_locked(self, name: str) -> bool:
        """The lock is on a file beside the catalog's."""
        return is_locked(self._path.with_name(name))

    def size(self) -> int:
        """With its write-ahead log."""
        paths = [self._path, self._path.with_name(f"{self._path.name}-wal")]
        return sum(path.stat().st_size for path in paths if path.exists())

    def outside(self, statement: str) -> None:
        """On a connection that begins no transactions."""
        connection = self.reading.raw_connection()
        try:
            connection.cursor().execute(statement).fetchall()
        finally:
            connection.close()

    def compact(self) -> None:
        """Rewrite the file where much of it is free, and fold the log into it."""
        with self.reading.connect() as connection:
            free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
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
        self.reading.dispose()
