"""Files by what their paths contain: an index of runs of three characters, so that not every path is read.

It is SQLite's FTS5 or PostgreSQL's pg_trgm over the paths in `file`; case is folded as widely as Unicode has
it. It only leads to files: whether a path is as it was asked for is for `filters` to say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from searchengine.catalog.dialect import dialect_of

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

# What a glob leaves open, and what a path that isn't UTF-8 doesn't hold as it is written.
_OPEN = re.compile(r"[*?\0\ufffd\ud800-\udfff]")


def containing(session: Session, glob: str) -> Select[Any] | None:
    """Files, by id, among which are all whose path has what a glob names; None where that is too short.

    None also where the database has no such index: PostgreSQL without pg_trgm.

    Args:
        session: A session.
        glob: With ``*`` and ``?``, of a path or of any part of it.
    """
    return dialect_of(session).files_containing(session, _OPEN.split(glob))


def is_damaged(session: Session) -> bool | None:
    """Whether the index doesn't agree with the paths of the files; None where it can't be told."""
    return dialect_of(session).paths_are_damaged(session)


def rebuild(session: Session) -> None:
    """Make the index anew from the paths of the files."""
    dialect_of(session).rebuild_paths(session)
