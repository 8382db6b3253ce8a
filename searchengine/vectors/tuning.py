"""How deep codes have to be searched: measured, with texts, against exact search.

Texts lie elsewhere than images, and a quantizer knows images only. So what finds an image's neighbours at
once may miss a text's (RoarGraph, PVLDB 17(11), 2024); an index tuned with its own vectors looks better than
it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from searchengine.vectors import exact
from searchengine.vectors.policy import DEPTHS, RECALL_AT, SHARES, Setting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.vectors.codes import Codes
    from searchengine.vectors.segment import Segment

# Candidates of so many texts at a time take 50 MB.
_BATCH = 256


def recalls(segment: Segment, codes: Codes, texts: NDArray[np.float32]) -> list[tuple[Setting, float]]:
    """For each setting the share of the nearest `RECALL_AT` that are among its candidates.

    Args:
        segment: The vectors, nothing hidden, more than the least of the depths.
        codes: Of the same vectors.
        texts: Unit vectors of texts (q, dim), q > 0.
    """
    depths = [depth for depth in DEPTHS if depth < len(segment)]
    lists = codes.index.nlist
    found: dict[Setting, float] = {}
    for start in range(0, len(texts), _BATCH):
        some = np.ascontiguousarray(texts[start : start + _BATCH])
        nearest, _ = exact.nearest(segment.rows, some, RECALL_AT, None)
        for share in SHARES:
            probes = max(lists // share, 1)
            candidates = codes.candidates(some, setting=Setting(probes, depths[-1]))
            for right, named in zip(nearest, candidates, strict=True):
                # Where in the list of candidates each of the nearest stands; nowhere, some of them.
                at = np.flatnonzero(np.isin(named, right))
                for depth in depths:
                    setting = Setting(probes, depth)
                    hits = int(np.count_nonzero(at < depth)) / len(right)
                    found[setting] = found.get(setting, 0.0) + hits / len(texts)
    return list(found.items())
