"""Parts of pictures that are embedded beside them, so that small things are found, where that is asked for.

A region is an embedding with a box. It belongs to its picture as a frame does to its video: what a search
finds by it is the picture.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, func, insert, literal, select, text, update

from searchengine.catalog.bulk import chunks
from searchengine.catalog.filters import is_video
from searchengine.catalog.models import Change, Content, Embedding, File, Space
from searchengine.catalog.record import insert_embeddings, pack
from searchengine.catalog.visibility import settle
from searchengine.images.tiles import LEAST_SIDE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from searchengine.images.tiles import Box

    Regions = tuple[Sequence[Box], NDArray[np.float32]]
    """Boxes, and a unit vector (dim,) of each: (n, dim)."""

_HAS_BOX = and_(text("embedding.part > 0"), Embedding.box.is_not(None))


def want(session: Session, space_id: int | None = None) -> None:
    """From now on pictures have regions in a space, or in the one that answers; the indexer sees to it."""
    which = Space.state == "active" if space_id is None else Space.id == space_id
    session.execute(update(Space).where(which).values(regions=True))


def count_lacking(session: Session, space_id: int) -> int:
    """How many pictures `lacking` would give."""
    return session.scalar(select(func.count()).select_from(Content).where(_lacking(space_id))) or 0


def lacking(session: Session, space_id: int, *, after: int, most: int) -> list[int]:
    """Pictures (not videos) that can be reached, are large enough and have no regions yet, in order of id.

    Args:
        session: A session.
        space_id: The space.
        after: Only those with a larger id.
        most: How many.
    """
    statement = select(Content.id).where(Content.id > after, _lacking(space_id))
    return list(session.scalars(statement.order_by(Content.id).limit(most)))


def wholes(session: Session, space_id: int, content_ids: Collection[int]) -> dict[int, NDArray[np.float32]]:
    """The embeddings of whole pictures, (dim,) each, by content id; those that have none are left out."""
    import numpy as np

    found: dict[int, NDArray[np.float32]] = {}
    for ids in chunks(content_ids):
        rows = session.execute(
            select(Embedding.content_id, Embedding.vector).where(
                Embedding.content_id.in_(ids), Embedding.space_id == space_id, Embedding.part == 0
            )
        )
        found.update((row[0], np.frombuffer(row[1], "<f2").astype(np.float32)) for row in rows)
    return found


def record(session: Session, space_id: int, found: Mapping[int, Regions]) -> int:
    """Add the regions of pictures; those that have theirs, or have gone meanwhile, are passed over.

    Args:
        session: A writing session.
        space_id: The space.
        found: By content id; none of them without any.

    Returns:
        How many pictures got theirs.

    Raises:
        ValueError: The numbers of boxes and vectors differ, or a vector isn't a unit vector.
    """
    there: set[int] = set()
    for ids in chunks(found):
        there.update(session.scalars(select(Content.id).where(Content.id.in_(ids), _has_none(space_id))))
    parts = [
        (content_id, part, box, vector)
        for content_id in sorted(there)
        for part, (box, vector) in enumerate(zip(*found[content_id], strict=True), start=1)
    ]
    if parts:
        packed = pack(session, space_id, [vector for *_, vector in parts])
        rows = [
            {
                "content_id": content_id,
                "space_id": space_id,
                "part": part,
                "vector": vector.tobytes(),
                "box": [round(edge, 4) for edge in box],
            }
            for (content_id, part, box, _), vector in zip(parts, packed, strict=True)
        ]
        settle(session, (), embeddings=insert_embeddings(session, rows))
    return len(there)


def forget(session: Session) -> None:
    """Drop the regions of every space; none are made until that is asked for again."""
    gone = (
        select(Embedding.space_id, Embedding.id, literal(value=False), literal(secrets.randbits(31)))
        .join(Content, Content.id == Embedding.content_id)
        .where(_HAS_BOX, Content.shown)
        .order_by(Embedding.id)
    )
    columns = [Change.space_id, Change.embedding_id, Change.shown, Change.mark]
    session.execute(insert(Change).from_select(columns, gone))
    session.execute(delete(Embedding).where(_HAS_BOX), execution_options={"synchronize_session": False})
    session.execute(update(Space).values(regions=False))


def _has_none(space_id: int) -> ColumnElement[bool]:
    """Whether a picture has its embedding, and none of its regions."""

    def part(number: int) -> ColumnElement[bool]:
        return (
            select(Embedding.id)
            .where(
                Embedding.content_id == Content.id,
                Embedding.space_id == space_id,
                Embedding.part == number,
            )
            .exists()
        )

    return and_(part(0), ~part(1))


def _lacking(space_id: int) -> ColumnElement[bool]:
    live = select(File.id).where(File.content_id == Content.id, File.state == "indexed").exists()
    large = and_(Content.width >= LEAST_SIDE, Content.height >= LEAST_SIDE)
    return and_(Content.shown, large, ~is_video, live, _has_none(space_id))
