"""Pictures as one catalog gives them and another takes them: without keys, all that is known of each.

What a picture has in one embedding space goes with it, and whatever else the catalog has of it: its facts,
its files, what is said of it and beside it, the text in it and what it is an example of. Pictures without a
file go too: when it comes back, it needs no inference there either. Files that couldn't be read don't go:
whoever indexes their folders next tries them again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sqlalchemy import and_, func, select, update

from searchengine.catalog import labels, ocr
from searchengine.catalog.models import (
    Content,
    ContentText,
    Embedding,
    File,
    Label,
    LabelExample,
    OcrText,
    Root,
    Sidecar,
)
from searchengine.catalog.record import (
    ContentFacts,
    FileAt,
    Picture,
    SidecarText,
    record_batch,
    record_contents,
    rows_at,
)
from searchengine.catalog.roots import all_roots, below
from searchengine.images.description import UNDESCRIBED, Description

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from searchengine.catalog.spaces import SpaceRow

# Pictures looked up together: 2 MB of vectors at dimension 512.
TOGETHER = 2000

_FACTS = tuple(name for name in ContentFacts.__slots__ if name != "description")


@dataclass(frozen=True, slots=True)
class PortableFile:
    """A file that holds a picture.

    Attributes:
        path: Absolute, as `os.fsencode` gives it.
        size: Bytes.
        mtime_ns: Nanoseconds since the epoch.
        missing: Whether it was out of reach at the last run.
        sidecar: What is beside it, if anything is.
    """

    path: bytes
    size: int
    mtime_ns: int
    missing: bool = False
    sidecar: SidecarText | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PortablePicture:
    """A picture, or a video.

    Attributes:
        facts: What is in its bytes.
        vectors: (p, dim) float16, unit vectors: one, or those of a video's p frames.
        seconds: When each of these is, in a video; None in a picture.
        files: Where it lies; none where it was deleted.
        text: What was read in it; None where nobody has tried.
        labels: What it is an example of, and whether it shows that.
    """

    facts: ContentFacts
    vectors: NDArray[np.float16]
    seconds: tuple[float | None, ...]
    files: tuple[PortableFile, ...] = ()
    text: str | None = None
    labels: dict[str, bool] | None = None


class Count(NamedTuple):
    """How much there is to carry.

    Attributes:
        pictures: Distinct bytes.
        embeddings: Their vectors; a video has several.
    """

    pictures: int
    embeddings: int


@dataclass(frozen=True, slots=True)
class Adopted:
    """How much of what came was new.

    Attributes:
        contents: Pictures that weren't known.
        embeddings: Vectors that weren't there.
        files: Paths that weren't known.
    """

    contents: int = 0
    embeddings: int = 0
    files: int = 0

    def __add__(self, other: Adopted) -> Adopted:
        return Adopted(
            self.contents + other.contents, self.embeddings + other.embeddings, self.files + other.files
        )


def count(session: Session, space_id: int) -> Count:
    """How much `pictures` gives."""
    of_space = and_(Embedding.space_id == space_id, Embedding.box.is_(None))
    embeddings = session.scalar(select(func.count()).where(of_space)) or 0
    return Count(session.scalar(select(func.count()).where(of_space, Embedding.part == 0)) or 0, embeddings)


def pictures(session: Session, space: SpaceRow) -> Iterator[PortablePicture]:
    """Every picture that has an embedding in the space, in order of key; some thousands are in memory."""
    last = 0
    while True:
        first = (Embedding.space_id == space.id) & (Embedding.part == 0)
        ids = session.scalars(
            select(Embedding.content_id)
            .where(first, Embedding.content_id > last)
            .order_by(Embedding.content_id)
            .limit(TOGETHER)
        ).all()
        if not ids:
            return
        last = ids[-1]
        yield from _together(session, space, ids)


def _together(session: Session, space: SpaceRow, ids: Sequence[int]) -> Iterator[PortablePicture]:
    connection = session.connection()
    vectors: dict[int, list[bytes]] = defaultdict(list)
    seconds: dict[int, list[float | None]] = defaultdict(list)
    parts = (
        select(Embedding.content_id, Embedding.vector, Embedding.seconds)
        # Regions stay behind: `index --regions` makes them again.
        .where(Embedding.space_id == space.id, Embedding.content_id.in_(ids), Embedding.box.is_(None))
        .order_by(Embedding.content_id, Embedding.part)
    )
    for content_id, vector, at in connection.execute(parts):
        vectors[content_id].append(vector)
        seconds[content_id].append(at)

    said = select(ContentText.content_id, *_said(ContentText)).where(ContentText.content_id.in_(ids))
    described = {row[0]: _description(row[1:]) for row in connection.execute(said)}
    columns = [getattr(Content, name) for name in _FACTS]
    facts = {
        row[0]: ContentFacts(
            **{**dict(zip(_FACTS, row[1:], strict=True)), "flags": tuple(row.flags)},
            description=described.get(row[0], UNDESCRIBED),
        )
        for row in connection.execute(select(Content.id, *columns).where(Content.id.in_(ids)))
    }
    read = select(OcrText.content_id, OcrText.text).where(OcrText.content_id.in_(ids))
    texts = {row[0]: row[1] for row in connection.execute(read)}
    examples: dict[int, dict[str, bool]] = defaultdict(dict)
    shown = (
        select(LabelExample.content_id, Label.name, LabelExample.shows)
        .join(Label, Label.id == LabelExample.label_id)
        .where(LabelExample.content_id.in_(ids))
        .order_by(Label.name)
    )
    for content_id, name, shows in connection.execute(shown):
        examples[content_id][name] = shows
    files = _files(session, ids)
    for each in ids:
        rows = np.frombuffer(b"".join(vectors[each]), "<f2").reshape(-1, space.spec.dim)
        yield PortablePicture(
            facts[each],
            rows,
            tuple(seconds[each]),
            tuple(files.get(each, ())),
            texts.get(each),
            examples.get(each),
        )


def _files(session: Session, ids: Sequence[int]) -> dict[int | None, list[PortableFile]]:
    connection = session.connection()
    beside = (
        select(Sidecar.file_id, Sidecar.stamp, *_said(Sidecar))
        .join(File, File.id == Sidecar.file_id)
        .where(File.content_id.in_(ids))
    )
    sidecars = {row[0]: SidecarText(row[1], _description(row[2:])) for row in connection.execute(beside)}
    statement = (
        select(
            File.content_id, File.id, Root.path, File.path, File.size, File.mtime_ns, File.state == "missing"
        )
        .join(Root, Root.id == File.root_id)
        .where(File.content_id.in_(ids))
        .order_by(File.id)
    )
    found: dict[int | None, list[PortableFile]] = defaultdict(list)
    for content_id, file_id, root, path, size, mtime_ns, missing in connection.execute(statement):
        absolute = root.rstrip(b"/") + b"/" + path
        found[content_id].append(PortableFile(absolute, size, mtime_ns, bool(missing), sidecars.get(file_id)))
    return found


def _said(table: type[ContentText | Sidecar]) -> tuple[object, ...]:
    return table.title, table.caption, table.keywords, table.place, table.rating


def _description(row: Sequence[object]) -> Description:
    title, caption, keywords, place, rating = row
    return Description(title, caption, tuple(keywords), place, rating)  # type: ignore[arg-type]


def adopt(session: Session, space_id: int, batch: Sequence[PortablePicture]) -> Adopted:
    """Take in pictures, as `pictures` gives them; what this catalog knows already stays as it is.

    Doing it again changes nothing.

    Args:
        session: A writing session.
        space_id: The space that the vectors are of.
        batch: Pictures, none of them twice.

    Raises:
        ValueError: A vector isn't a unit vector of the space's dimension, or a file lies below none of the
            catalog's roots.
    """
    vectors = [picture.vectors.astype(np.float32) for picture in batch]
    seconds = [[at for at in picture.seconds if at is not None] for picture in batch]
    ids, recorded = record_contents(session, space_id, [picture.facts for picture in batch], vectors, seconds)
    new = _record_files(session, space_id, dict(zip(ids, batch, strict=True)))
    _record_texts(session, {each: p.text for each, p in zip(ids, batch, strict=True) if p.text is not None})
    _record_labels(session, {each: p.labels for each, p in zip(ids, batch, strict=True) if p.labels})
    return Adopted(recorded.contents, recorded.embeddings, new)


def _record_files(session: Session, space_id: int, batch: dict[int, PortablePicture]) -> int:
    """Write where pictures lie, but for paths at which this catalog knows a picture; how many were new."""
    roots = all_roots(session)
    at: dict[tuple[int, bytes], tuple[int, PortableFile]] = {}
    for content_id, picture in batch.items():
        for file in picture.files:
            places = [(root.id, below(file.path, root.path)) for root in roots]
            root_id, path = next(((root, path) for root, path in places if path), (0, b""))
            if not path:
                raise ValueError(f"{file.path!r} lies below none of the folders that the file names")
            at[root_id, path] = content_id, file
    known = {key for key, (_, content_id) in rows_at(session, at) if content_id is not None}
    new = {key: found for key, found in at.items() if key not in known}
    record_batch(
        session,
        space_id,
        [
            Picture(FileAt(*key, file.size, file.mtime_ns), content_id, sidecar=file.sidecar)
            for key, (content_id, file) in new.items()
        ],
    )
    missing = [key for key, (_, file) in new.items() if file.missing]
    if missing:
        rows = [{"id": row[0], "state": "missing"} for _, row in rows_at(session, missing)]
        session.execute(update(File), rows)
    return len(new)


def _record_texts(session: Session, texts: dict[int, str]) -> None:
    there = session.scalars(select(OcrText.content_id).where(OcrText.content_id.in_(texts)))
    for known in there.all():
        del texts[known]
    ocr.record(session, texts)


def _record_labels(session: Session, examples: dict[int, dict[str, bool]]) -> None:
    rows = session.execute(
        select(LabelExample.content_id, Label.name)
        .join(Label, Label.id == LabelExample.label_id)
        .where(LabelExample.content_id.in_(examples))
    )
    known = {(row[0], row[1]) for row in rows}
    sides: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for content_id, shown in examples.items():
        for name, shows in shown.items():
            if (content_id, name) not in known:
                sides[name, shows].append(content_id)
    for (name, shows), content_ids in sides.items():
        labels.put_examples(session, name, content_ids, shows=shows)
