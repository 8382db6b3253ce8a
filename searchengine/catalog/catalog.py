"""The catalog as an object: opened, read from and written to in whole transactions, closed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from searchengine.catalog.database import BUSY_TIMEOUT, connect
from searchengine.catalog.version import Version, read_version
from searchengine.errors import LibraryBusyError, LibraryNotFoundError, LibraryVersionError
from searchengine.lock import WRITER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from sqlalchemy.orm import Session

    from searchengine.catalog.database import Database
    from searchengine.catalog.sql import Reading


class Catalog:
    """The truth about a library. Threads may share it; a session belongs to one thread.

    Attributes:
        database: What it is in.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, where: Path | str, *, create: bool = False, busy_timeout: float = BUSY_TIMEOUT) -> Catalog:
        """Open a catalog, brought up to date where an older version made it.

        Args:
            where: SQLite's file in the library's folder, or a database's URL; see `Layout.catalog`.
            create: Make it where there is none; with a file, also the folders above it.
            busy_timeout: Seconds to wait for another process's transaction.

        Raises:
            LibraryNotFoundError: There is none, and it wasn't to be made.
            LibraryVersionError: A newer version of imgsearch made it.
            LibraryBusyError: Another process holds it.
            LibraryError: It is damaged, isn't a catalog, or can't be used.
        """
        database = connect(where, create=create, busy_timeout=busy_timeout)
        try:
            with database.explained():
                _bring_up_to_date(database, create=create)
        except BaseException:
            database.close()
            raise
        return cls(database)

    @classmethod
    def exists(cls, where: Path | str) -> bool:
        """Whether there is a catalog, or at least something in its place.

        Raises:
            LibraryError: Its database can't be reached.
        """
        if not isinstance(where, str):
            return where.exists()
        try:
            cls.open(where).close()
        except LibraryNotFoundError:
            return False
        return True

    @property
    def name(self) -> str:
        """Where it is, for people."""
        return self.database.name

    @contextmanager
    def look(self) -> Iterator[Reading]:
        """The same as `read`, for statements in SQL (see `catalog.sql`): a search takes no more.

        Raises:
            LibraryError: See `open`.
        """
        with self.database.explained(), self.database.view() as reading:
            yield reading

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent view: what others commit meanwhile isn't seen, and nothing is written.

        Raises:
            LibraryError: See `open`.
        """
        from sqlalchemy.orm import Session

        with self.database.explained(), Session(self.database.reading, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """The only writer, from the first statement on; committed whole at the end, or not at all.

        Being alone also makes `change.sequence` grow in the order of commits, which readers rely on.

        Raises:
            LibraryBusyError: Another process kept the lock for longer than the timeout; says which, if it
                is one that changes the library for longer.
            LibraryError: See `open`.
        """
        from sqlalchemy.orm import Session

        with (
            self.database.explained(),
            Session(self.database.writing, expire_on_commit=False) as session,
            session.begin(),
        ):
            with self._naming_the_holder(), self.database.explained():
                session.connection()  # takes the lock now, not at the first statement
            yield session

    @contextmanager
    def _naming_the_holder(self) -> Iterator[None]:
        try:
            yield
        except LibraryBusyError as busy:
            by = self.database.holder(WRITER)
            if by is None:
                raise
            raise LibraryBusyError(
                f"{self.name}: {by} is writing to this library just now; try again in a moment"
            ) from busy

    def generation(self) -> int:
        """A number that changes with every commit, whoever makes it: what was read before may be stale.

        Raises:
            LibraryError: See `open`.
        """
        with self.database.explained():
            return self.database.generation()

    def is_locked(self, name: str) -> bool:
        """Whether somebody holds the library's lock of this name; see `indexer.lock`.

        Raises:
            LibraryError: See `open`.
        """
        with self.database.explained():
            return self.database.is_locked(name)

    def close(self) -> None:
        """Let go of it."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _bring_up_to_date(database: Database, *, create: bool) -> None:
    with database.view() as reading:
        version, number = read_version(reading)
        if version is Version.FOREIGN:
            raise database.not_ours(reading)
    if version is Version.CURRENT:
        return
    if version is Version.NEWER:
        raise LibraryVersionError(
            f"{database.name} was made by a newer imgsearch (its schema is {number}); "
            f"upgrade with: pip install --upgrade imgsearch"
        )
    if version is Version.EMPTY and not create:
        raise database.none_there()
    if version is Version.EMPTY and database.lay_out():
        return
    # Imported here because it brings Alembic along, which an up-to-date library doesn't need.
    from searchengine.catalog.migrate import upgrade

    upgrade(database)
