"""The pictures whose regions haven't been embedded: those of this run, and those that were indexed before.

Each is decoded once more. That costs little beside a dozen embeddings, and so a picture can be found as a
whole long before all of them can be found by their parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.decoding.decode import DecodePool
from indexer.pipeline.again import Work
from indexer.progress import Progress, Rate
from searchengine.catalog import regions

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from indexer.decoding.decode import Decoded
    from indexer.progress import OnProgress
    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.spaces import SpaceRow
    from searchengine.encoders.encoder import Encoder

BATCH_SIZE = 32
"""Regions that are encoded together, and with the rest of their pictures' committed."""

SLICE = 1024
"""Pictures whose files are looked up at a time."""


CONTEXT = 0.1
"""How much of the whole picture is in a region's vector."""

BLANK = 0.1
"""How much of a blank picture is."""

GREY = 128


class _Regions(Work):
    def __init__(self, catalog: Catalog, space_id: int, encoder: Encoder) -> None:
        super().__init__(catalog, space_id, {})
        self._blank = blank_picture(encoder)

    def record(self, session: Session, fresh: dict[int, tuple[NDArray[np.float32], Decoded]]) -> int:
        wholes = regions.wholes(session, self.space_id, fresh)
        found = {
            each: (decoded.boxes, in_context(vectors, wholes[each], self._blank))
            for each, (vectors, decoded) in fresh.items()
            if each in wholes  # somebody may have forgotten it meanwhile
        }
        return regions.record(session, self.space_id, found)


def in_context(
    vectors: NDArray[np.float32], whole: NDArray[np.float32], blank: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Regions as they are searched: what is in them, with a little of what they are parts of, and of nothing.

    The picture as a whole lets a query for a dog on a beach prefer the dog that is on one. And a dozen
    regions are a dozen chances to be near a query by accident, so they stand back a little behind whole
    pictures: a blank picture goes with few words, and what it is mixed into comes nearer to none.

    Share among the first ten of scenes with one tiny thing, then in first place of ordinary ones: 0.84 and
    0.91 that way, 0.85 and 0.88 by what is in the regions alone, 0.78 and 0.91 by regions mixed half and half
    with the whole picture, 0.55 and 0.93 by whole pictures (those of scripts/eval_regions.py, seeds 3 and 4).

    Args:
        vectors: The regions' embeddings, (n, dim), of length 1.
        whole: The picture's, (dim,), of length 1.
        blank: A blank picture's, (dim,), of length 1.

    Returns:
        float32 (n, dim), of length 1.
    """
    import numpy as np

    mixed = vectors + CONTEXT * whole + BLANK * blank
    unit: NDArray[np.float32] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    return unit


def blank_picture(encoder: Encoder) -> NDArray[np.float32]:
    """What a model makes of a picture of which all is grey, (dim,)."""
    import numpy as np

    grey = np.full((1, *encoder.spec.preprocessing.size, 3), GREY, np.uint8)
    blank: NDArray[np.float32] = encoder.encode_images(grey)[0]
    return blank


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
    work = _Regions(catalog, space.id, encoder)
    rate, last = Rate(), 0

    def tell() -> None:
        on_progress(Progress("embedding regions", work.embedded, total, 0, rate.mark(work.embedded)))

    tell()
    with DecodePool(encoder.spec.preprocessing, in_regions=True) as pool:
        while True:
            with catalog.read() as session:
                wanted = regions.lacking(session, space.id, after=last, most=SLICE)
            if not wanted:
                return
            last = wanted[-1]
            work.embed(wanted, encoder, pool, batch_size=BATCH_SIZE, on_batch=tell)
