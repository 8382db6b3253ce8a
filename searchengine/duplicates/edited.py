"""Pairs that are the same picture, edited: candidates from both nets, verified on their pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from searchengine.duplicates.align import align
from searchengine.duplicates.grouping import Edges, edges_of, untried
from searchengine.duplicates.neighbours import near_embeddings, near_hashes
from searchengine.duplicates.similar import likeness, usual_cosine

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from searchengine.duplicates.records import Records

    Pairs = NDArray[np.int64]
    Tell = Callable[[str], None]
    Read = Callable[[NDArray[np.int64]], NDArray[np.float32]]

SAME = 0.8
"""Correlation from which two pictures are one. Of 149,877 pairs of different photos, all laid over each
other, the best (two horizons) reaches 0.79; of the crops by a tenth nineteen in twenty pass 0.88
(the photos of scripts/eval_duplicates.py)."""

_SURE = 0.95
"""Below, the pair must agree from the other side too: two pictures with little but a horizon can be bent over
each other (0.88), but hardly both ways (0.75)."""

_LIKE_ENOUGH = 0.5
"""Likeness below which a nearest embedding isn't looked at: it is near for want of anything nearer."""

_LEAST_OVERLAP = 0.6  # of the second picture; what a crop of a fifth leaves is 0.64
_AT_ONCE = 2048  # pairs whose pixels are in memory
_TOLD = 10 * _AT_ONCE  # pairs between two words on progress: half a minute


def edited_edges(records: Records, read: Read, on_progress: Tell | None = None) -> Edges:
    """The pairs that are one picture, by position, with their correlation.

    Args:
        records: The pictures.
        read: Gives the sketches (m, SIDE, SIDE) of positions (m,).
        on_progress: Told in words how far it is, where that takes longer.
    """
    nearest, cosines = near_embeddings(records.vectors)
    nearest = nearest[likeness(cosines, usual_cosine(records.vectors)) >= _LIKE_ENOUGH]
    tried = np.unique(np.concatenate([nearest, near_hashes(records.hashes)]), axis=0)
    tried = tried[~other_shots(records.times, tried)]
    edges = verified(tried, read, on_progress)
    # Once is enough: after it, each centre has met all that lead to it.
    more = np.array(untried(edges, map(tuple, tried.tolist())), np.int64).reshape(-1, 2)
    return edges | verified(more[~other_shots(records.times, more)], read)


def verified(pairs: Pairs, read: Read, on_progress: Tell | None = None) -> Edges:
    """Those of the pairs (m, 2) that show the same picture."""
    edges: Edges = {}
    for start in range(0, len(pairs), _AT_ONCE):
        if on_progress is not None and start % _TOLD == 0 and len(pairs) > _TOLD:
            on_progress(f"comparing pictures: {start:,} of {len(pairs):,} pairs")
        part = pairs[start : start + _AT_ONCE]
        one, other = read(part[:, 0]), read(part[:, 1])
        found = align(one, other)
        score = np.where(found.overlap >= _LEAST_OVERLAP, found.score, 0)
        doubtful = np.flatnonzero((score >= SAME) & (score < _SURE))
        score[doubtful] = np.minimum(score[doubtful], align(other[doubtful], one[doubtful]).score)
        same = score >= SAME
        edges |= edges_of(part[same], score[same])
    return edges


def other_shots(times: NDArray[np.datetime64], pairs: Pairs) -> NDArray[np.bool_]:
    """Pairs taken at different times: two pictures, however alike. An edit keeps its time or loses it."""
    one, other = times[pairs[:, 0]], times[pairs[:, 1]]
    return np.asarray(~np.isnat(one) & ~np.isnat(other) & (one != other), np.bool_)
