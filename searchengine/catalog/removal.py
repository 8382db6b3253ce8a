"""Files that are gone, out of reach, or to be forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from searchengine.catalog.bulk import chunks
from searchengine.catalog.models import (
    Caption,
    Content,
    ContentText,
    Embedding,
    File,
    LabelExample,
    OcrText,
    Sidecar,
)
from searchengine.catalog.visibility import has_live_file, settle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy.orm import Session


def remove_files(session: Session, file_ids: Collection[int]) -> None:
    """Drop files that are gone. Contents and embeddings stay, hidden: a restored file needs no inference."""
    settle(session, _drop(session, file_ids))


def mark_missing(session: Session, file_ids: Collection[int]) -> None:
    """Say that indexed files can't be reached at present; they are still found."""
    _turn(session, file_ids, "indexed", "missing")


def mark_present(session: Session, file_ids: Collection[int]) -> None:
    """Say that missing files can be reached again, unchanged."""
    _turn(session, file_ids, "missing", "indexed")


def mark_unreadable(session: Session, file_ids: Collection[int], *, mtime_ns: int) -> None:
    """Say that files can't be read at present; what they showed is still found.

    Args:
        session: A writing session.
        file_ids: Files that hold a picture.
        mtime_ns: A time that no file has, so that they are tried again.
    """
    for ids in chunks(file_ids):
        session.execute(
            update(File).where(File.id.in_(ids)).values(state="missing", mtime_ns=mtime_ns),
            execution_options={"synchronize_session": False},
        )


def forget_files(session: Session, file_ids: Collection[int]) -> int:
    """Drop files, and every trace of the contents that no other file holds.

    Returns:
        How many contents went.
    """
    contents = _drop(session, file_ids)
    settle(session, contents)
    return _purge(session, contents)


def purge_hidden(session: Session) -> int:
    """Drop the contents and embeddings that `remove_files` kept.

    Returns:
        How many contents went.
    """
    return _purge(session, session.scalars(select(Content.id).where(~has_live_file)).all())


def _drop(session: Session, file_ids: Collection[int]) -> set[int]:
    """Delete rows; the contents that were in them."""
    contents: set[int] = set()
    for ids in chunks(file_ids):
        rows = session.scalars(select(File.content_id).where(File.id.in_(ids)))
        contents.update(content_id for content_id in rows if content_id is not None)
        for table, key in ((Sidecar, Sidecar.file_id), (File, File.id)):
            session.execute(
                delete(table).where(key.in_(ids)), execution_options={"synchronize_session": False}
            )
    return contents


def _turn(session: Session, file_ids: Collection[int], before: str, after: str) -> None:
    for ids in chunks(file_ids):
        session.execute(
            update(File).where(File.id.in_(ids), File.state == before).values(state=after),
            execution_options={"synchronize_session": False},
        )


def _purge(session: Session, content_ids: Iterable[int]) -> int:
    purged = 0
    for chunk in chunks(content_ids):
        unused = session.scalars(select(Content.id).where(Content.id.in_(chunk), ~has_live_file)).all()
        for table, key in (
            (Embedding, Embedding.content_id),
            (ContentText, ContentText.content_id),
            (OcrText, OcrText.content_id),
            (Caption, Caption.content_id),
            (LabelExample, LabelExample.content_id),
            (Content, Content.id),
        ):
            session.execute(
                delete(table).where(key.in_(unused)), execution_options={"synchronize_session": False}
            )
        purged += len(unused)
    return purged
