"""Concepts the user taught: their examples, and what each space has learned from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Integer, and_, cast, delete, func, or_, select, update

from searchengine.catalog.bulk import chunks
from searchengine.catalog.clock import now
from searchengine.catalog.models import Content, Label, LabelConcept, LabelExample
from searchengine.concept import Concept
from searchengine.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A concept.

    Attributes:
        id: Its key.
        name: In lower case.
        positives: Pictures of the library that show it; hidden ones count too.
        negatives: Pictures of the library that don't.
    """

    id: int
    name: str
    positives: int
    negatives: int


def all_labels(session: Session) -> list[LabelRow]:
    """Every concept, in the order of the names."""
    shows = func.coalesce(func.sum(cast(LabelExample.shows, Integer)), 0)
    rows = session.execute(
        select(Label.id, Label.name, shows, func.count(LabelExample.content_id))
        .outerjoin(LabelExample, LabelExample.label_id == Label.id)
        .group_by(Label.id)
        .order_by(Label.name)
    )
    return [LabelRow(row[0], row[1], row[2], row[3] - row[2]) for row in rows]


def find_label(session: Session, name: str) -> LabelRow:
    """A concept by its name, in letters of either case.

    Raises:
        UsageError: There is none.
    """
    known = {label.name: label for label in all_labels(session)}
    found = known.get(name.strip().lower())
    if found is None:
        there = f"there are {', '.join(known)}" if known else "none has been taught yet"
        raise UsageError(
            f"no label is called {name}; {there}. Teach it with: imgsearch label add {name} PICTURE…"
        )
    return found


def examples(session: Session, label_id: int) -> dict[int, bool]:
    """Whether each example shows the concept, by the picture's id."""
    rows = session.execute(
        select(LabelExample.content_id, LabelExample.shows).where(LabelExample.label_id == label_id)
    )
    return {row[0]: row[1] for row in rows}


def examples_shown(
    session: Session, label_id: int, *, limit: int | None = None, after: tuple[bool, int] | None = None
) -> list[tuple[int, bool]]:
    """The examples that the library shows now, those that show the concept first, then in the order of ids.

    Args:
        session: A session.
        label_id: The concept.
        limit: At most how many; None for all.
        after: The one after which to begin, with whether it shows the concept.
    """
    statement = (
        select(LabelExample.content_id, LabelExample.shows)
        .join(Content, Content.id == LabelExample.content_id)
        .where(LabelExample.label_id == label_id, Content.shown)
        .order_by(LabelExample.shows.desc(), LabelExample.content_id)
        .limit(limit)
    )
    if after is not None:
        shows, content_id = after
        further = and_(LabelExample.shows.is_(shows), LabelExample.content_id > content_id)
        statement = statement.where(or_(further, LabelExample.shows.is_(False)) if shows else further)
    return [(row[0], row[1]) for row in session.execute(statement)]


def labels_of(session: Session, content_id: int) -> list[tuple[str, bool]]:
    """The concepts that a picture is an example of, by name, and whether it shows them."""
    rows = session.execute(
        select(Label.name, LabelExample.shows)
        .join(LabelExample, LabelExample.label_id == Label.id)
        .where(LabelExample.content_id == content_id)
        .order_by(Label.name)
    )
    return [(row[0], row[1]) for row in rows]


def put_examples(session: Session, name: str, content_ids: Collection[int], *, shows: bool) -> int:
    """Add pictures to a concept, which is made where there is none; one that was an example changes sides.

    Returns:
        The concept's key.
    """
    name = name.strip().lower()
    label = session.scalar(select(Label).where(Label.name == name))
    if label is None:
        label = Label(name=name, created_at=now())
        session.add(label)
        session.flush()
    take_examples(session, label.id, content_ids)
    session.add_all(
        LabelExample(label_id=label.id, content_id=each, shows=shows) for each in set(content_ids)
    )
    return label.id


def take_examples(session: Session, label_id: int, content_ids: Collection[int]) -> None:
    """Let pictures be no examples of a concept any more."""
    for chunk in chunks(set(content_ids)):
        session.execute(
            delete(LabelExample).where(LabelExample.label_id == label_id, LabelExample.content_id.in_(chunk)),
            execution_options={"synchronize_session": False},
        )


def rename_label(session: Session, label_id: int, name: str) -> None:
    """Let a concept go by another name, which none has."""
    session.execute(update(Label).where(Label.id == label_id).values(name=name))


def drop_label(session: Session, label_id: int) -> None:
    """Delete a concept with its examples and all that was learned from them."""
    for table, key in (
        (LabelExample, LabelExample.label_id),
        (LabelConcept, LabelConcept.label_id),
        (Label, Label.id),
    ):
        session.execute(delete(table).where(key == label_id))


def concept(session: Session, label_id: int, space_id: int) -> Concept | None:
    """What a space has learned of a concept; None where it hasn't."""
    import numpy as np

    row = session.get(LabelConcept, (label_id, space_id))
    if row is None:
        return None
    return Concept(np.frombuffer(row.weights, "<f4"), row.bias, row.recognised, row.told_apart)


def keep_concept(session: Session, label_id: int, space_id: int, learned: Concept | None) -> None:
    """Put what a space has learned in the place of what it had; None where there is nothing to learn from."""
    session.execute(
        delete(LabelConcept).where(LabelConcept.label_id == label_id, LabelConcept.space_id == space_id)
    )
    if learned is not None:
        weights = learned.weights.astype("<f4").tobytes()
        session.add(
            LabelConcept(
                label_id=label_id,
                space_id=space_id,
                weights=weights,
                bias=learned.bias,
                recognised=learned.recognised,
                told_apart=learned.told_apart,
            )
        )


def shown_among(session: Session, content_ids: Collection[int]) -> set[int]:
    """Those of the pictures that the library shows now."""
    found: set[int] = set()
    for chunk in chunks(set(content_ids)):
        found.update(session.scalars(select(Content.id).where(Content.id.in_(chunk), Content.shown)))
    return found
