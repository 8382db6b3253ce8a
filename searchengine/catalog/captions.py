"""What imgsearch itself has said of pictures: searched as people's captions are, never in their place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from searchengine.catalog import words
from searchengine.catalog.bulk import chunks
from searchengine.catalog.models import Caption, Content

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class CaptionRow:
    """A description that was kept.

    Attributes:
        text: A sentence.
        method: How it came about: ``written`` or ``composed``.
        model: Name of the model that looked.
    """

    text: str
    method: str
    model: str


def caption(session: Session, content_id: int) -> CaptionRow | None:
    """What has been said of a picture; None where nothing has."""
    row = session.get(Caption, content_id)
    return None if row is None else CaptionRow(row.text, row.method, row.model)


def record(session: Session, said: Mapping[int, CaptionRow]) -> int:
    """Keep descriptions in the place of earlier ones, and index their words.

    Args:
        session: A writing session.
        said: By content id; of pictures that have gone meanwhile nothing is kept.

    Returns:
        How many were kept.
    """
    there: set[int] = set()
    for ids in chunks(said):
        there |= set(session.scalars(select(Content.id).where(Content.id.in_(ids))))
        session.execute(
            delete(Caption).where(Caption.content_id.in_(ids)),
            execution_options={"synchronize_session": False},
        )
    rows = [
        {"content_id": each, "text": said[each].text, "method": said[each].method, "model": said[each].model}
        for each in sorted(there)
    ]
    if rows:
        session.execute(insert(Caption), rows)
    words.settle(session, there)
    return len(rows)


def forget(session: Session) -> int:
    """Drop all of them; of how many pictures."""
    had = session.scalars(select(Caption.content_id)).all()
    session.execute(delete(Caption))
    words.settle(session, had)
    return len(had)
