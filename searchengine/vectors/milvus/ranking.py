"""The k nearest, where an engine names candidates and the stored numbers decide.

Milvus has the vectors as float32, adds up in its own order, and on a graph it may miss some. So it is asked
for candidates only: always the same number of them, whatever k is; those that are hidden or not allowed
drop out; the rest is compared in float16 by the kernel that FAISS has for a library without Milvus. What
comes out is what exact search gives, to the last bit, as far as the candidates hold it. Where too few are
left, more are asked for, up to as many as Milvus gives at all; then all that may be in the answer is
compared. What fewer candidates have settled stays in front, so the first k of a longer answer are the
answer for k.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import numpy as np

from searchengine.vectors.hits import Hits, behind, merge
from searchengine.vectors.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from searchengine.vectors.source import Vectors, VectorSource

    Ids = NDArray[np.int64]
    Found = tuple[Ids, NDArray[np.float32]]
    """Ids and Milvus's scores, best first."""

DEPTHS = (320, 4_000, 16_000)
"""Candidates to ask for. Milvus gives 16,384 at most."""

FEW = 2_000
"""Allowed vectors up to which they are all compared, without asking Milvus."""

# By how much two ways of adding up the same products may differ.
MARGIN = np.float32(1e-5)

# Vectors compared at a time.
_TOGETHER = 4096

# Hits kept beyond those wanted before the worst are dropped.
_KEPT = 100_000


class Candidates(Protocol):
    """What finds candidates."""

    def __call__(self, queries: NDArray[np.float32], depth: int) -> list[Found]:
        """For each query (q, dim) the `depth` nearest; fewer where there are fewer, or on a graph."""
        ...


def nearest(
    queries: NDArray[np.float32],
    k: int,
    *,
    source: VectorSource,
    candidates: Candidates,
    count: int,
    hidden: Ids,
    allowed: Ids | None,
) -> Hits:
    """The k nearest of each query (q, dim) among what the engine has and isn't hidden.

    Args:
        queries: (q, dim) float32, checked.
        k: How many.
        source: Has the vectors to compare with.
        candidates: Names some.
        count: How many vectors the engine has.
        hidden: Those of them that don't count.
        allowed: Those that do; None for all the others.
    """
    if k <= 0 or not len(queries):
        return Hits.nothing(len(queries), max(k, 0))
    if allowed is not None:
        allowed = np.setdiff1d(allowed, hidden)
        if len(allowed) <= FEW:
            return Segment.of(*_read(source, allowed)).search(queries, k)
    search = _Search(source, candidates, count, hidden, allowed)
    answers = [
        search.ranked(query[None], found, k)
        for query, found in zip(queries, candidates(queries, DEPTHS[0]), strict=True)
    ]
    width = max(answer.ids.shape[1] for answer in answers)
    whole = [merge([answer], width) for answer in answers]
    return Hits(np.concatenate([each.ids for each in whole]), np.concatenate([each.scores for each in whole]))


class _Search:
    """One search's circumstances; see `nearest`."""

    def __init__(
        self, source: VectorSource, candidates: Candidates, count: int, hidden: Ids, allowed: Ids | None
    ) -> None:
        self._source = source
        self._candidates = candidates
        self._count = count
        self._hidden = hidden
        self._allowed = allowed

    def ranked(self, query: NDArray[np.float32], found: Found, k: int) -> Hits:
        """One query's (1, dim), whose first candidates are there already."""
        begun = Hits.nothing(1, 0)
        for depth in DEPTHS:
            if depth > DEPTHS[0]:
                found = self._candidates(query, depth)[0]
            is_all = len(found[0]) >= self._count
            begun = _continued(begun, self._compared(query, found, k, is_all=is_all), k)
            if is_all or begun.ids.shape[1] >= k:
                return begun
        return _continued(begun, self._among_all(query, k), k)

    def _compared(self, query: NDArray[np.float32], found: Found, k: int, *, is_all: bool) -> Hits:
        """The k best of those candidates of which it is certain that nothing better was left out."""
        ids, scores = found
        counts = np.isin(ids, self._hidden, invert=True)
        if self._allowed is not None:
            counts &= np.isin(ids, self._allowed)
        if not is_all and len(scores):
            # What scores like the last one may have others of the same score behind it.
            counts &= scores > scores.min() + MARGIN
        ids, scores = ids[counts], scores[counts]
        if len(ids) > k:
            ids = ids[scores >= np.partition(scores, -k)[-k] - 2 * MARGIN]
        return Segment.of(*_read(self._source, ids)).search(query, k)

    def _among_all(self, query: NDArray[np.float32], k: int) -> Hits:
        """The k best of all that count, read from the source: the slow way, where candidates run out."""
        parts, width = [Hits.nothing(1, 0)], 0
        with self._all() as batches:
            for ids, vectors in batches:
                counts = np.isin(ids, self._hidden, invert=True)
                parts.append(Segment.of(ids[counts], vectors[counts]).search(query, k))
                width += parts[-1].ids.shape[1]
                if width > 2 * k + _KEPT:
                    parts, width = [merge(parts, k)], k
        return merge(parts, min(k, width))

    @contextmanager
    def _all(self) -> Iterator[Iterable[Vectors]]:
        """All that may be in the answer, in batches."""
        if self._allowed is None:
            with self._source.shown() as (_, _, batches):
                yield batches
        else:
            starts = range(0, len(self._allowed), _TOGETHER)
            yield (_read(self._source, self._allowed[at : at + _TOGETHER]) for at in starts)


def _read(source: VectorSource, ids: Ids) -> Vectors:
    """The vectors of these ids, ascending; those that were forgotten since are left out."""
    return source.vectors(np.sort(ids))


def _continued(begun: Hits, rest: Hits, k: int) -> Hits:
    """A ranking that begins with what is settled, and goes on."""
    return behind(begun, rest, k) if begun.ids.shape[1] else rest
