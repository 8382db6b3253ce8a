"""Fit concepts to their examples, in one embedding space."""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.catalog import images, labels
from searchengine.catalog.embeddings import EmbeddingSource

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.labels import LabelRow
    from searchengine.catalog.spaces import SpaceRow
    from searchengine.concept import Concept
    from searchengine.encoders.encoder import Encoder


def learn(
    catalog: Catalog,
    space: SpaceRow,
    load_encoder: Callable[[], Encoder],
    *,
    only: Collection[int] | None = None,
) -> None:
    """Let a space learn concepts from their examples as they are now; what can't be learned is unlearned.

    Args:
        catalog: The library's.
        space: Which space.
        load_encoder: Gives its model; called only when there is something to learn.
        only: Keys of the concepts; None for all.
    """
    with catalog.read() as session:
        wanted = [label for label in labels.all_labels(session) if only is None or label.id in only]
    if not wanted:
        return
    from searchengine.understanding.prompts import TEMPLATES, label_vectors

    source = EmbeddingSource(catalog, space)
    names = label_vectors(load_encoder(), [label.name for label in wanted], TEMPLATES)
    learned = [_fit(catalog, source, space, label, name) for label, name in zip(wanted, names, strict=True)]
    with catalog.write() as session:
        there = {label.id for label in labels.all_labels(session)}
        for label, concept in zip(wanted, learned, strict=True):
            if label.id in there:  # another process may have removed it meanwhile
                labels.keep_concept(session, label.id, space.id, concept)


def _fit(
    catalog: Catalog, source: EmbeddingSource, space: SpaceRow, label: LabelRow, name: NDArray[np.float32]
) -> Concept | None:
    from searchengine.understanding.concepts import SAMPLE, fit

    with catalog.read() as session:
        examples = labels.examples(session, label.id)
        embeddings = images.embedding_ids(session, space.id, examples)

    def side(*, shows: bool) -> NDArray[np.float32]:
        return source.unit_vectors([embeddings[each] for each in embeddings if examples[each] is shows])

    positives = side(shows=True)
    if not len(positives):
        return None
    return fit(positives, side(shows=False), source.unit_sample(SAMPLE), name)
