"""What each space's relevance lines are drawn from, in and out of its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.calibration import Calibration
from searchengine.catalog.sql import from_json, rows

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from searchengine.catalog.sql import Reading


_CALIBRATION = "SELECT bank, sample, words, pictures, digest, images FROM calibration WHERE space_id = :space"


def calibration(reading: Reading, space_id: int) -> Calibration | None:
    """A space's calibration; None when there is none yet."""
    import numpy as np

    found = rows(reading, _CALIBRATION, space=space_id)
    if not found:
        return None
    ((bank, sample, words, pictures, digest, images),) = found
    scores = tuple(from_json(words))
    dim = len(bank) // 2 // len(scores)
    return Calibration(
        bank=np.frombuffer(bank, "<f2").reshape(-1, dim).astype(np.float32),
        sample=np.frombuffer(sample, "<f2").reshape(-1, dim).astype(np.float32),
        words=scores,
        pictures=tuple(from_json(pictures)),
        digest=digest,
        images=images,
    )


def keep_calibration(session: Session, space_id: int, made: Calibration) -> None:
    """Put a space's calibration in the place of the one before."""
    from sqlalchemy import delete

    from searchengine.catalog.models import SpaceCalibration

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
