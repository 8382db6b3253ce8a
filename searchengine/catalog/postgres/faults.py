"""What PostgreSQL complains about, in this project's words: the thing, the cause, the next step."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy.exc import DBAPIError

from searchengine.errors import LibraryBusyError, LibraryDamagedError, LibraryError

if TYPE_CHECKING:
    from collections.abc import Iterator

# By SQLSTATE, or its first two characters; PostgreSQL's manual, appendix A.
_BUSY = ("55P03", "40P01", "40001")
_DAMAGE = ("XX001", "XX002")
_LOST = ("08", "57")
_NEXT_STEP = {
    "22P05": "holds text that it can't be asked for: make the database with ENCODING 'UTF8'",
    "25006": "can't be written to, it is a standby: name the primary server to change the library",
    "42501": "doesn't let this user do that: its owner can, with GRANT",
    "53100": "can't grow because the server's disk is full: free some space and run the command again",
    "53300": "has no connection to spare: end some, or raise max_connections on the server",
    "54000": "can't keep a path of more than 2,700 bytes: leave its folder out with --exclude",
    "XX001": "is damaged: let pg_amcheck look at it, and restore it from a backup",
    "XX002": "has a damaged index: let pg_amcheck look at it, then REINDEX DATABASE",
}


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn errors of the database that is called `name` into ours; others pass.

    Raises:
        LibraryBusyError: Another process has held the lock for too long.
        LibraryDamagedError: It is damaged.
        LibraryError: It can't be reached, doesn't know us, or can't be written to.
    """
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(cause, psycopg.Error):
            raise
        code = cause.sqlstate or ""
        if code in _BUSY:
            raise LibraryBusyError(
                f"{name}: another process is writing to this library; wait for it to end and try again"
            ) from error
        if code in _NEXT_STEP:
            kind = LibraryDamagedError if code in _DAMAGE else LibraryError
            raise kind(f"{name} {_NEXT_STEP[code]} ({_line(cause)})") from error
        if cause.pgconn is not None or code.startswith(_LOST) or (not code and _is_operational(cause)):
            raise LibraryError(f"{name} {_connection(cause)} ({_line(cause)})") from error
        raise


def _is_operational(cause: psycopg.Error) -> bool:
    return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)


def _connection(cause: psycopg.Error) -> str:
    """What is said where there is no connection, or none any more."""
    if cause.pgconn is None:
        return (
            "was there and can't be reached any more: what was committed is kept. See that the server runs, "
            "and run the command again"
        )
    if cause.pgconn.needs_password or cause.pgconn.used_password:
        return (
            "didn't get the right password. The library doesn't keep it: give it in $PGPASSWORD, in "
            "~/.pgpass, or within the URL in $IMGSEARCH_CATALOG"
        )
    return "can't be reached: see that the server runs there, and that user and database exist"


def _line(cause: psycopg.Error) -> str:
    said = str(cause).strip().splitlines()
    return said[0] if said else type(cause).__name__
