"""The folders the user asked for. Roots don't overlap: a path belongs to one of them, the outermost."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, func, select, text, update

from searchengine.catalog.clock import now
from searchengine.catalog.files import files_below
from searchengine.catalog.models import File, Root
from searchengine.catalog.moves import FileMove, move_files
from searchengine.catalog.record import FileAt

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class RootRow:
    """A folder the user asked for.

    Attributes:
        id: Its key.
        path: Absolute, symlinks resolved, as `os.fsencode` gives it.
    """

    id: int
    path: bytes


def all_roots(session: Session) -> list[RootRow]:
    """Every root, in order of path."""
    return [
        RootRow(row[0], row[1]) for row in session.execute(select(Root.id, Root.path).order_by(Root.path))
    ]


def add_root(session: Session, path: bytes) -> RootRow:
    """The root at this path, added where it isn't one yet."""
    found = session.scalar(select(Root.id).where(Root.path == path))
    if found is not None:
        return RootRow(found, path)
    root = Root(path=path)
    session.add(root)
    session.flush()
    return RootRow(root.id, path)


def include_root(session: Session, path: bytes) -> None:
    """Let the library have this folder: as a root that absorbs those in it, or as part of one it lies in."""
    known = all_roots(session)
    if any(below(path, root.path) is not None for root in known):
        return
    outer = add_root(session, path)
    for inner in known:
        if below(inner.path, path):
            absorb_root(session, inner.id, outer.id)


@dataclass(frozen=True, slots=True)
class RootReport:
    """A root and what is in it.

    Attributes:
        path: As in `RootRow`.
        files: Everything known below it.
        missing: Those of them that were out of reach at the last run.
        seen_at: When a run last reached it, UTC; None when none has since that is noted.
    """

    path: bytes
    files: int
    missing: int
    seen_at: datetime | None


def report(session: Session) -> list[RootReport]:
    """Every root with what is in it, in order of path."""
    rows = session.execute(select(File.root_id, func.count()).group_by(File.root_id))
    counts = {row[0]: row[1] for row in rows}
    is_missing = text("file.state <> 'indexed'"), File.state == "missing"  # see `catalog.report`
    rows = session.execute(select(File.root_id, func.count()).where(*is_missing).group_by(File.root_id))
    missing = {row[0]: row[1] for row in rows}
    found = session.execute(select(Root.id, Root.path, Root.seen_at).order_by(Root.path))
    return [RootReport(row[1], counts.get(row[0], 0), missing.get(row[0], 0), row[2]) for row in found]


def mark_seen(session: Session, root_ids: Collection[int]) -> None:
    """Say that these roots can be reached now."""
    session.execute(update(Root).where(Root.id.in_(root_ids)).values(seen_at=now()))


def move_root(session: Session, root_id: int, path: bytes) -> None:
    """Say that the folder lies elsewhere now; its files go with it, without work."""
    session.execute(update(Root).where(Root.id == root_id).values(path=path))


def absorb_root(session: Session, inner_id: int, outer_id: int) -> None:
    """Make the files of a root those of another one that lies around it; the inner root goes.

    Raises:
        ValueError: The one doesn't lie in the other.
    """
    paths = {root.id: root.path for root in all_roots(session)}
    prefix = below(paths[inner_id], paths[outer_id])
    if not prefix:
        raise ValueError(f"{os.fsdecode(paths[inner_id])} doesn't lie in {os.fsdecode(paths[outer_id])}")
    moves = [
        FileMove(file.id, FileAt(outer_id, prefix + b"/" + path, file.size, file.mtime_ns))
        for path, file in files_below(session, inner_id).items()
    ]
    move_files(session, moves)
    remove_root(session, inner_id)


def remove_root(session: Session, root_id: int) -> None:
    """Drop a root without files.

    Raises:
        ValueError: It has some.
    """
    if session.scalar(select(exists().where(File.root_id == root_id))):
        raise ValueError(f"root {root_id} still has files")
    session.execute(delete(Root).where(Root.id == root_id))


def locate(session: Session, path: bytes) -> tuple[RootRow, bytes] | None:
    """The root that an absolute path belongs to, and the path relative to it; None when it lies in none."""
    for root in all_roots(session):
        relative = below(path, root.path)
        if relative is not None:
            return root, relative
    return None


def below(path: bytes, folder: bytes) -> bytes | None:
    """`path` relative to `folder`, empty for the folder itself; None when it lies elsewhere."""
    if path == folder:
        return b""
    start = folder.rstrip(b"/") + b"/"
    return path[len(start) :] if path.startswith(start) else None
