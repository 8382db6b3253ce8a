"""A ranking in which edits of one picture are one result: the first of them stands for all that follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from searchengine.duplicates.edited import other_shots, verified
from searchengine.duplicates.neighbours import NEAR_BITS, NEIGHBOURS
from searchengine.duplicates.symmetries import symmetric_hashes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, MutableMapping

    from numpy.typing import NDArray

    from searchengine.duplicates.records import Records

    Read = Callable[[NDArray[np.int64]], NDArray[np.float32]]
    Verdicts = MutableMapping[tuple[int, int], bool]
    """Of two pictures, by their ids, whether they are the same one."""


def collapse(
    ranked: Records,
    read: Read,
    k: int | None,
    *,
    alone: Collection[int] = (),
    verdicts: Verdicts | None = None,
) -> tuple[list[list[int]], bool]:
    """Put each picture to the first before it that is the same one, edited.

    A picture is compared with those that stand for a group already: the nearest of them by embedding, and
    those whose perceptual hashes are near. So the first k groups are the same however long the ranking is.

    Args:
        ranked: The pictures, best first.
        read: Gives the sketches (m, SIDE, SIDE) of positions (m,).
        k: How many groups are wanted; None for all.
        alone: Positions that are like nothing else: those of videos.
        verdicts: What is known of pairs already; what is found out is added.

    Returns:
        Positions by group, the one that stands for it first, of all that comes before group k + 1 begins; and
        whether the ranking was long enough for that.
    """
    groups: dict[int, list[int]] = {}
    verdicts = {} if verdicts is None else verdicts
    for position in range(len(ranked.ids)):
        same = None
        if position not in alone:
            kept = np.array([each for each in groups if each not in alone], np.int64)
            same = _first_same(ranked, read, kept, position, verdicts)
        if same is not None:
            groups[same].append(position)
        elif k is not None and len(groups) >= k:
            return list(groups.values()), True
        else:
            groups[position] = [position]
    return list(groups.values()), False


def _first_same(
    ranked: Records, read: Read, kept: NDArray[np.int64], position: int, verdicts: Verdicts
) -> int | None:
    """Which of those kept is the same picture; of several the first in the ranking."""
    if not len(kept):
        return None
    cosines = ranked.vectors[kept].astype(np.float32) @ ranked.vectors[position].astype(np.float32)
    likely = np.argsort(-cosines, kind="stable")[:NEIGHBOURS]
    variants = symmetric_hashes(ranked.hashes[position : position + 1])[0]
    differing = np.unpackbits(ranked.hashes[kept][:, None] ^ variants[None], axis=2)
    bits = differing.sum(axis=2).min(axis=1)
    likely = np.union1d(likely, np.flatnonzero(bits <= NEAR_BITS)[:NEIGHBOURS])
    pairs = np.stack([kept[likely], np.full(len(likely), position)], axis=1)
    pairs = pairs[~other_shots(ranked.times, pairs)]
    keys = [(one, other) for one, other in ranked.ids[pairs].tolist()]
    new = [at for at, key in enumerate(keys) if key not in verdicts]
    if new:
        same = verified(pairs[new], read)
        verdicts.update((keys[at], (int(pairs[at, 0]), position) in same) for at in new)
    ones = (one for one, key in zip(pairs[:, 0].tolist(), keys, strict=True) if verdicts[key])
    return min(ones, default=None)
