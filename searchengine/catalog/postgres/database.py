"""A catalog's database on a server."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError

from searchengine.catalog.postgres import lock
from searchengine.engines import without_secrets
from searchengine.errors import LibraryBusyError, LibraryError, LibraryNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine

    from searchengine.catalog.sql import Reading

DRIVER = "postgresql+psycopg"

# The first of which an ordinary user may have pg_trgm.
OLDEST_SERVER = 13

# A server has a hundred for all its clients, unless told otherwise.
_MOST_CONNECTIONS = 16

_SETTINGS = {
    "application_name": "imgsearch",
    "connect_timeout": "10",
    # Half a minute after a machine or a cable has gone, so has the connection, with all that it held.
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}

_WRITE = "imgsearch_write"
_INTERVAL = 0.1


class PostgreSQL:
    """`searchengine.catalog.database.Database`, on a server.

    Args:
        url: Where, and as whom, as SQLAlchemy writes it. What it leaves out libpq finds: ``$PGPASSWORD``,
            ``~/.pgpass``, ``$PGHOST``, ….
        busy_timeout: Seconds to wait for another process's transaction.

    Raises:
        LibraryError: The driver isn't installed.
    """

    def __init__(self, url: str, *, busy_timeout: float) -> None:
        self.name = without_secrets(url)
        self._busy_timeout = busy_timeout
        address = make_url(url).set(drivername=DRIVER)
        try:
            self._engine = create_engine(
                address,
                connect_args={key: value for key, value in _SETTINGS.items() if key not in address.query},
                pool_size=4,
                max_overflow=_MOST_CONNECTIONS - 4,
                # A server is restarted now and then, and those who search all day needn't be.
                pool_pre_ping=True,
            )
        except ImportError as error:
            raise LibraryError(
                f"{self.name} needs the extra postgres: pip install 'imgsearch[postgres]' ({error})"
            ) from error
        event.listen(self._engine, "begin", self._begin)
        self.reading: Engine = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        # Read committed: a view that was taken while it waited for the lock would be an old one.
        self.writing: Engine = self._engine.execution_options(**{_WRITE: True})
        self._outside = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._watch: Connection | None = None
        self._watching = threading.Lock()
        self._seen = ("", 0)

    def _begin(self, connection: Connection) -> None:
        if connection.get_execution_options().get(_WRITE, False):
            lock.take_for_transaction(connection, self._busy_timeout)

    def view(self) -> AbstractContextManager[Connection]:
        """A connection that reads."""
        return self.reading.connect()

    def explained(self) -> AbstractContextManager[None]:
        """Errors of the server and the driver, in this project's words."""
        from searchengine.catalog.postgres.faults import explained

        return explained(self.name)

    def none_there(self) -> LibraryError:
        """No tables."""
        return LibraryNotFoundError(
            f"there is no library in {self.name}; make one with: imgsearch --catalog {self.name} index FOLDER"
        )

    def not_ours(self, reading: Reading) -> LibraryError:  # noqa: ARG002
        """Other tables."""
        return LibraryError(
            f"{self.name} has tables, but not a catalog's: make a database of its own for it, or a schema, "
            "which is named behind the URL: ?options=-csearch_path%3DNAME"
        )

    def lay_out(self) -> bool:
        """Not here: a server's catalog is begun once."""
        return False

    @contextmanager
    def altering(self, connection: Connection) -> Iterator[None]:
        """On a server that will do."""
        major = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
        if major < OLDEST_SERVER:
            raise LibraryError(f"{self.name} is PostgreSQL {major}; a catalog needs {OLDEST_SERVER} or newer")
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        connection.rollback()
        if encoding != "UTF8":
            raise LibraryError(
                f"{self.name} is in {encoding}, in which not every name can be written; make it with: "
                "createdb --encoding=UTF8 --template=template0 NAME"
            )
        yield

    def generation(self) -> int:
        """Counts how often what can be seen has been another: the server names it, but doesn't number it.

        Commits in the server's other databases count too; what is read once more for nothing is little.
        """
        with self._watching:
            try:
                visible = self._visible()
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                self._watch = None
                visible = self._visible()
            before, number = self._seen
            if visible != before:
                self._seen = visible, number + 1
            return self._seen[1]

    def _visible(self) -> str:
        if self._watch is None:
            self._watch = self._outside.connect()
        return str(self._watch.exec_driver_sql("SELECT CAST(pg_current_snapshot() AS text)").scalar_one())

    @contextmanager
    def locked(self, name: str, who: str, patience: float) -> Iterator[None]:
        """Hold the library's lock of this name, against all machines, for as long as the block lasts.

        Args:
            name: Which; see `indexer.lock`.
            who: What others are told who have to wait, up to 63 letters.
            patience: Seconds to wait for another one.

        Raises:
            LibraryBusyError: Somebody else holds it; the message says who.
            LibraryError: The server can't be reached.
        """
        with self.explained():
            connection = self._outside.connect()
        try:
            with self.explained():
                connection.execute(text("SELECT set_config('application_name', :who, false)"), {"who": who})
                self._wait_for(connection, name, patience)
            yield
        finally:
            connection.invalidate()  # closed, not given back: the lock and the name end with it
            connection.close()

    def _wait_for(self, connection: Connection, name: str, patience: float) -> None:
        until = time.monotonic() + patience
        while not lock.try_lock(connection, name):
            if time.monotonic() < until:
                time.sleep(_INTERVAL)
            elif found := lock.holder(connection, name):
                raise LibraryBusyError(
                    f"the library in {self.name} is being changed by {found}; "
                    "wait for it to end, or stop it there"
                )

    def is_locked(self, name: str) -> bool:
        """As the server sees it, wherever the holder runs."""
        with self._outside.connect() as connection:
            return lock.holder(connection, name) is not None

    def holder(self, name: str) -> str | None:
        """As the server sees it, too."""
        with self._outside.connect() as connection:
            return lock.holder(connection, name)

    def size(self) -> int:
        """The schema's tables with their indexes."""
        with self._outside.connect() as connection:
            found: int = connection.exec_driver_sql(
                "SELECT CAST(coalesce(sum(pg_total_relation_size(oid)), 0) AS bigint) FROM pg_class"
                " WHERE relkind = 'r' AND relnamespace = CAST(current_schema() AS regnamespace)"
            ).scalar_one()
            return found

    @property
    def size_elsewhere(self) -> int:
        """All of it."""
        with self.explained():
            return self.size()

    def outside(self, statement: str) -> None:
        """On a connection of its own that commits every statement."""
        with self._outside.connect() as connection:
            connection.exec_driver_sql(statement)

    def compact(self) -> None:
        """What the server does by itself from time to time."""
        from searchengine.catalog.models import Base

        names = ", ".join(f'"{name}"' for name in [*Base.metadata.tables, "text_index"])
        self.outside(f"VACUUM (ANALYZE) {names}")

    def close(self) -> None:
        """End every connection."""
        with self._watching:
            if self._watch is not None:
                self._watch.close()
                self._watch = None
        self._engine.dispose()
