"""How deep codes have to be searched: measured, with texts, against exact search.

Texts lie elsewhere than images, and a quantizer knows images only. So what finds an image's neighbours at
once may miss a text's (RoarGraph, PVLDB 17(11), 2024); an index tuned with its own vectors looks better than
it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from searchengine.vectors import exact
from searchengine.vectors.policy import DEPTHS, RECALL_AT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.vectors.codes import Codes
    from searchengine.vectors.faiss_index import Segment

# Candidates of so many texts at a time take 50 MB.
_BATCH = 256


def recalls(segment: Segment, codes: Codes, texts: NDArray[np.float32]) -> list[tuple[int, float]]:
    """For each of the depths the share of the nearest `RECALL_AT` that are among so many candidates.

    Args:
        segment: The vectors, nothing hidden.
        codes: Of the same vectors.
        texts: Unit vectors of texts (q, dim), q > 0.
    """
    depths = [depth for depth in DEPTHS if depth < len(segment)]
    found = np.zeros(len(depths))
    for start in range(0, len(texts), _BATCH):
        some = np.ascontiguousarray(texts[start : start + _BATCH])
        nearest, _ = exact.nearest(segment.rows, some, RECALL_AT, None)
        candidates = codes.candidates(some, depths[-1])
        for right, named in zip(nearest, candidates, strict=True):
            # Where in the list of candidates each of the nearest stands, or nowhere.
            at = np.flatnonzero(np.isin(named, right))
            found += [int(np.count_nonzero(at < depth)) / len(right) for depth in depths]
    return [(depth, float(share)) for depth, share in zip(depths, found / len(texts), strict=True)]
