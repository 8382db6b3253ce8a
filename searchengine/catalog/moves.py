"""Files that changed their place: same bytes, so nothing is decoded or embedded again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from searchengine.catalog.bulk import chunks
from searchengine.catalog.models import File, Sidecar
from searchengine.catalog.visibility import settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from searchengine.catalog.record import FileAt


@dataclass(frozen=True, slots=True)
class FileMove:
    """A file's new place, and its size and time there.

    Attributes:
        file_id: The row that moves; it keeps its id, its content and its state.
        to: Where it is now.
    """

    file_id: int
    to: FileAt


def move_files(session: Session, moves: Sequence[FileMove]) -> None:
    """Move rows, all at once: two files may swap names. A row that stands on a target is replaced."""
    target = {move.file_id: move.to for move in moves}
    kept = []
    touched: set[int] = set()
    for ids in chunks(target):
        rows = session.execute(
            select(File.id, File.state, File.error, File.content_id).where(File.id.in_(ids))
        )
        for file_id, state, error, content_id in rows:
            at = target[file_id]
            if content_id is not None:
                touched.add(content_id)  # its names are others now
            kept.append(
                {
                    "id": file_id,
                    "root_id": at.root_id,
                    "path": at.path,
                    "size": at.size,
                    "mtime_ns": at.mtime_ns,
                    "state": state,
                    "error": error,
                    "content_id": content_id,
                }
            )
    # All rows leave before any arrives: in a swap or a chain each target is still taken.
    for ids in chunks(target):
        session.execute(
            delete(File).where(File.id.in_(ids)), execution_options={"synchronize_session": False}
        )
    by_root: dict[int, list[bytes]] = {}
    for at in target.values():
        by_root.setdefault(at.root_id, []).append(at.path)
    for root_id, paths in by_root.items():
        for chunk in chunks(paths):
            there = (File.root_id == root_id) & File.path.in_(chunk)
            touched.update(
                content_id
                for content_id in session.scalars(select(File.content_id).where(there))
                if content_id
            )
            session.execute(
                delete(Sidecar).where(Sidecar.file_id.in_(select(File.id).where(there))),
                execution_options={"synchronize_session": False},
            )
            session.execute(delete(File).where(there), execution_options={"synchronize_session": False})
    if kept:
        session.execute(insert(File), kept)
    settle(session, touched)
