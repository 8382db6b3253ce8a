"""Writing a batch: contents, files, embeddings and changes, in the transaction that is given."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import delete, insert, select, update

from searchengine.catalog.bulk import chunks
from searchengine.catalog.files import contents_by_hash, embedded
from searchengine.catalog.models import Content, ContentText, Embedding, File, Sidecar, Space
from searchengine.catalog.visibility import settle
from searchengine.images.description import UNDESCRIBED, Description

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class FileAt:
    """A file as the scan saw it.

    Attributes:
        root_id: The root it lies below.
        path: Relative to the root, as `os.fsencode` gives it.
        size: Bytes.
        mtime_ns: Nanoseconds since the epoch.
    """

    root_id: int
    path: bytes
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class ContentFacts:
    """What decoding found out about distinct bytes; units and meaning as in `models.Content`."""

    hash: bytes
    size: int
    width: int
    height: int
    format: str
    taken_at: datetime | None = None
    camera: str | None = None
    lens: str | None = None
    focal_length: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    perceptual_hash: bytes | None = None
    flags: tuple[str, ...] = ()
    duration: float | None = None
    description: Description = UNDESCRIBED


@dataclass(frozen=True, slots=True)
class SidecarText:
    """What the ``.xmp`` files beside a file say.

    Attributes:
        stamp: Their sizes and times, as the scan saw them.
        description: Of them all.
    """

    stamp: str
    description: Description


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that holds a picture, or a video.

    Attributes:
        file: Where.
        content: What is in it, or the id of a content that is known already.
        vectors: Unit vectors of its n parts, float32 (n, dim): one of a picture, one of each key frame of a
            video; None when the content has its embeddings in the space.
        seconds: When each of a video's n frames is; empty for a picture.
        sidecar: What is beside it, if anything is.
        description: What it says in words, where a content that is known is to be described anew.
    """

    file: FileAt
    content: ContentFacts | int
    vectors: NDArray[np.float32] | None = None
    seconds: Sequence[float] = ()
    sidecar: SidecarText | None = None
    description: Description | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that can't be read, and why."""

    file: FileAt
    error: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """How much of a batch was new.

    Attributes:
        contents: Rows added to `content`.
        embeddings: Rows added to `embedding`.
    """

    contents: int
    embeddings: int


def record_batch(
    session: Session, space_id: int, pictures: Sequence[Picture], failures: Sequence[Failure] = ()
) -> Recorded:
    """Write what is at these paths now, whatever was there before: new, changed, copied, touched, failed.

    Writing the same batch again changes nothing. An embedding that exists stays as it is.

    Raises:
        ValueError: A vector has another shape or length than 1, or is missing and the content has none.
    """
    content_ids, new_contents = _contents(session, [picture.content for picture in pictures])
    _describe(
        session,
        {
            content_id: picture.description
            for content_id, picture in zip(content_ids, pictures, strict=True)
            if picture.description is not None
        },
    )
    vectors: dict[int, NDArray[np.float32]] = {}
    seconds: dict[int, Sequence[float]] = {}
    for content_id, picture in zip(content_ids, pictures, strict=True):
        if picture.vectors is not None:
            vectors[content_id], seconds[content_id] = picture.vectors, picture.seconds
    new_embeddings = _embeddings(session, space_id, vectors, seconds)
    without = set(content_ids) - vectors.keys()
    if lacking := without - embedded(session, space_id, without):
        raise ValueError(
            f"contents {sorted(lacking)[:5]} have no embedding in space {space_id}, and no vector came"
        )

    now_there = {
        (picture.file.root_id, picture.file.path): _file(picture.file, "indexed", content_id=content_id)
        for content_id, picture in zip(content_ids, pictures, strict=True)
    }
    for failure in failures:
        key = (failure.file.root_id, failure.file.path)
        now_there[key] = _file(failure.file, "failed", error=failure.error)
    content_ids_before = _files(session, now_there)
    record_sidecars(
        session,
        [*(p.file for p in pictures), *(f.file for f in failures)],
        [*(p.sidecar for p in pictures), *(None for _ in failures)],
    )
    settle(session, {*content_ids, *content_ids_before}, embeddings=new_embeddings)
    return Recorded(new_contents, len(new_embeddings))


def record_sidecars(
    session: Session, files: Sequence[FileAt], sidecars: Sequence[SidecarText | None]
) -> set[int]:
    """Write what is said beside files that the catalog has; None forgets what was.

    Returns:
        The contents of these files: whoever calls has to `settle` them.
    """
    now_said = {(file.root_id, file.path): sidecar for file, sidecar in zip(files, sidecars, strict=True)}
    rows, ids, contents = [], [], set()
    for key, (file_id, content_id) in rows_at(session, now_said.keys()):
        ids.append(file_id)
        if content_id is not None:
            contents.add(content_id)
        if (sidecar := now_said[key]) is not None:
            rows.append({"file_id": file_id, "stamp": sidecar.stamp, **_said(sidecar.description)})
    for chunk in chunks(ids):
        session.execute(
            delete(Sidecar).where(Sidecar.file_id.in_(chunk)),
            execution_options={"synchronize_session": False},
        )
    if rows:
        session.execute(insert(Sidecar), rows)
    return contents


def record_embeddings(
    session: Session,
    space_id: int,
    content_ids: Sequence[int],
    vectors: Iterable[NDArray[np.float32]],
    seconds: Mapping[int, Sequence[float]] | None = None,
) -> int:
    """Add embeddings of known contents, for a space that is being built.

    Args:
        session: A writing session.
        space_id: The space.
        content_ids: n contents; those that have an embedding in the space keep it.
        vectors: For each the unit vectors of its parts, (p, dim).
        seconds: When the frames of those that are videos are, by content.

    Returns:
        How many are new.

    Raises:
        ValueError: The shapes don't fit, or a vector isn't a unit vector.
    """
    new = _embeddings(session, space_id, dict(zip(content_ids, vectors, strict=True)), seconds or {})
    settle(session, (), embeddings=new)
    return len(new)


def record_contents(
    session: Session,
    space_id: int,
    contents: Sequence[ContentFacts],
    vectors: Sequence[NDArray[np.float32]],
    seconds: Sequence[Sequence[float]],
) -> tuple[list[int], Recorded]:
    """Add contents that may have no file, with their embeddings; those that are known stay as they are.

    Args:
        session: A writing session.
        space_id: The space.
        contents: What is in them.
        vectors: As for `record_embeddings`.
        seconds: When each of a video's frames is; empty for a picture.

    Returns:
        The id of each, and how much was new.

    Raises:
        ValueError: See `record_embeddings`.
    """
    ids, new_contents = _contents(session, contents)
    new = record_embeddings(session, space_id, ids, vectors, dict(zip(ids, seconds, strict=True)))
    return ids, Recorded(new_contents, new)


def insert_embeddings(session: Session, rows: Sequence[dict[str, object]]) -> list[int]:
    """Add rows to `embedding`; whoever calls has to `settle` them.

    Returns:
        Their ids, in the order of the rows: neighbours in a folder stay neighbours in the index.
    """
    ids: list[int] = []
    for chunk in chunks(rows, 1000):
        statement = insert(Embedding).returning(Embedding.id, sort_by_parameter_order=True)
        ids += session.scalars(statement, chunk)
    return ids


def pack(session: Session, space_id: int, vectors: Sequence[NDArray[np.float32]]) -> NDArray[np.float16]:
    """Vectors as they are stored: (n, dim), little-endian float16.

    Raises:
        ValueError: One isn't a unit vector of the space's dimension.
    """
    dim = session.scalar(select(Space.dim).where(Space.id == space_id))
    if dim is None:
        raise ValueError(f"there is no embedding space {space_id}")
    if any(vector.shape != (dim,) for vector in vectors):
        raise ValueError(f"embedding space {space_id} takes vectors of shape ({dim},)")
    stacked = np.stack(vectors)
    # Also catches NaN and infinity, which no comparison with 1 survives.
    if not np.all(np.abs(np.linalg.norm(stacked, axis=1) - 1) < 0.01):
        raise ValueError(
            "embeddings must be unit vectors; the encoder's output isn't normalised, or isn't finite"
        )
    return stacked.astype("<f2")


def _contents(session: Session, given: Sequence[ContentFacts | int]) -> tuple[list[int], int]:
    """The content id of each, and how many had to be added."""
    facts = {each.hash: each for each in given if isinstance(each, ContentFacts)}
    known = contents_by_hash(session, facts.keys())
    new = [fact for fact in facts.values() if fact.hash not in known]
    for chunk in chunks(new, 1000):
        added = session.execute(
            insert(Content).returning(Content.hash, Content.id), [_content_values(fact) for fact in chunk]
        )
        known.update((row[0], row[1]) for row in added)
    _describe(session, {known[fact.hash]: fact.description for fact in new if fact.description})
    return [each if isinstance(each, int) else known[each.hash] for each in given], len(new)


def _content_values(fact: ContentFacts) -> dict[str, object]:
    # `settle` shows it, once its files are in place.
    values = {name: getattr(fact, name) for name in ContentFacts.__slots__ if name != "description"}
    return {**values, "flags": list(fact.flags), "shown": False}


def _describe(session: Session, descriptions: dict[int, Description]) -> None:
    """Write what pictures say, in the place of what they said before."""
    for ids in chunks(descriptions):
        session.execute(
            delete(ContentText).where(ContentText.content_id.in_(ids)),
            execution_options={"synchronize_session": False},
        )
    rows = [{"content_id": each, **_said(said)} for each, said in descriptions.items() if said]
    if rows:
        session.execute(insert(ContentText), rows)


def _said(description: Description) -> dict[str, object]:
    return {**asdict(description), "keywords": list(description.keywords)}


def _embeddings(
    session: Session,
    space_id: int,
    vectors: Mapping[int, NDArray[np.float32]],
    seconds: Mapping[int, Sequence[float]],
) -> list[int]:
    """Add those of the contents that have none in the space, with all their parts; the ids."""
    there = embedded(session, space_id, vectors.keys())
    parts = [
        (content_id, part, vector, time)
        for content_id, found in vectors.items()
        if content_id not in there
        for part, (vector, time) in enumerate(zip(found, _times(found, seconds.get(content_id)), strict=True))
    ]
    if not parts:
        return []
    packed = pack(session, space_id, [vector for _, _, vector, _ in parts])
    rows = [
        {
            "content_id": content_id,
            "space_id": space_id,
            "part": part,
            "vector": vector.tobytes(),
            "seconds": time,
        }
        for (content_id, part, _, time), vector in zip(parts, packed, strict=True)
    ]
    return insert_embeddings(session, rows)


def _times(vectors: NDArray[np.float32], seconds: Sequence[float] | None) -> Sequence[float | None]:
    return seconds or [None] * len(vectors)


def _file(
    at: FileAt, state: str, *, content_id: int | None = None, error: str | None = None
) -> dict[str, object]:
    return {
        "root_id": at.root_id,
        "path": at.path,
        "size": at.size,
        "mtime_ns": at.mtime_ns,
        "state": state,
        "content_id": content_id,
        "error": error,
    }


def _files(session: Session, now_there: dict[tuple[int, bytes], dict[str, object]]) -> set[int]:
    """Insert or update file rows; the contents that were at these paths before."""
    before = dict(rows_at(session, now_there.keys()))
    new = [values for key, values in now_there.items() if key not in before]
    changed = [{"id": before[key][0], **values} for key, values in now_there.items() if key in before]
    if new:
        session.execute(insert(File), new)
    if changed:
        session.execute(update(File), changed)
    return {content_id for _, content_id in before.values() if content_id is not None}


def rows_at(
    session: Session, keys: Iterable[tuple[int, bytes]]
) -> Iterable[tuple[tuple[int, bytes], tuple[int, int | None]]]:
    """The files that the catalog has at these places (root and path): each with its key and its content."""
    by_root: dict[int, list[bytes]] = {}
    for root_id, path in keys:
        by_root.setdefault(root_id, []).append(path)
    for root_id, paths in by_root.items():
        for chunk in chunks(paths):
            statement = select(File.path, File.id, File.content_id).where(
                File.root_id == root_id, File.path.in_(chunk)
            )
            for path, file_id, content_id in session.execute(statement):
                yield (root_id, path), (file_id, content_id)
