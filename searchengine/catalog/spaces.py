"""Embedding spaces: which model a library's vectors come from, and which of them answers."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from searchengine.catalog.clock import now
from searchengine.catalog.sql import from_json, rows, to_time
from searchengine.encoders.spec import ModelSpec

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from searchengine.catalog.sql import Reading, Row

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


_SPACES = (
    "SELECT id, spec, precision, state, token, model, weights, fingerprint, created_at, regions FROM space"
)


def active_space(reading: Reading) -> SpaceRow | None:
    """The space that answers queries, or None while nothing has been indexed."""
    found = rows(reading, f"{_SPACES} WHERE state = 'active'")
    return _row(found[0]) if found else None


def space_of(reading: Reading, spec: ModelSpec) -> SpaceRow | None:
    """The newest space whose vectors compare with this model's: same weights, dimension and preprocessing."""
    found = rows(
        reading,
        f"{_SPACES} WHERE weights = :weights AND dim = :dim AND fingerprint = :fingerprint"
        " ORDER BY id DESC LIMIT 1",
        weights=spec.weights,
        dim=spec.dim,
        fingerprint=spec.preprocessing.fingerprint,
    )
    return _row(found[0]) if found else None


def all_spaces(reading: Reading) -> list[SpaceRow]:
    """Every space, oldest first."""
    return [_row(space) for space in rows(reading, f"{_SPACES} ORDER BY id")]


def embedding_counts(reading: Reading) -> dict[int, int]:
    """How many embeddings each space has, shown or not, by its key; a space without any is left out."""
    return dict(rows(reading, "SELECT space_id, count(*) FROM embedding GROUP BY space_id"))


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
    from searchengine.catalog.models import Space

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
    return _row(rows(session, f"{_SPACES} WHERE id = :id", id=space.id)[0])


def activate_space(session: Session, space_id: int) -> None:
    """Let this space answer; the one that did is retired.

    Raises:
        ValueError: There is no such space.
    """
    from sqlalchemy import update

    from searchengine.catalog.models import Space

    if session.get(Space, space_id) is None:
        raise ValueError(f"there is no embedding space {space_id}")
    session.execute(update(Space).where(Space.state == "active").values(state="retired"))
    session.execute(update(Space).where(Space.id == space_id).values(state="active"))


def drop_space(session: Session, space_id: int) -> None:
    """Delete a space with all that is in the catalog of it; what is derived from it is the caller's.

    Raises:
        ValueError: It is the active one.
    """
    from sqlalchemy import delete

    from searchengine.catalog.models import Change, Embedding, LabelConcept, Space, SpaceCalibration

    active = active_space(session)
    if active is not None and active.id == space_id:
        raise ValueError(f"embedding space {space_id} is the active one; activate another one first")
    session.execute(delete(SpaceCalibration).where(SpaceCalibration.space_id == space_id))
    session.execute(delete(LabelConcept).where(LabelConcept.space_id == space_id))
    session.execute(delete(Change).where(Change.space_id == space_id))
    session.execute(delete(Embedding).where(Embedding.space_id == space_id))
    session.execute(delete(Space).where(Space.id == space_id))


def _row(space: Row) -> SpaceRow:
    key, spec, precision, state, token, model, weights, fingerprint, created_at, regions = space
    return SpaceRow(
        id=key,
        spec=ModelSpec.from_dict(from_json(spec)),
        precision=precision,
        state=cast("SpaceState", state),
        identity={"token": token, "model": model, "weights": weights, "fingerprint": fingerprint},
        created_at=cast("datetime", to_time(created_at)),
        regions=bool(regions),
    )
