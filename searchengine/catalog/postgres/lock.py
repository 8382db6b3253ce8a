"""Locks that several machines see: the server's advisory ones, which end with the connection that holds them.

A lock has a name and belongs to a catalog, which is a schema of a database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

COMMIT = "commit"
"""Held by whoever writes, from a transaction's first statement to its last."""

# The first number tells ours from those of other programs that use the same database: "IMGS" in ASCII.
_KEY = "1229801299, hashtext(current_schema() || ' ' || :name)"

_TAKE_FOR_TRANSACTION = text(f"SELECT pg_advisory_xact_lock({_KEY})")
_TAKE = text(f"SELECT pg_try_advisory_lock({_KEY})")
_HOLDERS = text(
    "SELECT application_name, backend_start FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE"
    " datname = current_database()) AND classid = 1229801299"
    " AND CAST(objid AS bigint) = hashtext(current_schema() || ' ' || :name) & 4294967295"
)


def take_for_transaction(connection: Connection, busy_timeout: float) -> None:
    """Take `COMMIT` until the transaction ends; an error with code 55P03 where others keep it too long."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(busy_timeout * 1000)}")
    connection.execute(_TAKE_FOR_TRANSACTION, {"name": COMMIT})


def try_lock(connection: Connection, name: str) -> bool:
    """Take a lock, if nobody holds it, until the connection is closed."""
    return bool(connection.scalar(_TAKE, {"name": name}))


def holder(connection: Connection, name: str) -> str | None:
    """Who holds a lock, in its own words, and since when it has been connected; None when nobody does."""
    found = connection.execute(_HOLDERS, {"name": name}).first()
    if found is None:
        return None
    at = f", since {found[1].astimezone():%Y-%m-%d %H:%M:%S}" if found[1] else ""
    return f"{found[0] or 'another program'}{at}"
