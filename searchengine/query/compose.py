"""Several directions into one: the arithmetic of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

# Below this length the sum of unit vectors is what rounding left of things that cancel out.
_NOTHING = 1e-3


def compose(parts: Sequence[tuple[NDArray[np.float32], float]]) -> NDArray[np.float32]:
    """The weighted sum of unit vectors, brought back to length 1 so that scores stay cosines.

    Args:
        parts: At least one vector, float32 (dim,), of length 1, with its weight; negative is away from it.

    Raises:
        QueryError: They cancel each other out.
    """
    import numpy as np

    total = np.sum([weight * vector for vector, weight in parts], axis=0)
    length = float(np.linalg.norm(total))
    if length < _NOTHING:
        raise QueryError("what this query goes towards and what it goes away from cancel each other out")
    result: NDArray[np.float32] = (total / length).astype(np.float32)
    return result
