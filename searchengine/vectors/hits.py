"""The nearest vectors of queries, as every engine gives them, and one answer of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Hits:
    """The nearest vectors of q queries, best first; equal scores in order of id.

    Attributes:
        ids: (q, k) int64; -1 where there are fewer than k.
        scores: (q, k) float32, cosines; -inf where there are fewer than k.
    """

    ids: NDArray[np.int64]
    scores: NDArray[np.float32]

    @classmethod
    def nothing(cls, queries: int, k: int) -> Hits:
        """No hits at all."""
        return cls(np.full((queries, k), -1, np.int64), np.full((queries, k), -np.inf, np.float32))


def merge(parts: list[Hits], k: int) -> Hits:
    """The k best of several answers to the same queries, filled up to k; equal scores in order of id."""
    k = max(k, 0)
    filling = Hits.nothing(len(parts[0].ids), k)
    ids = np.concatenate([part.ids for part in [*parts, filling]], axis=1)
    scores = np.concatenate([part.scores for part in [*parts, filling]], axis=1)
    order = np.lexsort((ids, -scores), axis=1)[:, :k]
    return Hits(np.take_along_axis(ids, order, axis=1), np.take_along_axis(scores, order, axis=1))


def behind(first: Hits, rest: Hits, k: int) -> Hits:
    """One query's ranking that begins with `first`, whatever else there is, and goes on with the rest.

    Where the rest has something that should have been among the first, it comes right behind them, its score
    lowered to just below theirs: scores still fall, and what is ranked by them is ranked as here.

    Args:
        first: Hits that are settled, (1, n), n > 0.
        rest: The k nearest of all by exact search, (1, k).
        k: How many of both together, k > n.

    Returns:
        (1, k'), k' the lesser of k and how many different ones there are. It depends on k only in its length.
    """
    new = ~np.isin(rest.ids[0], first.ids[0])
    ids, scores = rest.ids[0][new], rest.scores[0][new].copy()
    last, lowered = first.scores[0, -1], True
    for at, score in enumerate(scores):
        # Behind one that was lowered an equal score would be out of the order of ids.
        if score > last or (lowered and score == last):
            last, lowered = np.nextafter(last, np.float32(-np.inf)), True
        else:
            if not lowered:
                break  # from here on the scores fall by themselves
            last, lowered = score, False
        scores[at] = last
    return Hits(
        np.concatenate([first.ids, ids[None]], axis=1)[:, :k],
        np.concatenate([first.scores, scores[None]], axis=1)[:, :k],
    )
