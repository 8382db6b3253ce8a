"""The text in pictures. A library whose pictures have been read once is one in which all are to be read.

There is a row for each picture that has been read, an empty one where there is no text.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, func, insert, select

from searchengine.catalog import words
from searchengine.catalog.bulk import chunks
from searchengine.catalog.filters import is_video
from searchengine.catalog.models import Content, File, OcrText, Root

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session


def is_wanted(session: Session) -> bool:
    """Whether any picture of the library has been read."""
    return session.scalar(select(OcrText.content_id).limit(1)) is not None


def count_unread(session: Session) -> int:
    """How many pictures `unread` would give."""
    return session.scalar(select(func.count()).select_from(Content).where(_unread())) or 0


def unread(session: Session, *, after: int, most: int) -> dict[int, list[bytes]]:
    """Pictures (not videos) that could be reached at the last run and haven't been read.

    Args:
        session: A session.
        after: Only those with a larger id.
        most: How many.

    Returns:
        Their files, absolute, by content id.
    """
    ids = session.scalars(
        select(Content.id).where(Content.id > after, _unread()).order_by(Content.id).limit(most)
    ).all()
    rows = session.execute(
        select(File.content_id, Root.path, File.path)
        .join(Root, Root.id == File.root_id)
        .where(File.content_id.in_(ids), File.state == "indexed")
        .order_by(File.id)
    )
    found: dict[int, list[bytes]] = {}
    for content_id, root, path in rows:
        if content_id is not None:
            found.setdefault(content_id, []).append(os.path.join(root, path))
    return found


def record(session: Session, texts: Mapping[int, str]) -> None:
    """Write what has been read, and index its words.

    Args:
        session: A writing session.
        texts: By content id; of pictures that have gone meanwhile nothing is written.
    """
    there = set()
    for ids in chunks(texts):
        there |= set(session.scalars(select(Content.id).where(Content.id.in_(ids))))
    if there:
        session.execute(
            insert(OcrText), [{"content_id": each, "text": texts[each]} for each in sorted(there)]
        )
    words.settle(session, there)


def forget(session: Session) -> None:
    """Drop all that has been read; nothing more is read until that is asked for again."""
    had = session.scalars(select(OcrText.content_id).where(OcrText.text != "")).all()
    session.execute(delete(OcrText))
    words.settle(session, had)


def _unread() -> ColumnElement[bool]:
    live = select(File.content_id).where(File.content_id == Content.id, File.state == "indexed")
    done = select(OcrText.content_id)
    return and_(Content.shown, ~is_video, live.exists(), Content.id.not_in(done))
