"""Short codes of many vectors: which of them are worth comparing exactly.

Product quantisation (Jégou et al., IEEE TPAMI 33(1), 2011) at 4 bits a piece, so that the processor looks
dozens of them up at once (André et al., VLDB 9(4), 2015; FAISS calls it fast scan), in lists of which a query
looks through those with the nearest centres. Nothing is ever ranked by what codes say: they name candidates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from searchengine.vectors.engine import faiss
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
        params = faiss.IVFSearchParameters(nprobe=setting.probes, sel=selector)
        rows: NDArray[np.int64]
        _, rows = self.index.search(queries, setting.depth, params=params)
        return rows
