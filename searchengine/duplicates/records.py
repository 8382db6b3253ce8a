"""Reading for duplicates: every picture that is shown, in columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import func, select

from searchengine.catalog.bulk import chunks
from searchengine.catalog.filters import is_video
from searchengine.catalog.models import Content, Embedding, File

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """n pictures, in the order of their ids or of a ranking.

    Attributes:
        ids: (n,) int64, content ids.
        hashes: (n, 8) uint8, perceptual hashes; zeros where there is none.
        times: (n,) datetime64[s], when each was shot; not-a-time where nobody knows, and where no camera is
            named: then the date may be that of an edit.
        vectors: (n, dim) float16, embeddings.
    """

    ids: NDArray[np.int64]
    hashes: NDArray[np.uint8]
    times: NDArray[np.datetime64]
    vectors: NDArray[np.float16]


def read_records(session: Session, space_id: int, dim: int, ranked: Sequence[int] | None = None) -> Records:
    """Every picture that is shown and has an embedding in the space; or a ranking's, with its videos."""
    shown = (
        select(Content.id, Content.perceptual_hash, Content.taken_at, Content.camera, Embedding.vector)
        .join(Embedding, Embedding.content_id == Content.id)
        .where(Content.shown, Embedding.space_id == space_id, Embedding.part == 0)
        .order_by(Content.id)
        .execution_options(yield_per=4096)
    )
    rows: Iterable[Any]
    if ranked is None:
        rows = session.execute(shown.where(~is_video))
    else:
        found = {}
        for chunk in chunks(ranked):
            found.update({row[0]: row for row in session.execute(shown.where(Content.id.in_(chunk)))})
        rows = [found[content] for content in ranked if content in found]
    ids, hashes, times, vectors = [], [], [], []
    for content, perceptual, taken_at, camera, vector in rows:
        ids.append(content)
        hashes.append(perceptual or bytes(8))
        times.append(np.datetime64((camera and taken_at) or "NaT", "s"))
        vectors.append(vector)
    return Records(
        ids=np.array(ids, np.int64),
        hashes=np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 8),
        times=np.array(times, "datetime64[s]"),
        vectors=np.frombuffer(b"".join(vectors), "<f2").reshape(-1, dim),
    )


def copied(session: Session) -> list[int]:
    """The pictures that lie in more than one file, by content id, ascending."""
    return list(
        session.scalars(
            select(File.content_id)
            .where(File.content_id.is_not(None))
            .group_by(File.content_id)
            .having(func.count() > 1)
            .order_by(File.content_id)
        )
    )
