"""What `status` and `failures` tell."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text, true, tuple_

from searchengine.catalog.models import File, Root
from searchengine.catalog.roots import below

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
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
        root: The folder it lies below, absolute, as `os.fsencode` gives it.
        path: The same of the file.
        error: The reason.
        size: Bytes, when it was tried.
        mtime_ns: Nanoseconds since the epoch, when it was tried.
    """

    file_id: int
    root: bytes
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


def failures(
    session: Session, *, limit: int | None = None, after: tuple[bytes, bytes] | None = None
) -> list[FailureRow]:
    """The files that failed, in order of path within their roots.

    Args:
        session: A session.
        limit: At most so many.
        after: Root and absolute path of the one after which to begin.
    """
    beyond: ColumnElement[bool] = true()
    if after is not None:
        root, path = after
        beyond = tuple_(Root.path, File.path) > (root, below(path, root) or b"")
    rows = session.execute(
        select(File.id, Root.path, File.path, File.error, File.size, File.mtime_ns)
        .join(Root, Root.id == File.root_id)
        .where(_NOT_INDEXED, File.state == "failed", beyond)
        .order_by(Root.path, File.path)
        .limit(limit)
    )
    return [
        FailureRow(row[0], row[1], os.path.join(row[1], row[2]), row[3] or "", row[4], row[5]) for row in rows
    ]
