"""Several directions into one: the arithmetic of a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from searchengine.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]
    Part = tuple[Vector, float]

# Below this length the sum of unit vectors is what rounding left of things that cancel out.
_NOTHING = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """Where a query goes.

    Attributes:
        vector: float32 (dim,), of length 1.
        main: The part of the vector that says what is wanted, (dim,): the words to go towards; where there
            are none the pictures to go towards; where there are none of these either, all of it.
        of_words: Whether the main part comes from words.
        is_away: Whether it only says what isn't wanted.
        line: The cosine from which on pictures are relevant, where the direction was learned and so says that
            itself; else None.
    """

    vector: Vector
    main: Vector
    of_words: bool
    is_away: bool = False
    line: float | None = None


def compose(words: Sequence[Part], pictures: Sequence[Part] = ()) -> Direction:
    """The weighted sum of unit vectors, brought back to length 1 so that scores stay cosines.

    Args:
        words: Vectors of words, float32 (dim,), of length 1, each with its weight; negative is away from it.
        pictures: The same of pictures; with the words, at least one.

    Raises:
        QueryError: They cancel each other out.
    """
    import numpy as np

    total = _sum((*words, *pictures))
    length = float(np.linalg.norm(total))
    if length < _NOTHING:
        raise QueryError("what this query goes towards and what it goes away from cancel each other out")
    vector = (total / length).astype(np.float32)
    for parts, of_words in ((words, True), (pictures, False)):
        towards = [part for part in parts if part[1] > 0]
        if towards:
            return Direction(vector, (_sum(towards) / length).astype(np.float32), of_words)
    return Direction(vector, vector, of_words=bool(words), is_away=True)


def _sum(parts: Sequence[Part]) -> Vector:
    import numpy as np

    total: Vector = np.sum([weight * vector for vector, weight in parts], axis=0)
    return total
