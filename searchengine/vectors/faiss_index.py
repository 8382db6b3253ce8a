"""FAISS: exact search over float16 vectors. The one place where it is imported.

A `Segment` is an immutable set of vectors with a mask, so that searches go on while its successor is made.
Within it FAISS counts rows from 0; as rows are in order of id, ties broken by row are broken by id.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from searchengine.vectors.index import Hits, as_queries, merge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from searchengine.vectors.source import Vectors

# Threads that wait by spinning starve each other as soon as another process is busy: 28 ms instead of 2.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Any, because its type stubs come with some versions only and leave out what is used here.
faiss: Any = import_module("faiss")

# Fetched beyond k, so that a few equal scores at the end don't cost a second pass.
SPARE = 16

# Copying the rows of a small allowed set out costs less than testing every row: 100,000 x 512, 1,000 allowed:
# 0.2 ms against 0.4 ms; 10,000 allowed: 9 ms against 2 ms.
SMALL_SHARE = 64


def _quantizer(dim: int) -> Any:
    return faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)


def _codes(vectors: NDArray[np.float16]) -> NDArray[np.uint8]:
    """The bytes that FAISS stores for these vectors: the same float16 numbers."""
    return np.ascontiguousarray(vectors, dtype="<f2").view(np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Vectors that don't change, some of them hidden.

    Attributes:
        ids: (n,) int64, ascending.
        index: FAISS's, with ids.
        rows: The part of it that knows rows only.
        kept: (n,) bool, or None when nothing is hidden.
        dim: Length of a vector.
    """

    ids: NDArray[np.int64]
    index: Any
    rows: Any
    kept: NDArray[np.bool_] | None
    dim: int

    @classmethod
    def empty(cls, dim: int) -> Segment:
        """A segment without vectors."""
        return cls.streamed(dim, 0, iter(()))

    @classmethod
    def of(cls, ids: NDArray[np.int64], vectors: NDArray[np.float16]) -> Segment:
        """A segment in memory, of ids in ascending order and their vectors (n, dim)."""
        return cls.streamed(vectors.shape[1], len(ids), iter([(ids, vectors)]))

    @classmethod
    def streamed(cls, dim: int, expected: int, batches: Iterator[Vectors]) -> Segment:
        """A segment in memory, of batches of ids (ascending throughout) and vectors (n, dim)."""
        rows = _quantizer(dim)
        # Room for all of them at once: growing by doubling would need up to three times the memory.
        rows.codes.resize(expected * 2 * dim)
        rows.codes.resize(0)
        index = faiss.IndexIDMap(rows)
        for ids, vectors in batches:
            if len(ids):
                index.add_sa_codes(_codes(vectors), np.ascontiguousarray(ids, dtype=np.int64))
        return cls._over(index, rows)

    @classmethod
    def _over(cls, index: Any, rows: Any) -> Segment:
        return cls(faiss.vector_to_array(index.id_map), index, rows, None, rows.d)

    @classmethod
    def mapped(cls, path: Path) -> Segment:
        """What `write` has written, mapped: read from the disk when it is needed.

        Raises:
            ValueError: It isn't such a file, or it is damaged where that shows.
        """
        name = str(path)
        try:
            if os.fsencode(name).decode("utf-8", "ignore") == name:
                # Adding to an index that was read like this aborts the process; segments are never added to.
                index = faiss.read_index(name, faiss.IO_FLAG_MMAP_IFC)
            else:  # FAISS takes no other names, so this one is read into memory
                with path.open("rb") as file:
                    index = faiss.read_index(faiss.PyCallbackIOReader(file.read))
        except RuntimeError as error:
            raise ValueError(f"FAISS can't read {path.name}: {error}") from error
        if type(index) is not faiss.IndexIDMap:
            raise ValueError(f"{path.name} holds another type of index")
        segment = cls._over(index, faiss.downcast_index(index.index))
        if len(segment.ids) != segment.rows.ntotal or np.any(segment.ids[1:] <= segment.ids[:-1]):
            raise ValueError(f"{path.name} is damaged: its ids are out of order")
        return segment

    def write(self, file: IO[bytes]) -> None:
        """Write all vectors, hidden ones too; errors of `file` come through."""
        faiss.write_index(self.index, faiss.PyCallbackIOWriter(file.write))

    def __len__(self) -> int:
        return len(self.ids) if self.kept is None else int(np.count_nonzero(self.kept))

    def find(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """For each id the row where it is or would be, and whether it is there (shown or hidden)."""
        at = np.searchsorted(self.ids, ids)
        inside = at < len(self.ids)
        inside[inside] = self.ids[at[inside]] == ids[inside]
        return at, inside

    def count(self, ids: NDArray[np.int64]) -> int:
        """How many of the ids (n,), each named once, are there and shown."""
        if not len(ids):
            return 0
        at, inside = self.find(ids)
        return int(np.count_nonzero(inside if self.kept is None else self.kept[at[inside]]))

    def turned(self, ids: NDArray[np.int64], *, shown: NDArray[np.bool_] | bool) -> Segment:
        """With these ids shown or hidden; those that aren't there are ignored."""
        at, inside = self.find(ids)
        if not inside.any():
            return self
        kept = np.ones(len(self.ids), np.bool_) if self.kept is None else self.kept.copy()
        kept[at[inside]] = np.broadcast_to(shown, ids.shape)[inside]
        return replace(self, kept=None if kept.all() else kept)

    def joined(self, ids: NDArray[np.int64], vectors: NDArray[np.float16]) -> Segment:
        """With these vectors, which it must not have shown; what was hidden is left behind for good."""
        keep = slice(None) if self.kept is None else self.kept
        all_ids = np.concatenate([self.ids[keep], ids])
        codes = np.concatenate([self._stored()[keep], _codes(vectors)])
        order = np.argsort(all_ids)
        return self.of(all_ids[order], codes[order].view("<f2"))

    def vectors(self) -> NDArray[np.float16]:
        """(n, dim), hidden ones too, seen in place: don't keep it longer than the segment."""
        return self._stored().view("<f2")

    def _stored(self) -> NDArray[np.uint8]:
        """(n, 2 * dim) bytes, seen in place."""
        count = len(self.ids)
        if not count:
            return np.empty((0, 2 * self.dim), np.uint8)
        flat: NDArray[np.uint8] = faiss.rev_swig_ptr(self.rows.codes.data(), count * 2 * self.dim)
        return flat.reshape(count, 2 * self.dim)

    def search(self, queries: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None) -> Hits:
        """The k nearest among what is shown (and allowed); see `VectorIndex.search`."""
        if allowed is None:
            found, scores = _nearest(self.rows, queries, k, self.kept)
            return _hits(self.ids, found, scores)
        if len(allowed) * SMALL_SHARE <= len(self.ids):
            at, inside = self.find(np.unique(allowed))
            wanted = at[inside]
            if self.kept is not None:
                wanted = wanted[self.kept[wanted]]
            few = _quantizer(self.dim)
            few.add_sa_codes(self._stored()[wanted])
            # The same numbers in the same kernel: the scores are the same to the last bit.
            found, scores = _nearest(few, queries, k, None)
            return _hits(self.ids[wanted], found, scores)
        mask = np.isin(self.ids, allowed)
        if self.kept is not None:
            mask &= self.kept
        found, scores = _nearest(self.rows, queries, k, mask)
        return _hits(self.ids, found, scores)


def _hits(ids: NDArray[np.int64], found: NDArray[np.int64], scores: NDArray[np.float32]) -> Hits:
    return Hits(ids[found] if found.size else found, scores)


def _nearest(
    index: Any, queries: NDArray[np.float32], k: int, mask: NDArray[np.bool_] | None
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Rows (q, k') and scores of the k' = min(k, rows in the mask) nearest; equal scores in order of row."""
    count = index.ntotal if mask is None else int(np.count_nonzero(mask))
    k = min(k, count)
    if k <= 0 or not len(queries):
        return np.empty((len(queries), max(k, 0)), np.int64), np.empty((len(queries), max(k, 0)), np.float32)
    selector = None
    if mask is not None:
        bits = np.packbits(mask, bitorder="little")
        selector = faiss.IDSelectorBitmap(len(mask), faiss.swig_ptr(bits))
    params = None if selector is None else faiss.SearchParameters(sel=selector)

    fetched = min(count, k + SPARE)
    scores, rows = index.search(queries, fetched, params=params)
    order = np.lexsort((rows, -scores), axis=1)[:, :k]
    best_rows = np.take_along_axis(rows, order, axis=1)
    best_scores = np.take_along_axis(scores, order, axis=1)
    if fetched < count:
        # Where the last one fetched scores like the k-th, rows with that score may have been left out.
        for query in np.flatnonzero(best_scores[:, -1] == scores[:, -1]):
            radius = float(np.nextafter(best_scores[query, -1], np.float32(-np.inf)))
            _, tied_scores, tied_rows = index.range_search(queries[query : query + 1], radius, params=params)
            order = np.lexsort((tied_rows, -tied_scores))[:k]
            best_rows[query], best_scores[query] = tied_rows[order], tied_scores[order]
    return best_rows, best_scores


class FaissIndex:
    """A `VectorIndex` in memory. Searches may run in other threads while one thread changes it."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._segment = Segment.empty(dim)

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float16]) -> None:
        """Put in n vectors (n, dim); an id that is there already is replaced."""
        self._segment = self._segment.turned(ids, shown=False).joined(ids, vectors)

    def remove(self, ids: NDArray[np.int64]) -> None:
        """Take out ids; those that aren't there are ignored."""
        self._segment = self._segment.turned(ids, shown=False)

    def search(
        self, queries: NDArray[np.float32], k: int, *, allowed: NDArray[np.int64] | None = None
    ) -> Hits:
        """See `VectorIndex.search`."""
        segment = self._segment
        return merge([segment.search(as_queries(queries, self.dim), k, allowed)], min(k, len(segment)))

    def __len__(self) -> int:
        return len(self._segment)
