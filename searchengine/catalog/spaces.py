"""Embedding spaces: which model a library's vectors come from, and which of them answers."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from sqlalchemy import delete, func, select, update

from searchengine.catalog.clock import now
from searchengine.catalog.models import Change, Embedding, LabelConcept, Space, SpaceCalibration
from searchengine.encoders.spec import ModelSpec

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

SpaceState = Literal["active", "building", "retired"]


@dataclass(frozen=True, slots=True)
class SpaceRow:
    """An embedding space.

    Attributes:
        id: Its key.
        spec: The model, pinned.
        precision: Arithmetic of the image tower.
        state: ``active`` answers queries (one at most), ``building`` is not complete, ``retired`` was active.
        identity: What a file derived from this space must say of itself to be believed.
        created_at: UTC.
        regions: Whether its pictures have embeddings of their regions too.
    """

    id: int
    spec: ModelSpec
    precision: str
    state: SpaceState
    identity: dict[str, str]
    created_at: datetime
    regions: bool = False


def active_space(session: Session) -> SpaceRow | None:
    """The space that answers queries, or None while nothing has been indexed."""
    found = session.scalar(select(Space).where(Space.state == "active"))
    return _row(found) if found else None


def space_of(session: Session, spec: ModelSpec) -> SpaceRow | None:
    """The newest space whose vectors compare with this model's: same weights, dimension and preprocessing."""
    found = session.scalar(
        select(Space)
        .where(
            Space.weights == spec.weights,
            Space.dim == spec.dim,
            Space.fingerprint == spec.preprocessing.fingerprint,
        )
        .order_by(Space.id.desc())
        .limit(1)
    )
    return _row(found) if found else None


def all_spaces(session: Session) -> list[SpaceRow]:
    """Every space, oldest first."""
    return [_row(space) for space in session.scalars(select(Space).order_by(Space.id))]


def embedding_counts(session: Session) -> dict[int, int]:
    """How many embeddings each space has, shown or not, by its key; a space without any is left out."""
    rows = session.execute(select(Embedding.space_id, func.count()).group_by(Embedding.space_id))
    return {row[0]: row[1] for row in rows}


def create_space(
    session: Session, spec: ModelSpec, *, precision: str = "float32", state: SpaceState = "active"
) -> SpaceRow:
    """A new, empty space.

    Raises:
        ValueError: It should be active, but another one is.
    """
    if state == "active" and active_space(session) is not None:
        raise ValueError(
            "a library has one active space; make this one `building` and activate it when complete"
        )
    space = Space(
        token=secrets.token_hex(8),
        model=spec.name,
        weights=spec.weights,
        dim=spec.dim,
        precision=precision,
        fingerprint=spec.preprocessing.fingerprint,
        spec=spec.to_dict(),
        state=state,
        created_at=now(),
    )
    session.add(space)
    session.flush()
    return _row(space)


def activate_space(session: Session, space_id: int) -> None:
    """Let this space answer; the one that did is retired.

    Raises:
        ValueError: There is no such space.
    """
    if session.get(Space, space_id) is None:
        raise ValueError(f"there is no embedding space {space_id}")
    session.execute(update(Space).where(Space.state == "active").values(state="retired"))
    session.execute(update(Space).where(Space.id == space_id).values(state="active"))


def drop_space(session: Session, space_id: int) -> None:
    """Delete a space with all that is in the catalog of it; what is derived from it is the caller's.

    Raises:
        ValueError: It is the active one.
    """
    active = active_space(session)
    if active is not None and active.id == space_id:
        raise ValueError(f"embedding space {space_id} is the active one; activate another one first")
    session.execute(delete(SpaceCalibration).where(SpaceCalibration.space_id == space_id))
    session.execute(delete(LabelConcept).where(LabelConcept.space_id == space_id))
    session.execute(delete(Change).where(Change.space_id == space_id))
    session.execute(delete(Embedding).where(Embedding.space_id == space_id))
    session.execute(delete(Space).where(Space.id == space_id))


def _row(space: Space) -> SpaceRow:
    identity = {
        "token": space.token,
        "model": space.model,
        "weights": space.weights,
        "fingerprint": space.fingerprint,
    }
    return SpaceRow(
        id=space.id,
        spec=ModelSpec.from_dict(space.spec),
        precision=space.precision,
        state=cast("SpaceState", space.state),
        identity=identity,
        created_at=space.created_at,
        regions=space.regions,
    )
