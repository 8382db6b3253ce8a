"""What each space's relevance lines are drawn from, in and out of its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete

from searchengine.calibration import Calibration
from searchengine.catalog.models import SpaceCalibration

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def calibration(session: Session, space_id: int) -> Calibration | None:
    """A space's calibration; None when there is none yet."""
    import numpy as np

    row = session.get(SpaceCalibration, space_id)
    if row is None:
        return None
    prompts = len(row.words)
    dim = len(row.bank) // 2 // prompts
    return Calibration(
        bank=np.frombuffer(row.bank, "<f2").reshape(prompts, dim),
        sample=np.frombuffer(row.sample, "<f2").reshape(-1, dim),
        words=tuple(row.words),
        pictures=tuple(row.pictures),
        digest=row.digest,
        images=row.images,
    )


def keep_calibration(session: Session, space_id: int, made: Calibration) -> None:
    """Put a space's calibration in the place of the one before."""
    session.execute(delete(SpaceCalibration).where(SpaceCalibration.space_id == space_id))
    session.add(
        SpaceCalibration(
            space_id=space_id,
            bank=made.bank.astype("<f2").tobytes(),
            sample=made.sample.astype("<f2").tobytes(),
            words=list(made.words),
            pictures=list(made.pictures),
            digest=made.digest,
            images=made.images,
        )
    )
