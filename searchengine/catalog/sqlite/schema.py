"""The tables of a new catalog, all at once: the steps would take a tenth of a second, most of it Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.catalog.version import Version, read_version

if TYPE_CHECKING:
    import sqlite3

SCHEMA = Path(__file__).with_name("schema.sql")
"""What the steps lead to, written by ``scripts/write_schema.py``; a test compares the two."""


def lay_out(connection: sqlite3.Connection) -> None:
    """Make the tables where there are none; after an error or a kill nothing has happened.

    Args:
        connection: Outside a transaction.
    """
    connection.execute("BEGIN IMMEDIATE")
    # Another process may have done it while this one waited for the lock.
    if read_version(connection)[0] is Version.EMPTY:
        for statement in SCHEMA.read_text(encoding="utf-8").split(";\n\n"):
            connection.execute(statement)
    connection.execute("COMMIT")
