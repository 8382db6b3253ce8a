"""Exact search over rows of float16 numbers: the query against every one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from searchengine.vectors.engine import faiss, pool

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Fetched beyond k, so that a few equal scores at the end don't cost a second pass.
SPARE = 16

# FAISS spreads queries over threads, not rows. Over fewer rows than this one thread is done sooner.
SPLIT = 20_000

# Rows of a mapped file that aren't in memory yet are waited for one by one, but a disk gives many at a time:
# 1,400 of a million take 40 ms instead of 190 when the file was never read, and 0.4 ms more when it was.
READERS = 16

Nearest = tuple["NDArray[np.int64]", "NDArray[np.float32]"]
"""Rows (q, k) and their scores (q, k), best first, equal ones in order of row."""


def empty(dim: int) -> Any:
    """A FAISS index of float16 rows without any."""
    return faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)


def packed(vectors: NDArray[np.float16]) -> NDArray[np.uint8]:
    """The bytes that FAISS stores for vectors (n, dim), (n, 2 * dim): the same float16 numbers."""
    return np.ascontiguousarray(vectors, dtype="<f2").view(np.uint8)


def of_rows(stored: NDArray[np.uint8], rows: NDArray[np.int64]) -> Any:
    """An index of some of the rows (n, 2 * dim), copied out.

    The same numbers in the same kernel give the same scores to the last bit.
    """
    few = empty(stored.shape[1] // 2)
    few.add_sa_codes(_copied(stored, rows))
    return few


def _copied(stored: NDArray[np.uint8], rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Some of the rows (n, bytes), in order."""
    copies = np.empty((len(rows), stored.shape[1]), np.uint8)

    def part(start: int, end: int) -> None:
        # With a mode it writes in place, and other threads run meanwhile. No row lies outside.
        np.take(stored, rows[start:end], axis=0, out=copies[start:end], mode="clip")

    edges = np.linspace(0, len(rows), READERS + 1).astype(int).tolist()
    list(pool(READERS).map(part, edges[:-1], edges[1:]))
    return copies


def nearest(index: Any, queries: NDArray[np.float32], k: int, mask: NDArray[np.bool_] | None) -> Nearest:
    """The min(k, rows in the mask) nearest of each query (q, dim).

    Args:
        index: As `empty` makes them.
        queries: (q, dim) float32, contiguous.
        k: How many.
        mask: (n,) which rows count; None for all.
    """
    count = index.ntotal if mask is None else int(np.count_nonzero(mask))
    k = min(k, count)
    if k <= 0 or not len(queries):
        return np.empty((len(queries), max(k, 0)), np.int64), np.empty((len(queries), max(k, 0)), np.float32)
    bits = None if mask is None else np.packbits(mask, bitorder="little")

    fetched = min(count, k + SPARE)
    scores, rows = _scan(index, queries, fetched, bits)
    order = np.lexsort((rows, -scores), axis=1)[:, :k]
    best_rows = np.take_along_axis(rows, order, axis=1)
    best_scores = np.take_along_axis(scores, order, axis=1)
    if fetched < count:
        params = None if bits is None else faiss.SearchParameters(sel=_bitmap(bits))
        # Where the last one fetched scores like the k-th, rows with that score may have been left out.
        for query in np.flatnonzero(best_scores[:, -1] == scores[:, -1]):
            radius = float(np.nextafter(best_scores[query, -1], np.float32(-np.inf)))
            _, tied_scores, tied_rows = index.range_search(queries[query : query + 1], radius, params=params)
            order = np.lexsort((tied_rows, -tied_scores))[:k]
            best_rows[query], best_scores[query] = tied_rows[order], tied_scores[order]
    return best_rows, best_scores


def _scan(
    index: Any, queries: NDArray[np.float32], count: int, bits: NDArray[np.uint8] | None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Scores and rows (q, count) of the best, best first."""
    threads = faiss.omp_get_max_threads()
    if len(queries) > 1 or index.ntotal < SPLIT or threads == 1:
        params = None if bits is None else faiss.SearchParameters(sel=_bitmap(bits))
        scores, rows = index.search(queries, count, params=params)
        return scores, rows
    bitmap = None if bits is None else _bitmap(bits)

    def part(start: int, end: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        ours = faiss.IDSelectorRange(start, end)
        selector = ours if bitmap is None else faiss.IDSelectorAnd(ours, bitmap)
        scores, rows = index.search(
            queries, min(count, end - start), params=faiss.SearchParameters(sel=selector)
        )
        scores[rows < 0] = -np.inf  # fewer than asked for are in the mask here
        return scores, rows

    edges = np.linspace(0, index.ntotal, threads + 1).astype(int).tolist()
    found = list(pool(threads).map(part, edges[:-1], edges[1:]))
    scores = np.concatenate([scores for scores, _ in found], axis=1)
    rows = np.concatenate([rows for _, rows in found], axis=1)
    order = np.argsort(-scores, axis=1)[:, :count]
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(rows, order, axis=1)


def _bitmap(bits: NDArray[np.uint8]) -> Any:
    return faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
