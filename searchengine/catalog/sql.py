"""Statements in SQL: what a search from the command line reads.

SQLAlchemy takes longer to import than all the rest of a search. So these statements are in SQL that any
database understands, and run on a connection of SQLite's own (`Catalog.look`) and in a session alike.
Everything else is written with SQLAlchemy.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

    Reading: TypeAlias = sqlite3.Connection | Session | Connection
    """One consistent view of a catalog."""

    Row: TypeAlias = tuple[Any, ...]


def rows(reading: Reading, statement: str, **values: Any) -> list[Row]:
    """What a statement selects.

    Args:
        reading: Where to ask.
        statement: In SQL, with ``:name`` for a value.
        values: The values.

    Returns:
        Rows as the driver gives them; `from_json` and `to_time` read what SQLite keeps as text.
    """
    if isinstance(reading, sqlite3.Connection):
        return reading.execute(statement, values).fetchall()
    from sqlalchemy import Connection, text

    if not isinstance(reading, Connection):
        if reading.autoflush:
            reading.flush()
        reading = reading.connection()
    if reading.dialect.name == "sqlite":  # the same transaction, without a detour for each row
        return rows(cast("sqlite3.Connection", reading.connection.driver_connection), statement, **values)
    return [tuple(row) for row in reading.execute(text(statement), values)]


def dialect_name(reading: Reading) -> str:
    """What the database speaks: ``sqlite`` or ``postgresql``."""
    if isinstance(reading, sqlite3.Connection):
        return "sqlite"
    from sqlalchemy import Connection

    return (reading if isinstance(reading, Connection) else reading.get_bind()).dialect.name


def in_(ids: Iterable[int]) -> str:
    """``IN (…)`` for keys; `bulk.chunks` gives as many as fit into a statement."""
    # PostgreSQL has no empty lists; nothing is equal to NULL.
    return f"IN ({','.join(str(int(each)) for each in ids) or 'NULL'})"


def from_json(value: Any) -> Any:
    """A value of a JSON column."""
    return json.loads(value) if isinstance(value, str) else value


def to_time(value: Any) -> datetime | None:
    """A value of a column of times."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value
