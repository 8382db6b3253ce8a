"""How the catalog talks to SQLite: one file, write-ahead log, transactions that begin when we say so.

A write-ahead log lets readers and a writer go on side by side. On a network disk it can't be had: there the
catalog has a rollback journal, and readers and writer wait for each other. On a disk that nobody can write
to SQLite is told so, because it would otherwise insist on its two helper files.
"""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

from searchengine.catalog.sqlite.place import Disk, disk_of
from searchengine.errors import LibraryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    Connect = Callable[[], sqlite3.Connection]

# A 4 KB page holds one row with a 512-dimensional float16 vector and wastes the rest; this one holds fifteen.
PAGE_SIZE = 16_384

WRITE = "imgsearch_write"
"""Execution option of a connection whose transactions take the write lock at once."""

KEPT = 4
"""Connections that are kept open; more are made where more threads ask at once."""

# What SQLite says where it can't have the shared memory that a write-ahead log needs.
NO_SHARED_MEMORY = (
    "SQLITE_CANTOPEN",
    "SQLITE_IOERR_SHMMAP",
    "SQLITE_IOERR_SHMOPEN",
    "SQLITE_IOERR_SHMLOCK",
    "SQLITE_PROTOCOL",
)


def sqlite_connect(path: Path, *, create: bool, busy_timeout: float) -> Connect:
    """What gives connections to the file at `path`; with `create` a missing one is made."""
    disk = disk_of(path.parent)

    def connect() -> sqlite3.Connection:
        connection = _connect(path, disk, busy_timeout, create=create)
        try:
            _set_up(connection, disk, create=create)
        except sqlite3.OperationalError as error:
            connection.close()
            if not _without_shared_memory(path, disk, error):
                raise
            connection = _connect(path, disk, busy_timeout, create=create)
            _set_up(connection, Disk.NETWORK, create=create)
        except BaseException:
            connection.close()
            raise
        return connection

    return connect


def sqlite_engine(connect: Connect) -> Engine:
    """An engine on such connections.

    Transactions are deferred (readers), or immediate where the connection carries `WRITE`: two writers that
    both began by reading would otherwise find out only at the first write that one must start again.
    """
    from sqlalchemy import QueuePool, create_engine, event

    # Without a limit: a server's thread should wait for the disk, not for another thread's connection.
    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=KEPT, max_overflow=-1)
    event.listen(engine, "begin", _begin)
    return engine


class Readers:
    """Connections that only read, kept for whoever reads next. Threads may share it.

    Args:
        connect: Gives another one.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._idle: deque[sqlite3.Connection] = deque()
        self._kept = KEPT

    @contextmanager
    def view(self) -> Iterator[sqlite3.Connection]:
        """One consistent view."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            connection.execute("BEGIN")
            yield connection
            connection.rollback()
        except BaseException:
            connection.close()
            raise
        if len(self._idle) < self._kept:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close those that nobody reads from, and the others once they are done with."""
        self._kept = 0
        while self._idle:
            self._idle.pop().close()


def _connect(path: Path, disk: Disk, busy_timeout: float, *, create: bool) -> sqlite3.Connection:
    # By URI, so that a missing file stays missing and any name is possible, also one that isn't UTF-8.
    mode = "rwc" if create else "rw"
    if disk is Disk.FROZEN:
        # What a killed writer has left in a log belongs to the catalog; SQLite reads it if it can.
        mode = "ro" if _has_log(path) else "ro&immutable=1"
    return sqlite3.connect(
        f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=busy_timeout,
        isolation_level=None,  # the driver must not begin transactions on its own
        check_same_thread=False,  # the pool hands a connection to one thread at a time
    )


def _set_up(connection: sqlite3.Connection, disk: Disk, *, create: bool) -> None:
    """What can only be chosen before the first table, what stays with the file, and what doesn't."""
    if create and connection.execute("PRAGMA page_count").fetchone()[0] == 0:
        connection.execute(f"PRAGMA page_size={PAGE_SIZE}")
        if disk is Disk.LOCAL:
            connection.execute("PRAGMA journal_mode=WAL")
    if disk is Disk.NETWORK:
        # In exclusive mode SQLite can read a file with a write-ahead log without shared memory.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        if _is_ours(connection):
            connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA locking_mode=NORMAL")
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    if mode == "delete" and disk is Disk.LOCAL and create and _is_ours(connection):
        # A library that has come back from a network disk. Others have it open now? Then another time.
        with suppress(sqlite3.OperationalError):
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    # Enough with a write-ahead log: a power cut can take the last transactions, but never tear one.
    connection.execute(f"PRAGMA synchronous={'NORMAL' if mode == 'wal' else 'FULL'}")
    connection.execute("PRAGMA foreign_keys=ON")


def _is_ours(connection: sqlite3.Connection) -> bool:
    """Whether it is a catalog: another program's database is left as it is."""
    return (
        connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        is not None
    )


def _without_shared_memory(path: Path, disk: Disk, error: sqlite3.OperationalError) -> bool:
    """Whether to try again with a rollback journal, after SQLite couldn't have a write-ahead log.

    Raises:
        LibraryError: A read-only disk holds a log that only a writer could fold in.
    """
    if error.sqlite_errorname not in NO_SHARED_MEMORY:
        return False
    if disk is Disk.FROZEN:
        raise LibraryError(
            f"{path} lies on a read-only disk, and the last run on it was killed before it could tidy up: "
            "make the disk writable and run any command once, or copy the library to another disk"
        ) from error
    return path.is_file() and os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _has_log(path: Path) -> bool:
    for ending in ("-wal", "-journal"):
        with suppress(OSError):
            if os.stat(f"{os.fspath(path)}{ending}").st_size:
                return True
    return False


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get(WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
