#!/usr/bin/env python3
"""Write searchengine/catalog/sqlite/schema.sql: what the steps lead to, for catalogs that begin with it.

    scripts/write_schema.py

To be run after a step was added; a test compares the two.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from alembic import command
from sqlalchemy import create_engine

from searchengine.catalog import migrate
from searchengine.catalog.sqlite.schema import SCHEMA

HEADING = "-- Written by scripts/write_schema.py from the steps in migrations/versions; not edited by hand."

# What SQLite makes itself: the sequences of keys, and the tables that a full-text index is kept in.
_STATEMENTS = """
SELECT sql FROM sqlite_master
WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND name NOT IN (
    SELECT shadow.name FROM sqlite_master AS shadow JOIN sqlite_master AS full_text
    ON full_text.sql LIKE 'CREATE VIRTUAL TABLE%' AND shadow.name LIKE full_text.name || '\\_%' ESCAPE '\\'
)
ORDER BY rowid
"""


def main() -> None:
    """Run the steps on an empty database, and write down what it has."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        settings = migrate.config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
        statements = [sql for (sql,) in connection.exec_driver_sql(_STATEMENTS)]
        (revision,) = connection.exec_driver_sql("SELECT version_num FROM alembic_version").one()
    engine.dispose()
    statements.append(f"INSERT INTO alembic_version VALUES ('{revision}')")
    text = ";\n\n".join("\n".join(line.rstrip() for line in sql.splitlines()) for sql in statements)
    SCHEMA.write_text(f"{HEADING}\n\n{text};\n")


if __name__ == "__main__":
    main()
