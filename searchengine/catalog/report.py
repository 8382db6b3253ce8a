"""What `status` and `failures` tell."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text

from searchengine.catalog.models import File, Root

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# Spelled out, not a parameter: only then does the planner take the index on just these files.
_NOT_INDEXED = text("file.state <> 'indexed'")


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is.

    Attributes:
        images: Contents that are shown.
        files: Live files: indexed ones and missing ones.
        failed: Files that can't be read.
        missing: Files whose root can't be reached; they count as live, too.
    """

    images: int
    files: int
    failed: int
    missing: int


@dataclass(frozen=True, slots=True)
class FailureRow:
    """A file that isn't indexed, and why.

    Attributes:
        file_id: Its key.
        path: Absolute, as `os.fsencode` gives it.
        error: The reason.
        size: Bytes, when it was tried.
        mtime_ns: Nanoseconds since the epoch, when it was tried.
    """

    file_id: int
    path: bytes
    error: str
    size: int
    mtime_ns: int


def counts(session: Session) -> Counts:
    """How much there is, from indexes alone."""
    # Only live files have a content.
    images, files = session.execute(
        select(func.count(File.content_id.distinct()), func.count(File.content_id))
    ).one()
    rows = session.execute(select(File.state, func.count()).where(_NOT_INDEXED).group_by(File.state))
    others = {row[0]: row[1] for row in rows}
    return Counts(images, files, others.get("failed", 0), others.get("missing", 0))


def failures(session: Session, *, limit: int | None = None) -> list[FailureRow]:
    """The files that failed, in order of path within their roots."""
    rows = session.execute(
        select(File.id, Root.path, File.path, File.error, File.size, File.mtime_ns)
        .join(Root, Root.id == File.root_id)
        .where(_NOT_INDEXED, File.state == "failed")
        .order_by(Root.path, File.path)
        .limit(limit)
    )
    return [FailureRow(row[0], os.path.join(row[1], row[2]), row[3] or "", row[4], row[5]) for row in rows]
