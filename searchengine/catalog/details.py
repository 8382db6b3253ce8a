"""Reading one picture whole, and what is in the library at a glance."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sqlalchemy import extract, func, select

from searchengine.catalog import captions, labels
from searchengine.catalog.bulk import chunks
from searchengine.catalog.either import Either
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


def folders(session: Session, below: str = "") -> dict[str, int]:
    """How many of the pictures lie in folders, at any depth, the most first.

    Args:
        session: A session.
        below: A folder, relative to its root, whose folders are meant; with none those of all roots. A folder
            that holds all the pictures there are says nothing: then its own folders are meant.

    Returns:
        By the folders' paths, relative to their roots.
    """
    found = {} if "\0" in below else _folders(session, below)  # no path has that
    if below or len(found) != 1:
        return found
    every = session.scalar(select(func.count()).select_from(Content).where(Content.shown))
    while [*found.values()] == [every] and (inside := _folders(session, *found)):
        found = inside
    return found


def _folders(session: Session, below: str) -> dict[str, int]:
    prefix = f"{below}/" if below else ""
    start, path_text = os.fsencode(prefix), func.path_text(File.path)
    # In SQLite as bytes, for what isn't UTF-8 can't be read as text.
    rest, rest_text = func.substr(File.path, len(start) + 1), func.substr(path_text, len(prefix) + 1)
    slash = Either(func.instr(rest, b"/"), func.strpos(rest_text, "/"))
    name: Any = Either(func.substr(rest, 1, func.instr(rest, b"/") - 1), func.split_part(rest_text, "/", 1))
    inside = Either(func.substr(File.path, 1, len(start)) == start, func.starts_with(path_text, prefix))
    count = func.count(File.content_id.distinct())
    rows = session.execute(
        select(name, count)
        .where(File.content_id.is_not(None), inside, slash > 0)
        .group_by(name)
        .order_by(count.desc(), name)
        .limit(MOST_VALUES)
    )
    return {prefix + os.fsdecode(row[0]): row[1] for row in rows}
