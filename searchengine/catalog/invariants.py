"""What must be true of a catalog at every moment, as searches for what isn't."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import func, select

from searchengine.catalog.dialect import dialect_of
from searchengine.catalog.embeddings import STREAMED_ROWS
from searchengine.catalog.models import Change, Content, Embedding, File, Root, Space
from searchengine.catalog.roots import below
from searchengine.catalog.visibility import has_live_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from searchengine.catalog.dangling import Dangling
    from searchengine.catalog.spaces import SpaceRow

# Rounding to float16 moves the length of a unit vector by far less.
LENGTH_TOLERANCE = 0.01

AUTOINCREMENTED = (Root, Space, Content, File, Embedding, Change)


def integrity(session: Session) -> list[str] | None:
    """What the database finds wrong with its pages and indexes, at most 100 things; None: it isn't asked."""
    return dialect_of(session).integrity(session)


def dangling(session: Session) -> list[Dangling]:
    """Rows that refer to rows that aren't there."""
    return dialect_of(session).dangling(session)


def wrongly_shown(session: Session) -> list[int]:
    """Contents that are shown without a live file, or have one and aren't."""
    return list(session.scalars(select(Content.id).where(Content.shown != has_live_file)))


def shown_ids(session: Session, space_id: int) -> NDArray[np.int64]:
    """The embeddings that should be found: those of shown contents, ascending."""
    rows = session.connection().execute(
        select(Embedding.id)
        .join(Content, Content.id == Embedding.content_id)
        .where(Embedding.space_id == space_id, Content.shown)
        .order_by(Embedding.id)
    )
    return np.array([row[0] for row in rows], np.int64)


def replayed_ids(session: Session, space_id: int, *, until: int | None = None) -> NDArray[np.int64]:
    """The embeddings that are found by whoever replays the changes from the first one on, ascending.

    Args:
        session: A session.
        space_id: The space.
        until: The last sequence to replay; None for all.
    """
    statement = select(Change.embedding_id, Change.shown).where(Change.space_id == space_id)
    if until is not None:
        statement = statement.where(Change.sequence <= until)
    rows = session.connection().execute(statement.order_by(Change.sequence))
    last = {row[0]: row[1] for row in rows}
    return np.array(sorted(each for each, shown in last.items() if shown), np.int64)


def log_differences(session: Session, space_id: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Embeddings that the change log forgot to show, and those it forgot to hide."""
    should, does = shown_ids(session, space_id), replayed_ids(session, space_id)
    return np.setdiff1d(should, does), np.setdiff1d(does, should)


def embeddings(
    session: Session, space: SpaceRow
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16], list[int]]]:
    """All embeddings of a space, shown or not, in batches.

    Yields:
        Ids (n,), ascending, their vectors (n, dim), and the ids of those that have another length.
    """
    last, size = 0, 2 * space.spec.dim
    while True:
        found = session.connection().execute(
            select(Embedding.id, Embedding.vector)
            .where(Embedding.space_id == space.id, Embedding.id > last)
            .order_by(Embedding.id)
            .limit(STREAMED_ROWS)
        )
        rows = [(row[0], row[1]) for row in found]
        if not rows:
            return
        last = rows[-1][0]
        whole = [row for row in rows if len(row[1]) == size]
        vectors = np.frombuffer(b"".join(row[1] for row in whole), "<f2").reshape(len(whole), space.spec.dim)
        yield (
            np.array([row[0] for row in whole], np.int64),
            vectors,
            [row[0] for row in rows if len(row[1]) != size],
        )


def broken_vectors(session: Session, space: SpaceRow) -> tuple[list[int], int]:
    """Embeddings that aren't unit vectors of the space's dimension, and how many there are in all."""
    broken: list[int] = []
    count = 0
    for ids, vectors, torn in embeddings(session, space):
        count += len(ids) + len(torn)
        lengths = np.linalg.norm(vectors.astype(np.float32), axis=1)
        # Said this way round, NaN is wrong too.
        broken += [*torn, *ids[~(np.abs(lengths - 1) < LENGTH_TOLERANCE)].tolist()]
    return broken, count


def reusable_keys(session: Session) -> dict[str, int]:
    """Tables whose next key may have been used before, with the highest key that is known of."""
    issued = dialect_of(session).last_keys(session)
    highest = {
        table.__tablename__: session.scalar(select(func.max(table.__mapper__.primary_key[0]))) or 0
        for table in AUTOINCREMENTED
    }
    mentioned = session.scalar(select(func.max(Change.embedding_id))) or 0
    highest["embedding"] = max(highest["embedding"], mentioned)
    return {table: key for table, key in highest.items() if key > issued.get(table, 0)}


def overlapping_roots(session: Session) -> list[bytes]:
    """Roots that lie in another one."""
    paths = sorted(session.scalars(select(Root.path)))
    return [inner for inner in paths for outer in paths if inner != outer and below(inner, outer) is not None]


def stray_paths(session: Session) -> list[str]:
    """Files whose path isn't one below their root, at most a hundred."""
    rows = session.scalars(
        select(File.path)
        .where(
            (File.path == b"")
            | (func.substr(File.path, 1, 1) == b"/")
            | (func.substr(File.path, 1, 3) == b"../")
        )
        .limit(100)
    )
    return [os.fsdecode(path) for path in rows]
