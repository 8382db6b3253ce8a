"""What SQLite's FTS5 tables have in common: checking what an index keeps for itself, and making it anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import column, insert, table
from sqlalchemy.exc import DatabaseError, OperationalError

if TYPE_CHECKING:
    from sqlalchemy import TableClause
    from sqlalchemy.orm import Session


def full_text(name: str, *columns: str) -> TableClause:
    """An FTS5 table. Its column of its own name takes commands and is what MATCH asks."""
    return table(name, column("rowid"), *map(column, columns), column(name), column("rank"))


def is_damaged(session: Session, index: TableClause) -> bool | None:
    """Whether an index doesn't agree with the texts it is of.

    Returns:
        None where it can't be told: to SQLite this is a write, so it takes a disk and a moment for that.
    """
    try:
        # With a rank, also an index whose texts are kept elsewhere is compared with them.
        session.execute(insert(index), {index.name: "integrity-check", "rank": 1})
    except OperationalError:
        return None
    except DatabaseError:
        return True
    return False


def rebuild(session: Session, index: TableClause) -> None:
    """Make an index anew from the texts it is of."""
    session.execute(insert(index), {index.name: "rebuild"})
