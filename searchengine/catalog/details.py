"""Reading one picture whole, and what is in the library at a glance."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sqlalchemy import extract, func, select

from searchengine.catalog import captions, labels
from searchengine.catalog.bulk import chunks
from searchengine.catalog.models import Change, Content, Embedding, File, OcrText, Root
from searchengine.details import Details, PictureFile, PictureLabel

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sqlalchemy.orm import Session

MOST_VALUES = 200
"""Of a facet: what is rarer isn't listed. A menu that is longer isn't read."""


def details(
    session: Session, content_id: int, *, is_reachable: Callable[[bytes], bool] | None = None
) -> Details | None:
    """A picture with its files; None when there is none with this id, or it isn't shown.

    Args:
        session: A session.
        content_id: The picture.
        is_reachable: As for `images.images`.
    """
    content = session.get(Content, content_id)
    rows = session.execute(
        select(Root.path, File.path, File.size, File.mtime_ns, File.state)
        .join(Root, Root.id == File.root_id)
        .where(File.content_id == content_id)
        .order_by(File.id)
    )
    files = [
        PictureFile(
            path=os.fsdecode(os.path.join(root, path)),
            root=os.fsdecode(root),
            size=size,
            mtime_ns=mtime_ns,
            missing=state == "missing" or (is_reachable is not None and not is_reachable(root)),
        )
        for root, path, size, mtime_ns, state in rows
    ]
    if content is None or not files:
        return None
    frames = session.scalars(
        select(Embedding.seconds)
        .where(Embedding.content_id == content_id, Embedding.seconds.is_not(None))
        .distinct()
        .order_by(Embedding.seconds)
    )
    text = session.scalar(select(OcrText.text).where(OcrText.content_id == content_id))
    said = captions.caption(session, content_id)
    files.sort(key=lambda file: file.missing)
    return Details(
        id=content.id,
        hash=content.hash.hex(),
        size=content.size,
        width=content.width,
        height=content.height,
        format=content.format,
        taken_at=content.taken_at,
        camera=content.camera,
        lens=content.lens,
        focal_length=content.focal_length,
        latitude=content.latitude,
        longitude=content.longitude,
        duration=content.duration,
        frames=tuple(time for time in frames if time is not None),
        flags=tuple(content.flags),
        text=text or None,
        described=None if said is None else said.text,
        labels=tuple(PictureLabel(*each) for each in labels.labels_of(session, content_id)),
        files=tuple(files),
    )


def hashes(session: Session, content_ids: Collection[int]) -> dict[int, str]:
    """SHA-256 of these pictures' bytes, hexadecimal, by id; unknown ids are left out."""
    found: dict[int, str] = {}
    for chunk in chunks(set(content_ids)):
        rows = session.execute(select(Content.id, Content.hash).where(Content.id.in_(chunk)))
        found.update((row[0], row[1].hex()) for row in rows)
    return found


def last_change(session: Session) -> int:
    """The number of the newest change; as long as it stays, the same pictures are shown."""
    return session.scalar(select(func.max(Change.sequence))) or 0


def facets(session: Session) -> dict[str, dict[str, int]]:
    """How many of the pictures have which camera, lens, type and year, the most frequent first."""
    columns: dict[str, Any] = {
        "camera": Content.camera,
        "lens": Content.lens,
        "type": func.lower(Content.format),
        "year": extract("year", Content.taken_at),
    }
    found = {}
    for name, column in columns.items():
        rows = session.execute(
            select(column, func.count())
            .where(Content.shown, column.is_not(None))
            .group_by(column)
            .order_by(func.count().desc(), column)
            .limit(MOST_VALUES)
        )
        found[name] = {str(row[0]): row[1] for row in rows}
    return found
