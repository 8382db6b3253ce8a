"""Reading for results: pictures with all their files, a few statements for any number of them."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from searchengine.catalog.bulk import chunks
from searchengine.catalog.models import Content, ContentText, Embedding, File, Root, Sidecar
from searchengine.catalog.roots import locate
from searchengine.images.description import UNDESCRIBED, Description

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from sqlalchemy import BindParameter
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class FileOf:
    """A live file of a picture.

    Attributes:
        path: Absolute, as `os.fsencode` gives it.
        missing: Whether it can't be reached.
    """

    path: bytes
    missing: bool


_COLUMNS = (
    Content.id,
    Content.hash,
    Content.size,
    Content.width,
    Content.height,
    Content.format,
    Content.taken_at,
    Content.camera,
    Content.flags,
    Content.duration,
)


def _said(of: type[ContentText | Sidecar]) -> tuple[Any, ...]:
    return of.title, of.caption, of.keywords, of.place, of.rating


# Made once: to put a statement together takes as long as to execute it.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_PLACES = (
    select(File.content_id, File.state, File.id, Root.path, File.path, Sidecar.file_id, *_said(Sidecar))
    .join(Root, Root.id == File.root_id)
    .outerjoin(Sidecar, Sidecar.file_id == File.id)
    .where(File.content_id.in_(_IDS))
    .order_by(File.id)
)
_CONTENTS = (
    select(*_COLUMNS, ContentText.content_id, *_said(ContentText))
    .outerjoin(ContentText, ContentText.content_id == Content.id)
    .where(Content.id.in_(_IDS))
)
_PARTS = select(Embedding.id, Embedding.content_id, Embedding.seconds, Embedding.box).where(
    Embedding.id.in_(_IDS)
)


@dataclass(frozen=True, slots=True)
class ImageRow:
    """A picture, as results tell of it; units and meaning as in `models.Content`.

    Attributes:
        files: Its live files, never empty: reachable ones first, then in the order they were added.
        seconds: Which of a video's frames was asked for, where one was.
        region: Which part of the picture was, where one was: left, top, right, bottom, as shares.
        description: What is said of it: beside its first file that has something beside it, else in itself.
    """

    id: int
    hash: bytes
    size: int
    width: int
    height: int
    format: str
    taken_at: datetime | None
    camera: str | None
    flags: tuple[str, ...]
    files: tuple[FileOf, ...]
    duration: float | None = None
    seconds: float | None = None
    region: tuple[float, float, float, float] | None = None
    description: Description = UNDESCRIBED

    @property
    def offline(self) -> bool:
        """True when none of its files can be reached."""
        return all(file.missing for file in self.files)


def images(
    session: Session, content_ids: Collection[int], *, is_reachable: Callable[[bytes], bool] | None = None
) -> dict[int, ImageRow]:
    """The pictures with these ids, by id; those that aren't shown are left out.

    Args:
        session: A session.
        content_ids: The pictures.
        is_reachable: Asked once for each root that a file is in, whether it can be reached now; by default
            a file is out of reach when the last run found it so.
    """
    reachable: dict[bytes, bool] = {}
    found: dict[int, ImageRow] = {}
    for chunk in chunks(set(content_ids)):
        files: dict[int, list[tuple[bool, int, bytes]]] = {}
        beside: dict[int, Description] = {}
        for row in session.execute(_PLACES, {"ids": chunk}):
            content_id, state, file_id, root, path, described, *said = row
            if is_reachable is not None and root not in reachable:
                reachable[root] = is_reachable(root)
            missing = state == "missing" or not reachable.get(root, True)
            files.setdefault(content_id, []).append((missing, file_id, os.path.join(root, path)))
            if described is not None:
                beside[content_id] = _description(said).under(beside.get(content_id, UNDESCRIBED))
        for row in session.execute(_CONTENTS, {"ids": list(files)}):
            described, *said = row[len(_COLUMNS) :]
            description = UNDESCRIBED if described is None else _description(said)
            live = tuple(FileOf(path, missing) for missing, _, path in sorted(files[row.id]))
            found[row.id] = ImageRow(
                row.id,
                row.hash,
                row.size,
                row.width,
                row.height,
                row.format,
                row.taken_at,
                row.camera,
                tuple(row.flags),
                live,
                row.duration,
                description=description.under(beside[row.id]) if row.id in beside else description,
            )
    return found


def _description(said: Sequence[Any]) -> Description:
    title, caption, keywords, place, rating = said
    return Description(title, caption, tuple(keywords), place, rating)


def images_of_embeddings(
    session: Session, embedding_ids: Collection[int], *, is_reachable: Callable[[bytes], bool] | None = None
) -> dict[int, ImageRow]:
    """The pictures that these embeddings are of, by embedding id; see `images`."""
    part_of: dict[int, tuple[int, float | None, list[float] | None]] = {}
    for chunk in chunks(set(embedding_ids)):
        rows = session.execute(_PARTS, {"ids": chunk})
        part_of.update((row[0], (row[1], row[2], row[3])) for row in rows)
    found = images(session, {part[0] for part in part_of.values()}, is_reachable=is_reachable)
    return {
        embedding_id: _part(found[content_id], seconds, box)
        for embedding_id, (content_id, seconds, box) in part_of.items()
        if content_id in found
    }


def _part(image: ImageRow, seconds: float | None, box: list[float] | None) -> ImageRow:
    """A picture, of which one part was asked for."""
    if seconds is None and box is None:
        return image
    left, top, right, bottom = box or (0.0, 0.0, 1.0, 1.0)
    return replace(image, seconds=seconds, region=(left, top, right, bottom) if box else None)


def contents_of(session: Session, embedding_ids: Collection[int]) -> dict[int, int]:
    """The pictures that embeddings are of, by embedding id, without anything else about them."""
    found: dict[int, int] = {}
    for chunk in chunks(embedding_ids):
        rows = session.connection().execute(
            select(Embedding.id, Embedding.content_id).where(Embedding.id.in_(chunk))
        )
        found.update((row[0], row[1]) for row in rows)
    return found


def image_at(session: Session, path: bytes) -> int | None:
    """The content of the file at an absolute path (symlinks resolved); None when it isn't indexed."""
    place = locate(session, path)
    if place is None:
        return None
    root, relative = place
    return session.scalar(select(File.content_id).where(File.root_id == root.id, File.path == relative))


def embedding_ids(session: Session, space_id: int, content_ids: Collection[int]) -> dict[int, int]:
    """The first (mostly only) embedding of contents in a space, by content id."""
    found: dict[int, int] = {}
    for chunk in chunks(set(content_ids)):
        rows = session.execute(
            select(Embedding.content_id, Embedding.id).where(
                Embedding.content_id.in_(chunk), Embedding.space_id == space_id, Embedding.part == 0
            )
        )
        found.update((row[0], row[1]) for row in rows)
    return found
