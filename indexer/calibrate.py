"""After a run: measure where a space's relevance lines lie, when it has grown or shrunk enough to matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.catalog import calibrations, spaces

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.embeddings import EmbeddingSource
    from searchengine.catalog.spaces import SpaceRow
    from searchengine.encoders.encoder import Encoder
    from searchengine.layout import Layout
    from searchengine.vectors.space_index import SpaceIndex

# The best of n unrelated scores grows with the logarithm of n: a tenth more pictures moves it by a hundredth
# of its distance from the mean.
STALE = 0.1
# Pictures that stand for the library: half a megabyte at dimension 512, read once by whoever searches.
SAMPLE = 512


def keep_calibrated(
    catalog: Catalog, layout: Layout, space: SpaceRow, load_encoder: Callable[[], Encoder]
) -> bool:
    """Calibrate a space that hasn't been, or with other prompts, or when it was a tenth larger or smaller.

    A library that an older version made has its first calibration from here, at its next run.

    Args:
        catalog: Of a library that nobody else is writing.
        layout: The library's.
        space: Which.
        load_encoder: Gives its model; called only when the prompts haven't been embedded yet.

    Returns:
        Whether there was anything to do.
    """
    from searchengine.query.neutral_prompts import digest, neutral_prompts

    prompts = neutral_prompts()
    with catalog.read() as session:
        before = calibrations.calibration(session, space.id)
        images = spaces.embedding_counts(session).get(space.id, 0)
    if before is not None and before.digest != digest(prompts):
        before = None
    if not images or (before is not None and abs(images - before.images) <= STALE * before.images):
        return False
    from searchengine.calibration import Calibration
    from searchengine.catalog.embeddings import EmbeddingSource
    from searchengine.query.relevance import unrelated_pictures, unrelated_words

    bank = _normalised(before.bank if before is not None else load_encoder().encode_texts(prompts))
    source = EmbeddingSource(catalog, space)
    sample = _normalised(source.sample(SAMPLE))
    cosines, best = _nearest(layout.vector_store.open(source), source, bank)
    if not len(cosines):  # everything that was embedded is out of sight
        return False
    made = Calibration(
        bank=bank,
        sample=sample,
        words=unrelated_words(bank, cosines, best),
        pictures=unrelated_pictures(sample),
        digest=digest(prompts),
        images=images,
    )
    with catalog.write() as session:
        calibrations.keep_calibration(session, space.id, made)
    return True


def _nearest(
    index: SpaceIndex, source: EmbeddingSource, queries: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Each query's best cosine (q,) and the picture that has it (q, dim); nothing when nothing is shown."""
    found = index.search(queries, 1)
    if not found.ids.shape[1]:
        return queries[:0, 0], queries[:0]
    ids, vectors = source.vectors(found.ids[:, 0])
    return found.scores[:, 0], _normalised(vectors)[ids.searchsorted(found.ids[:, 0])]


def _normalised(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """float32, of length 1 once more after having been float16."""
    import numpy as np

    wide = vectors.astype(np.float32)
    unit: NDArray[np.float32] = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    return unit
