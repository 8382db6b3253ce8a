"""Candidates: pairs of pictures near enough to be worth a look, by FAISS, never all pairs.

Two nets with different holes. Embeddings move little when a picture is cropped, but may change a lot with
its colours or a quarter turn; the perceptual hash is the other way round. Up to `EXACT` pictures both are
searched exhaustively, past that in lists of a fixed mean length, a fixed number of them, so that the work
for a picture doesn't grow with their number (choosing the lists does, at 1 / `_LIST` of n: at a million
pictures it costs as much as reading them).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import faiss
import numpy as np

from searchengine.duplicates.symmetries import SYMMETRIES, symmetric_hashes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pairs = NDArray[np.int64]

EXACT = 20_000
"""Pictures up to which all are compared: some seconds."""

NEIGHBOURS = 10
"""Nearest embeddings looked at. scripts/eval_duplicates.py: twice as many find 0.1 % more of the edits."""

NEAR_BITS = 12
"""Of 64, for two hashes to be near. Of 20,000 pairs of different photos none is nearer than 14."""

_LIST = 256  # mean length of a list
_EMBEDDING_LISTS = 12  # lists read for a picture
_HASH_LISTS = 24  # a hash's neighbours are scattered more widely: its bits are independent by design
_NEAR_HASHES = 8  # nearest hashes looked at, for each of the eight symmetries
_TRAINING = 40  # vectors a list, the least that FAISS takes without a warning
_BATCH = 8192
_FEWEST_BITS = 8  # a hash of fewer ones is of a picture without structure, and near any other such


def near_embeddings(vectors: NDArray[np.float16], k: int = NEIGHBOURS) -> tuple[Pairs, NDArray[np.float32]]:
    """Each picture with its k nearest.

    Args:
        vectors: (n, dim) unit vectors.
        k: How many.

    Returns:
        (m, 2) positions, the smaller first, ascending, each pair once; and their cosines (m,).
    """
    count, dim = vectors.shape
    wanted = min(k + 1, count)  # a picture finds itself too
    if wanted < 2:
        return np.zeros((0, 2), np.int64), np.zeros(0, np.float32)
    if count <= EXACT:
        index: Any = faiss.IndexFlatIP(dim)
    else:
        quantizer = faiss.IndexFlatIP(dim)
        index = faiss.IndexIVFScalarQuantizer(
            quantizer, dim, count // _LIST, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        index.cp.niter, index.nprobe = 4, _EMBEDDING_LISTS
        index.train(vectors[_sample(count)].astype(np.float32))
    for start in range(0, count, _BATCH):
        index.add(vectors[start : start + _BATCH].astype(np.float32))
    pairs, cosines = [], []
    for start in range(0, count, _BATCH):
        score, found = index.search(vectors[start : start + _BATCH].astype(np.float32), wanted)
        own = np.repeat(np.arange(start, start + len(found)), wanted)
        pairs.append(np.stack([own, found.ravel()], axis=1))
        cosines.append(score.ravel())
    return _each_once(np.concatenate(pairs), np.concatenate(cosines))


def near_hashes(hashes: NDArray[np.uint8], within: int = NEAR_BITS) -> Pairs:
    """Pairs whose perceptual hashes differ in few bits once one picture is turned or mirrored.

    Args:
        hashes: (n, 8) uint8; those of pictures without structure are passed over.
        within: Bits that may differ.

    Returns:
        (m, 2) positions, the smaller first, ascending, each pair once.
    """
    telling = np.flatnonzero(np.unpackbits(hashes, axis=1).sum(axis=1) >= _FEWEST_BITS)
    if len(telling) < 2:
        return np.zeros((0, 2), np.int64)
    own = np.ascontiguousarray(hashes[telling])
    if len(own) <= EXACT:
        index: Any = faiss.IndexBinaryFlat(64)
    else:
        index = faiss.IndexBinaryIVF(faiss.IndexBinaryFlat(64), 64, len(own) // _LIST)
        index.cp.niter, index.nprobe = 4, _HASH_LISTS
        index.train(own[_sample(len(own))])
    index.add(own)
    k = min(_NEAR_HASHES + 1, len(own))
    found = [np.zeros((0, 2), np.int64)]
    for start in range(0, len(own), _BATCH):
        variants = symmetric_hashes(own[start : start + _BATCH]).reshape(-1, 8)
        bits, near = index.search(np.ascontiguousarray(variants), k)
        owner = np.repeat(np.arange(start, start + len(variants) // SYMMETRIES), SYMMETRIES * k)
        close = (bits.ravel() <= within) & (near.ravel() >= 0)
        found.append(np.stack([owner[close], near.ravel()[close]], axis=1))
    pairs, _ = _each_once(telling[np.concatenate(found)], None)
    return pairs


def _sample(count: int) -> NDArray[np.int64]:
    """What the lists' middles are learned from; the same for the same pictures."""
    wanted = min(count, _TRAINING * (count // _LIST))
    return np.sort(np.random.default_rng(0).choice(count, wanted, replace=False))


def _each_once(pairs: Pairs, scores: NDArray[np.float32] | None) -> tuple[Pairs, NDArray[np.float32]]:
    """Without pictures that found themselves, gaps (-1), and pairs found from both ends."""
    if scores is None:
        scores = np.zeros(len(pairs), np.float32)
    proper = (pairs[:, 0] != pairs[:, 1]) & (pairs[:, 1] >= 0)
    unique, first = np.unique(np.sort(pairs[proper], axis=1), axis=0, return_index=True)
    return unique, scores[proper][first]
