"""What a space's index answers, whichever engine is behind it: vectors, things, all above a line."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from searchengine.vectors.groups import nearest_groups

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.vectors.groups import Groups
    from searchengine.vectors.hits import Hits

# How many of the nearest are looked at first for all above a cosine.
FIRST_ABOVE = 256


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """How searches are answered at present.

    Attributes:
        kind: Type of index.
        reason: Why that type.
        count: Vectors that are shown.
        snapshot_count: Vectors in the mapped snapshot, or in the engine's collection; None when there is none
            that can be used.
        replayed: Changes since then, held in memory.
        note: Why there is no snapshot in use, or not all of it; or None.
        recall: Share of the nearest ten that a search finds, as measured with texts when the snapshot was
            taken; 1 where search is exact.
    """

    kind: str
    reason: str
    count: int
    snapshot_count: int | None
    replayed: int
    note: str | None
    recall: float


class View(Protocol):
    """A space's vectors at one moment; never changed, only replaced."""

    @property
    def groups(self) -> Groups:
        """Which vectors are parts of one thing."""
        ...

    @property
    def parts(self) -> int:
        """How many of those are shown."""
        ...

    def search(self, rows: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None) -> Hits:
        """See `SpaceIndex.search`; the queries are (q, dim), checked."""
        ...

    def __len__(self) -> int:
        """How many vectors are shown."""
        ...


class SpaceIndex(ABC):
    """Searches a space; threads may search and refresh meanwhile.

    Attributes:
        dim: Length of a vector.
    """

    dim: int

    @property
    @abstractmethod
    def view(self) -> View:
        """What searches see now."""

    @abstractmethod
    def refresh(self) -> bool:
        """Take in what has changed since the last time.

        Returns:
            Whether there was anything. When not, it costs a look at the catalog.
        """

    @property
    @abstractmethod
    def status(self) -> IndexStatus:
        """How searches are answered at present."""

    def search(
        self, queries: NDArray[np.float32], k: int, *, allowed: NDArray[np.int64] | None = None
    ) -> Hits:
        """The k nearest of each query, among all or among the allowed ids; always k, where k exist.

        Equal scores come in order of id, so the first k of a longer answer are the answer for k.

        Args:
            queries: (q, dim) float32 unit vectors, or one of shape (dim,).
            k: How many; the answer is no wider than there are vectors.
            allowed: Embedding ids to choose from, in any order.

        Raises:
            ValueError: A query has another shape, or isn't finite.
            VectorStoreError: The engine can't be reached.
        """
        return self.view.search(_as_queries(queries, self.dim), k, allowed)

    def search_groups(
        self, query: NDArray[np.float32], k: int, *, allowed: NDArray[np.int64] | None = None
    ) -> Hits:
        """The k nearest things of one query, each by the nearest of its parts; see `nearest_groups`.

        Where nothing has parts this is `search`, at its price.

        Args:
            query: float32 (dim,), a unit vector.
            k: How many things.
            allowed: Embedding ids to choose from, in any order.

        Raises:
            ValueError: The query has another shape, or isn't finite.
            VectorStoreError: The engine can't be reached.
        """
        row = _as_queries(query, self.dim)
        view = self.view
        return nearest_groups(
            lambda fetched: view.search(row, fetched, allowed),
            view.groups,
            k,
            vectors=len(view) if allowed is None else len(allowed),
            things=_count_groups(view, allowed),
        )

    def count_groups(self, allowed: NDArray[np.int64] | None = None) -> int:
        """How many things there are, or of how many things the allowed vectors are."""
        return _count_groups(self.view, allowed)

    def above(self, query: NDArray[np.float32], least: float) -> NDArray[np.int64]:
        """Every vector whose cosine with a query is at least so high, with all parts of the same things.

        Args:
            query: float32 (dim,), a unit vector.
            least: The cosine.

        Returns:
            Ids, ascending.

        Raises:
            VectorStoreError: The engine can't be reached.
        """
        row = _as_queries(query, self.dim)
        view = self.view
        k = FIRST_ABOVE
        while True:
            hits = view.search(row, k, None)
            ids = hits.ids[0][(hits.ids[0] >= 0) & (hits.scores[0] >= least)]
            if len(ids) < k or k >= len(view):
                return view.groups.whole(ids)
            k *= 4

    def whole(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """The vectors (n,) with all other parts of the same things, ascending."""
        return self.view.groups.whole(ids)

    def first_parts(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each of the vectors (n,) the first one of the same thing, by which the thing goes."""
        return self.view.groups.of(ids)

    def __len__(self) -> int:
        return len(self.view)


def _count_groups(view: View, allowed: NDArray[np.int64] | None) -> int:
    if allowed is None:
        return len(view) - view.parts
    return len(allowed) - view.groups.count_parts(allowed)


def _as_queries(queries: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
    """Queries as engines take them: (q, dim) float32, contiguous.

    Raises:
        ValueError: The shape is another one, or a number isn't finite.
    """
    rows = np.ascontiguousarray(np.atleast_2d(queries), dtype=np.float32)
    if rows.ndim != 2 or rows.shape[1] != dim:
        raise ValueError(f"queries must be of shape (n, {dim}), not {np.shape(queries)}")
    if not np.isfinite(rows).all():
        raise ValueError("a query has numbers that aren't finite; the encoder's output is broken")
    return rows
