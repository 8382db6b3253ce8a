"""Which version of the schema a catalog has, without Alembic: opening must be quick."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from searchengine.catalog.sql import dialect_name, rows

if TYPE_CHECKING:
    from searchengine.catalog.sql import Reading

HEAD = "0011"
"""The revision this version of imgsearch reads and writes. Revisions are numbered, so they compare."""


_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}


class Version(Enum):
    """What a database is, seen from this version of imgsearch."""

    EMPTY = auto()
    """No tables: new, or its making was interrupted."""
    FOREIGN = auto()
    """Tables, but not a catalog's."""
    OLDER = auto()
    CURRENT = auto()
    NEWER = auto()


def classify(revision: str | None, *, tables: int) -> Version:
    """Decide from the stamped revision (None where there is no stamp) and the number of tables."""
    if revision is None:
        return Version.FOREIGN if tables else Version.EMPTY
    if revision == HEAD:
        return Version.CURRENT
    if not (revision.isascii() and revision.isdigit()):
        return Version.FOREIGN
    return Version.OLDER if int(revision) < int(HEAD) else Version.NEWER


def read_version(reading: Reading) -> tuple[Version, str | None]:
    """The database's version and stamped revision."""
    tables = {name for (name,) in rows(reading, _TABLES[dialect_name(reading)])}
    revision = None
    if "alembic_version" in tables:
        revision = next(iter(rows(reading, "SELECT version_num FROM alembic_version")), (None,))[0]
    return classify(revision, tables=len(tables)), revision
