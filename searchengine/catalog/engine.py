"""How the catalog talks to SQLite: one file, write-ahead log, transactions that begin when we say so."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

if TYPE_CHECKING:
    from pathlib import Path

BUSY_TIMEOUT = 30.0
"""Seconds to wait for another process's transaction."""

# A 4 KB page holds one row with a 512-dimensional float16 vector and wastes the rest; this one holds fifteen.
PAGE_SIZE = 16_384

WRITE = "imgsearch_write"
"""Execution option of a connection whose transactions take the write lock at once."""


def sqlite_engine(path: Path, *, create: bool, busy_timeout: float = BUSY_TIMEOUT) -> Engine:
    """An engine on the file at `path`; with `create` a missing one is made.

    Transactions are deferred (readers), or immediate where the connection carries `WRITE`: two writers that
    both began by reading would otherwise find out only at the first write that one must start again.
    """
    # By URI, so that a missing file stays missing and any name is possible, also one that isn't UTF-8.
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode={'rwc' if create else 'rw'}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri,
            uri=True,
            timeout=busy_timeout,
            isolation_level=None,  # the driver must not begin transactions on its own
            check_same_thread=False,  # the pool hands a connection to one thread at a time
        )
        try:
            if create:
                _format(connection)
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA foreign_keys=ON")
        except BaseException:
            connection.close()
            raise
        return connection

    # Without a limit: a server's thread should wait for the disk, not for another thread's connection.
    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=4, max_overflow=-1)
    event.listen(engine, "begin", _begin)
    return engine


def _format(connection: sqlite3.Connection) -> None:
    """What can only be chosen before the first table, and what stays with the file."""
    if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
        connection.execute(f"PRAGMA page_size={PAGE_SIZE}")
        connection.execute("PRAGMA journal_mode=WAL")


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get(WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
