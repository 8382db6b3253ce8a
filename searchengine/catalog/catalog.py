"""The catalog as an object: opened, read from and written to in whole transactions, closed."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy.orm import Session

from searchengine.catalog.engine import BUSY_TIMEOUT, WRITE, sqlite_engine
from searchengine.catalog.faults import damaged, explained
from searchengine.catalog.version import Version, read_version
from searchengine.errors import LibraryError, LibraryNotFoundError, LibraryVersionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from sqlalchemy import Engine, PoolProxiedConnection

FILE_NAME = "catalog.sqlite3"
"""The catalog's name in a library's folder."""


class Catalog:
    """The truth about a library. Threads may share it; a session belongs to one thread.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self._engine = engine
        self._writer = engine.execution_options(**{WRITE: True})
        self._watch: PoolProxiedConnection | None = None
        self._watching = threading.Lock()

    @classmethod
    def open(cls, path: Path, *, create: bool = False, busy_timeout: float = BUSY_TIMEOUT) -> Catalog:
        """Open the catalog at `path`, brought up to date where an older version made it.

        Args:
            path: The file, `FILE_NAME` in the library's folder.
            create: Make it, and the folders above it, where there is none.
            busy_timeout: Seconds to wait for another process's transaction.

        Raises:
            LibraryNotFoundError: There is none, and it wasn't to be made.
            LibraryVersionError: A newer version of imgsearch made it.
            LibraryBusyError: Another process holds it.
            LibraryError: It is damaged, isn't a catalog, or can't be used.
        """
        if create:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise LibraryError(
                    f"{path.parent} can't be made ({error.strerror}): choose another place for the library"
                ) from error
        elif not path.exists():
            raise _not_found(path)
        engine = sqlite_engine(path, create=create, busy_timeout=busy_timeout)
        try:
            with explained(path):
                _bring_up_to_date(engine, path, create=create)
        except BaseException:
            engine.dispose()
            raise
        return cls(path, engine)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent view: what others commit meanwhile isn't seen, and nothing is written.

        Raises:
            LibraryError: See `open`.
        """
        with explained(self.path), Session(self._engine, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """The only writer, from the first statement on; committed whole at the end, or not at all.

        Being alone also makes `change.sequence` grow in the order of commits, which readers rely on.

        Raises:
            LibraryBusyError: Another process kept the lock for longer than the timeout.
            LibraryError: See `open`.
        """
        with explained(self.path), Session(self._writer, expire_on_commit=False) as session, session.begin():
            session.connection()  # takes the lock now, not at the first statement
            yield session

    @contextmanager
    def raw_connection(self) -> Iterator[Any]:
        """The driver's own connection, without a transaction: for what SQLite only does outside of one.

        Raises:
            LibraryError: See `open`.
        """
        with explained(self.path):
            connection = self._engine.raw_connection()
            try:
                yield connection.driver_connection
            finally:
                connection.close()

    def generation(self) -> int:
        """A number that changes with every commit, whoever makes it: what was read before may be stale.

        Raises:
            LibraryError: See `open`.
        """
        with explained(self.path), self._watching:
            if self._watch is None:  # the number is told to one connection, about all others
                self._watch = self._engine.raw_connection()
            number: int = self._watch.cursor().execute("PRAGMA data_version").fetchone()[0]
            return number

    def close(self) -> None:
        """Let go of the file. The last one out folds the write-ahead log into it."""
        with self._watching:
            if self._watch is not None:
                self._watch.close()
                self._watch = None
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _not_found(path: Path) -> LibraryNotFoundError:
    return LibraryNotFoundError(
        f"there is no library at {path.parent}; make one with: imgsearch --library {path.parent} index FOLDER"
    )


def _bring_up_to_date(engine: Engine, path: Path, *, create: bool) -> None:
    with engine.connect() as connection:
        version, number = read_version(connection)
        if version is Version.FOREIGN:  # or what damage has left of a catalog
            checked = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if checked != "ok":
                raise damaged(path)
    if version is Version.CURRENT:
        return
    if version is Version.NEWER:
        raise LibraryVersionError(
            f"{path} was made by a newer imgsearch (its schema is {number}); "
            f"upgrade with: pip install --upgrade imgsearch"
        )
    if version is Version.FOREIGN:
        raise LibraryError(f"{path} is a database, but not a catalog: choose another place for the library")
    if version is Version.EMPTY and not create:
        raise _not_found(path)
    # Imported here because it brings Alembic along, which an up-to-date library doesn't need.
    from searchengine.catalog.migrate import upgrade

    upgrade(engine)
