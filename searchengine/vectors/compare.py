"""Whether what an engine holds is what the catalog has, every vector looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from searchengine.vectors.source import Vectors, VectorSource

# So many ids are named where many are wrong.
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Condition:
    """What came of looking at what is held of a space.

    Attributes:
        wrong: What is wrong with it; None when nothing is.
        note: What is harmless but worth knowing; None when nothing is.
    """

    wrong: str | None = None
    note: str | None = None


def differs(
    source: VectorSource, expected: NDArray[np.int64], held: Iterable[Vectors], name: str
) -> str | None:
    """How what is held differs from the catalog; None when it doesn't.

    Args:
        source: The catalog's vectors; of what was forgotten since there is none to compare with.
        expected: The ids that should be held, ascending.
        held: Ids with their vectors, in batches.
        name: What holds them, for people.
    """
    seen = [np.empty(0, np.int64)]
    for ids, vectors in held:
        seen.append(ids)
        known, right = source.vectors(ids)
        order = np.argsort(ids)
        at = order[np.searchsorted(ids[order], known)]
        same = np.all(vectors[at].view(np.uint16) == right.view(np.uint16), axis=1)
        if not same.all():
            return f"{name} holds other numbers than the catalog: {_named(known[~same])}"
    all_seen = np.sort(np.concatenate(seen))
    if not np.array_equal(expected, all_seen):
        return f"{name} holds other vectors than it should: {_named(np.setxor1d(expected, all_seen))}"
    return None


def _named(ids: NDArray[np.int64]) -> str:
    named = ", ".join(map(str, ids[:_EXAMPLES].tolist()))
    return f"{named}, …" if len(ids) > _EXAMPLES else named
