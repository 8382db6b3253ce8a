"""Pairs that are different pictures of one thing: bursts, and what just looks much alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from searchengine.duplicates.grouping import Edges, edges_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pairs = NDArray[np.int64]

BURST_SECONDS = 10
"""Between two shots of one burst."""

LATER_SHOTS = 32
"""With so many a shot is paired at most: an import may give a thousand files one time."""

BURST, SIMILAR = 0.7, 0.85
"""Least likeness. Of 735,078 pairs of Flickr8k photos under ViT-B-32, 262 and 3 are as alike: the 3 show one
thing in one pose; from 0.8 on (11) it is one sport or animal (scripts/eval_duplicates.py)."""

_USUAL_MEAN = 0.5  # cosine of two random photos in CLIP's spaces
_WORTH = 200.0  # pictures that this assumption weighs as much as


def usual_cosine(vectors: NDArray[np.float16]) -> float:
    """The mean cosine of two pictures of a library; near 0.5 while there are too few to tell.

    One model's cosines lie between 0.1 and 0.3, another's between 0.5 and 0.9: levels are told from here.

    Args:
        vectors: (n, dim) unit vectors.
    """
    count = len(vectors)
    if count < 2:
        return _USUAL_MEAN
    total: NDArray[np.float64] = np.sum(vectors, axis=0, dtype=np.float64)
    # The squared length of the sum counts every ordered pair once, and each vector with itself.
    mean = (float(total @ total) - count) / (count * (count - 1))
    return (mean * count + _USUAL_MEAN * _WORTH) / (count + _WORTH)


def likeness(cosines: NDArray[np.float32], usual: float) -> NDArray[np.float32]:
    """How far cosines are on the way from a random pair's (0) to that of the same picture (1)."""
    return np.asarray((cosines - usual) / (1 - usual), np.float32)


def similar_edges(pairs: Pairs, cosines: NDArray[np.float32], usual: float) -> Edges:
    """Those of the pairs (m, 2) that look much alike, with their cosines."""
    alike = likeness(cosines, usual) >= SIMILAR
    return edges_of(pairs[alike], cosines[alike])


def burst_edges(times: NDArray[np.datetime64], vectors: NDArray[np.float16], usual: float) -> Edges:
    """Pairs of much the same taken within seconds, with their cosines.

    Args:
        times: (n,) datetime64[s]; not-a-time where nobody knows.
        vectors: (n, dim) unit vectors.
        usual: The mean cosine of two pictures.
    """
    pairs = shots_together(times)
    if not len(pairs):
        return {}
    one, other = (vectors[pairs[:, side]].astype(np.float32) for side in (0, 1))
    cosines = np.asarray((one * other).sum(axis=1), np.float32)
    alike = likeness(cosines, usual) >= BURST
    return edges_of(pairs[alike], cosines[alike])


def shots_together(times: NDArray[np.datetime64]) -> Pairs:
    """Pairs (m, 2) of shots (n,) datetime64[s] at most `BURST_SECONDS` apart, the smaller position first."""
    known = np.flatnonzero(~np.isnat(times))
    known = known[np.argsort(times[known], kind="stable")]
    found = [np.zeros((0, 2), np.int64)]
    for ahead in range(1, min(LATER_SHOTS, len(known) - 1) + 1):
        close = times[known[ahead:]] - times[known[:-ahead]] <= np.timedelta64(BURST_SECONDS, "s")
        if not close.any():
            break
        found.append(np.stack([known[:-ahead][close], known[ahead:][close]], axis=1))
    return np.sort(np.concatenate(found), axis=1)
