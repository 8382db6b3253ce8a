"""Vectors that are parts of one thing (a video's frames, say), and the nearest things by their best part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchengine.vectors.hits import Hits

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from searchengine.vectors.source import VectorSource

# The first try fetches as many vectors as k things have on average, twice over; the best parts of one
# thing crowd, so where that isn't enough the next try fetches this many times as much.
GROWTH = 4
SPARE = 16


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """What is part of what. A thing goes by the id of its first vector; most have no other.

    Attributes:
        parts: (m,) int64, ascending: every vector that isn't the first of its thing.
        first: (m,) int64: the first vector of the same thing.
    """

    parts: NDArray[np.int64]
    first: NDArray[np.int64]

    @classmethod
    def none(cls) -> Groups:
        """Every vector is a thing of its own."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64))

    def __len__(self) -> int:
        return len(self.parts)

    @property
    def last(self) -> int:
        """The largest id that is a part; 0 where there is none."""
        return int(self.parts[-1]) if len(self.parts) else 0

    def caught_up(self, source: VectorSource) -> Groups:
        """With the parts that have come since, whose ids are larger than all there are."""
        parts, first = source.parts(self.last)
        if not len(parts):
            return self
        return Groups(np.concatenate([self.parts, parts]), np.concatenate([self.first, first]))

    def of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """The thing that each of the vectors (n,) belongs to."""
        if not len(self.parts):
            return ids
        at = np.minimum(np.searchsorted(self.parts, ids), len(self.parts) - 1)
        return np.where(self.parts[at] == ids, self.first[at], ids)

    def whole(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """The vectors (n,) with all others of the same things, ascending."""
        first = np.unique(self.of(ids))
        return np.union1d(first, self.parts[np.isin(self.first, first)])

    def count_parts(self, ids: NDArray[np.int64]) -> int:
        """How many of the vectors (n,), each named once, aren't the first of their thing."""
        return int(np.isin(ids, self.parts).sum()) if len(self.parts) else 0


def nearest_groups(
    search: Callable[[int], Hits], groups: Groups, k: int, *, vectors: int, things: int
) -> Hits:
    """The k nearest things, each by the nearest of its parts, as a full ranking of the vectors meets them.

    As their order doesn't depend on k, the first k of a longer answer are the answer for k.

    Args:
        search: Gives the nearest vectors of one query, as many as asked for, as far as there are any.
        groups: What is part of what.
        k: How many things.
        vectors: How many vectors there are to choose from.
        things: How many things these are parts of.

    Returns:
        The nearest part of each thing: (1, k); where there are fewer, fewer or filled up as by `search`.
    """
    if vectors == things:  # nothing has parts
        return search(k)
    wanted = min(k, things)
    fetched = min(vectors, 2 * wanted * vectors // max(things, 1) + SPARE)
    while True:
        hits = search(fetched)
        found = hits.ids[0][hits.ids[0] >= 0]
        _, best = np.unique(groups.of(found), return_index=True)
        if len(best) >= wanted or fetched >= vectors:
            best = np.sort(best)[:k]
            return Hits(hits.ids[:, best], hits.scores[:, best])
        fetched = min(vectors, GROWTH * fetched)
