"""The pictures whose regions haven't been embedded: those of this run, and those that were indexed before.

Each is decoded once more. That costs little beside a dozen embeddings, and so a picture can be found as a
whole long before all of them can be found by their parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.decoding.decode import DecodePool
from indexer.pipeline.again import Work
from indexer.pipeline.pipeline import Pipeline
from indexer.progress import Progress, Rate, Stopwatch
from searchengine.catalog import regions

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from indexer.decoding.decode import Decoded
    from indexer.pipeline.pipeline import Batch
    from indexer.progress import OnProgress
    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.spaces import SpaceRow
    from searchengine.encoders.encoder import Encoder

BATCH_SIZE = 32
"""Regions that are encoded together, and with the rest of their pictures' committed."""

SLICE = 1024
"""Pictures whose files are looked up at a time."""


class _Regions(Work):
    def record(self, session: Session, fresh: dict[int, tuple[NDArray[np.float32], Decoded]]) -> int:
        found = {each: (decoded.boxes, vectors) for each, (vectors, decoded) in fresh.items()}
        return regions.record(session, self.space_id, found)


def catch_up(
    catalog: Catalog, space: SpaceRow, load_encoder: Callable[[], Encoder], on_progress: OnProgress
) -> None:
    """Embed the regions of every picture that lacks them and can be reached; commit them batch by batch.

    Args:
        catalog: The library's.
        space: Whose embeddings they get.
        load_encoder: Gives its model; called only when there is something to do.
        on_progress: Told where it is.

    Raises:
        KeyboardInterrupt: After what was being encoded has been committed; the next time goes on from there.
        ImgsearchError: Whatever stopped the encoder or the commit; earlier batches are kept.
    """
    with catalog.read() as session:
        total = regions.count_lacking(session, space.id)
    if not total:
        return
    encoder = load_encoder()
    work = _Regions(catalog, space.id, {})
    rate, last = Rate(), 0

    def commit(batch: Batch) -> None:
        work.commit(batch)
        on_progress(Progress("embedding regions", work.embedded, total, 0, rate.mark(work.embedded)))

    on_progress(Progress("embedding regions", 0, total))
    with DecodePool(encoder.spec.preprocessing, in_regions=True) as pool:
        while True:
            with catalog.read() as session:
                wanted = regions.lacking(session, space.id, after=last, most=SLICE)
            if not wanted:
                return
            last = wanted[-1]
            jobs = work.jobs(wanted)
            while jobs:  # the pictures that couldn't be read come again, with their next copy
                Pipeline(
                    pool=pool,
                    encoder=encoder,
                    commit=commit,
                    is_known=lambda _: False,
                    batch_size=BATCH_SIZE,
                    stopwatch=Stopwatch(),
                ).run(jobs)
                jobs = work.next_copies()
