"""Vectors that FAISS holds: exact search, and approximate where there are codes.

A `Segment` is an immutable set of vectors with a mask, so that searches go on while its successor is made.
Within it FAISS counts rows from 0; as rows are in order of id, ties broken by row are broken by id.

Approximate search has one rule: codes name candidates, as many as their depth, whatever k is; the candidates
are compared exactly; the first `WITHIN` of them are the beginning of the ranking. Who wants more gets the
rest by exact search, behind those. So the first k of a longer answer are the answer for k.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from searchengine.vectors import exact
from searchengine.vectors.engine import faiss
from searchengine.vectors.hits import Hits, behind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from searchengine.vectors.codes import Codes
    from searchengine.vectors.exact import Nearest
    from searchengine.vectors.source import Vectors

# Copying the rows of a small allowed set out costs less than testing every row: 100,000 x 512, 1,000 allowed:
# 0.2 ms against 0.4 ms; 10,000 allowed: 9 ms against 2 ms.
SMALL_SHARE = 64

# Beside codes the alternative costs less than a scan of all rows does, so fewer are worth copying.
MOST_COPIED = 16_384

WITHIN = 256
"""Ranks that candidates fill where there are codes: some pages of results. Of the depth that is needed for
the first ten it is a small part, so there is little that the candidates could lack."""


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Vectors that don't change, some of them hidden.

    Attributes:
        ids: (n,) int64, ascending.
        index: FAISS's, with ids.
        rows: The part of it that knows rows only.
        kept: (n,) bool, or None when nothing is hidden.
        dim: Length of a vector.
        codes: Codes of the same rows, where search is to be approximate.
    """

    ids: NDArray[np.int64]
    index: Any
    rows: Any
    kept: NDArray[np.bool_] | None
    dim: int
    codes: Codes | None

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
        rows = exact.empty(dim)
        # Room for all of them at once: growing by doubling would need up to three times the memory.
        rows.codes.resize(expected * 2 * dim)
        rows.codes.resize(0)
        index = faiss.IndexIDMap(rows)
        for ids, vectors in batches:
            if len(ids):
                index.add_sa_codes(exact.packed(vectors), np.ascontiguousarray(ids, dtype=np.int64))
        return cls._over(index, rows)

    @classmethod
    def _over(cls, index: Any, rows: Any) -> Segment:
        return cls(faiss.vector_to_array(index.id_map), index, rows, None, rows.d, None)

    @classmethod
    def mapped(cls, path: Path) -> Segment:
        """What `write` writes, mapped: read from the disk when it is needed.

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

    def __len__(self) -> int:
        return len(self.ids) if self.kept is None else int(np.count_nonzero(self.kept))

    def find(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """For each id the row where it is or would be, and whether it is there (shown or hidden)."""
        if len(self.ids) and self.ids[-1] - self.ids[0] == len(self.ids) - 1:
            at = np.clip(ids - self.ids[0], 0, len(self.ids))  # no id is missing: nothing to search for
        else:
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
        codes = np.concatenate([self._stored()[keep], exact.packed(vectors)])
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
        """The k nearest of each query (q, dim) among what is shown (and allowed).

        The answer is no wider than there are such vectors; equal scores come in order of id.
        """
        mask = self.kept
        if allowed is not None:
            if len(allowed) <= self._few():
                return self._among(self._shown_rows(allowed), queries, k)
            at, inside = self.find(allowed)
            mask = np.zeros(len(self.ids), np.bool_)
            mask[at[inside]] = True
            if self.kept is not None:
                mask &= self.kept
        if self.codes is None or not len(queries) or k <= 0:
            return self._hits(exact.nearest(self.rows, queries, k, mask))
        answers = [self._approximate(query[None], k, mask) for query in queries]
        return Hits(
            np.concatenate([answer.ids for answer in answers]),
            np.concatenate([answer.scores for answer in answers]),
        )

    def _few(self) -> int:
        few = len(self.ids) // SMALL_SHARE
        return few if self.codes is None else min(few, MOST_COPIED)

    def _shown_rows(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of those of the ids that are there and shown, ascending."""
        at, inside = self.find(np.unique(ids))
        rows = at[inside]
        return rows if self.kept is None else rows[self.kept[rows]]

    def _among(self, rows: NDArray[np.int64], queries: NDArray[np.float32], k: int) -> Hits:
        """The k nearest of some rows, which are in ascending order."""
        found, scores = exact.nearest(exact.of_rows(self._stored(), rows), queries, k, None)
        return self._hits((rows[found] if found.size else found, scores))

    def _approximate(self, query: NDArray[np.float32], k: int, mask: NDArray[np.bool_] | None) -> Hits:
        """One query's (1, dim)."""
        assert self.codes is not None  # noqa: S101  the one caller has looked
        bits = None if mask is None else np.packbits(mask, bitorder="little")
        candidates = self.codes.candidates(query, bits)[0]
        if candidates[-1] < 0:
            # A filter that lets little pass where the query points, or little at all: nothing to choose from.
            return self._hits(exact.nearest(self.rows, query, k, mask))
        first = self._among(np.sort(candidates), query, min(k, WITHIN))
        if k <= WITHIN:
            return first
        return behind(first, self._hits(exact.nearest(self.rows, query, k, mask)), k)

    def _hits(self, found: Nearest) -> Hits:
        rows, scores = found
        return Hits(self.ids[rows] if rows.size else rows, scores)


def write(file: IO[bytes], dim: int, count: int, batches: Iterator[Vectors]) -> None:
    """Write what `Segment.mapped` reads, without ever holding all of it; errors of `file` come through.

    Args:
        file: Where to.
        dim: Length of a vector.
        count: How many there are in all batches.
        batches: Ids, ascending throughout, and vectors.

    Raises:
        ValueError: There were more or fewer.
    """
    inner = faiss.serialize_index(exact.empty(dim)).tobytes()
    whole = faiss.serialize_index(faiss.IndexIDMap(exact.empty(dim))).tobytes()
    # FAISS writes what it holds. Its format: a name and the dimension, 4 bytes each, then the count, for the
    # map and again for what is mapped; at the end the rows' bytes and the ids, each behind its length.
    head = bytearray(whole[:-16])
    for start in (0, len(whole) - 8 - len(inner)):
        head[start + 8 : start + 16] = count.to_bytes(8, "little")
    file.write(bytes(head))
    file.write((count * 2 * dim).to_bytes(8, "little"))
    kept = [np.empty(0, np.int64)]
    for ids, vectors in batches:
        file.write(exact.packed(vectors).tobytes())
        kept.append(ids)
    all_ids = np.concatenate(kept)
    if len(all_ids) != count:
        raise ValueError(f"there were {len(all_ids)} vectors, not {count}")
    file.write(count.to_bytes(8, "little"))
    file.write(all_ids.astype("<i8").tobytes())
