"""Reading for results: pictures with all their files, a few statements for any number of them."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from searchengine.catalog.bulk import chunks
from searchengine.catalog.sql import from_json, in_, rows, to_time
from searchengine.images.description import UNDESCRIBED, Description

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from sqlalchemy.orm import Session

    from searchengine.catalog.sql import Reading, Row


@dataclass(frozen=True, slots=True)
class FileOf:
    """A live file of a picture.

    Attributes:
        path: Absolute, as `os.fsencode` gives it.
        missing: Whether it can't be reached.
    """

    path: bytes
    missing: bool


_SAID = "title, caption, keywords, place, rating"
_PLACES = (
    f"SELECT file.content_id, file.state, file.id, root.path, file.path, sidecar.file_id, {_SAID}"
    " FROM file JOIN root ON root.id = file.root_id LEFT JOIN sidecar ON sidecar.file_id = file.id"
    " WHERE file.content_id {} ORDER BY file.id"
)
_CONTENTS = (
    "SELECT id, hash, size, width, height, format, taken_at, camera, flags, duration,"
    f" content_text.content_id, {_SAID}"
    " FROM content LEFT JOIN content_text ON content_text.content_id = content.id WHERE id {}"
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
    reading: Reading, content_ids: Collection[int], *, is_reachable: Callable[[bytes], bool] | None = None
) -> dict[int, ImageRow]:
    """The pictures with these ids, by id; those that aren't shown are left out.

    Args:
        reading: Where to ask.
        content_ids: The pictures.
        is_reachable: Asked once for each root that a file is in, whether it can be reached now; by default
            a file is out of reach when the last run found it so.
    """
    reachable: dict[bytes, bool] = {}
    found: dict[int, ImageRow] = {}
    for chunk in chunks(set(content_ids)):
        files: dict[int, list[tuple[bool, int, bytes]]] = {}
        beside: dict[int, Description] = {}
        for row in rows(reading, _PLACES.format(in_(chunk))):
            content_id, state, file_id, root, path, described, *said = row
            if is_reachable is not None and root not in reachable:
                reachable[root] = is_reachable(root)
            missing = state == "missing" or not reachable.get(root, True)
            files.setdefault(content_id, []).append(
                (missing, file_id, cast("bytes", os.path.join(root, path)))
            )
            if described is not None:
                beside[content_id] = _description(said).under(beside.get(content_id, UNDESCRIBED))
        for row in rows(reading, _CONTENTS.format(in_(files))):
            live = tuple(FileOf(path, missing) for missing, _, path in sorted(files[row[0]]))
            found[row[0]] = _image(row, live, beside.get(row[0]))
    return found


def _image(row: Row, files: tuple[FileOf, ...], beside: Description | None) -> ImageRow:
    """A row of `_CONTENTS` with the picture's live files and what is said beside them."""
    key, digest, size, width, height, format_, taken_at, camera, flags, duration, described, *said = row
    description = UNDESCRIBED if described is None else _description(said)
    return ImageRow(
        id=key,
        hash=digest,
        size=size,
        width=width,
        height=height,
        format=format_,
        taken_at=to_time(taken_at),
        camera=camera,
        flags=tuple(from_json(flags)),
        files=files,
        duration=duration,
        description=description if beside is None else description.under(beside),
    )


def _description(said: list[Any]) -> Description:
    title, caption, keywords, place, rating = said
    return Description(title, caption, tuple(from_json(keywords)), place, rating)


def images_of_embeddings(
    reading: Reading, embedding_ids: Collection[int], *, is_reachable: Callable[[bytes], bool] | None = None
) -> dict[int, ImageRow]:
    """The pictures that these embeddings are of, by embedding id; see `images`."""
    part_of: dict[int, tuple[int, float | None, list[float] | None]] = {}
    for chunk in chunks(set(embedding_ids)):
        parts = rows(reading, f"SELECT id, content_id, seconds, box FROM embedding WHERE id {in_(chunk)}")
        part_of.update((row[0], (row[1], row[2], from_json(row[3]))) for row in parts)
    found = images(reading, {part[0] for part in part_of.values()}, is_reachable=is_reachable)
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


def contents_of(reading: Reading, embedding_ids: Collection[int]) -> dict[int, int]:
    """The pictures that embeddings are of, by embedding id, without anything else about them."""
    found: dict[int, int] = {}
    for chunk in chunks(embedding_ids):
        found.update(rows(reading, f"SELECT id, content_id FROM embedding WHERE id {in_(chunk)}"))
    return found


def image_at(session: Session, path: bytes) -> int | None:
    """The content of the file at an absolute path (symlinks resolved); None when it isn't indexed."""
    from searchengine.catalog.roots import locate

    place = locate(session, path)
    if place is None:
        return None
    root, relative = place
    found = rows(
        session,
        "SELECT content_id FROM file WHERE root_id = :root AND path = :path",
        root=root.id,
        path=relative,
    )
    return found[0][0] if found else None


def embedding_ids(reading: Reading, space_id: int, content_ids: Collection[int]) -> dict[int, int]:
    """The first (mostly only) embedding of contents in a space, by content id."""
    found: dict[int, int] = {}
    for chunk in chunks(set(content_ids)):
        statement = (
            f"SELECT content_id, id FROM embedding WHERE content_id {in_(chunk)}"
            " AND space_id = :space AND part = 0"
        )
        found.update(rows(reading, statement, space=space_id))
    return found
