"""Short codes of many vectors: which of them are worth comparing exactly.

Product quantisation (Jégou et al., IEEE TPAMI 33(1), 2011) at 4 bits a piece, so that the processor looks
dozens of them up at once (André et al., VLDB 9(4), 2015; FAISS calls it fast scan), in lists of which a query
looks through those with the nearest centres. Nothing is ever ranked by what codes say: they name candidates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from searchengine.vectors.engine import faiss, pool
from searchengine.vectors.policy import DEPTHS, Setting

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from searchengine.vectors.policy import Plan

SAMPLE = 65_536
"""Vectors that centres and pieces are learnt from; at 4 bits a piece and some hundred centres more change
nothing."""

_BATCH = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Codes of rows 0 to n. Threads may search at the same time.

    Attributes:
        index: FAISS's; its ids are rows.
        setting: How they are searched.
    """

    index: Any
    setting: Setting

    @classmethod
    def of(cls, vectors: NDArray[np.float16], plan: Plan) -> Codes:
        """Learn from a sample of the vectors (n, dim), and put all of them in.

        The same vectors give the same codes. How to search them has to be measured; until then, thoroughly.
        """
        count, dim = vectors.shape
        # Codes of what is left once the centre is taken away ("fsr") found less: 0.960 instead of 0.980.
        index = faiss.index_factory(dim, f"IVF{plan.lists},PQ{plan.pieces}x4fs", faiss.METRIC_INNER_PRODUCT)
        rows = np.random.default_rng(0).choice(count, min(count, SAMPLE), replace=False)
        index.train(vectors[np.sort(rows)].astype(np.float32))
        for start in range(0, count, _BATCH):
            index.add(vectors[start : start + _BATCH].astype(np.float32))
        return cls(index, Setting(plan.lists, DEPTHS[-1]))

    @classmethod
    def read(cls, path: Path, setting: Setting) -> Codes:
        """What `write` has written, in memory: FAISS can't map this type.

        Raises:
            ValueError: It isn't such a file, or it is damaged where that shows.
            OSError: It can't be read.
        """
        with path.open("rb") as file:
            try:
                index = faiss.read_index(faiss.PyCallbackIOReader(file.read))
            except RuntimeError as error:
                raise ValueError(f"FAISS can't read {path.name}: {error}") from error
        if type(index) is not faiss.IndexIVFPQFastScan:
            raise ValueError(f"{path.name} holds another type of index")
        return cls(index, setting)

    def write(self, file: IO[bytes]) -> None:
        """Write them; errors of `file` come through."""
        faiss.write_index(self.index, faiss.PyCallbackIOWriter(file.write))

    def __len__(self) -> int:
        count: int = self.index.ntotal
        return count

    def candidates(
        self,
        queries: NDArray[np.float32],
        bits: NDArray[np.uint8] | None = None,
        setting: Setting | None = None,
    ) -> NDArray[np.int64]:
        """The rows that seem to be the nearest of each query, the nearest first.

        Args:
            queries: (q, dim) float32, contiguous.
            bits: Which rows may be among them, as `np.packbits(…, bitorder="little")`; None for all.
            setting: Another one than their own.

        Returns:
            (q, depth), -1 where fewer were come upon.
        """
        setting = setting or self.setting
        selector = None if bits is None else faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
        rows: NDArray[np.int64]
        threads = min(faiss.omp_get_max_threads(), setting.probes)
        if len(queries) > 1 or threads == 1:
            params = faiss.IVFSearchParameters(nprobe=setting.probes, sel=selector)
            _, rows = self.index.search(queries, setting.depth, params=params)
            return rows
        nearness, lists = self.index.quantizer.search(queries, setting.probes)

        def part(number: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
            # Every so manieth list: those of the nearest centres hold the most candidates.
            ours, near = (np.ascontiguousarray(each[:, number::threads]) for each in (lists, nearness))
            scores = np.empty((1, setting.depth), np.float32)
            rows = np.empty((1, setting.depth), np.int64)
            params = faiss.IVFSearchParameters(nprobe=ours.shape[1], sel=selector)
            pointers = (faiss.swig_ptr(each) for each in (ours, near, scores, rows))
            self.index.search_preassigned_c(
                1,
                faiss.swig_ptr(queries),
                setting.depth,
                *pointers,
                False,  # noqa: FBT003  FAISS's own signature takes no names
                params,
            )
            scores[rows < 0] = -np.inf  # fewer than asked for were come upon here
            return scores, rows

        # FAISS can do this itself (implem 15), but which of equal candidates are left out is a race there.
        found = list(pool(threads).map(part, range(threads)))
        scores = np.concatenate([scores for scores, _ in found], axis=1)
        rows = np.concatenate([rows for _, rows in found], axis=1)
        order = np.lexsort((rows, -scores), axis=1)[:, : setting.depth]
        return np.take_along_axis(rows, order, axis=1)
