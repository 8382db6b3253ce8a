"""What an embedding space has learned of a concept: the catalog keeps it, the query path uses it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Concept:
    """A concept as the embeddings see it: P(concept | picture) = sigmoid(weights · embedding + bias).

    Attributes:
        weights: float32 (dim,).
        bias: A logit.
        recognised: How many of the pictures that show it P would be at least 1/2 of, had each not been an
            example; None where that isn't known, as with a single one.
        told_apart: How many of the pictures that don't show it P would be less of.
    """

    weights: Vector
    bias: float
    recognised: int | None = None
    told_apart: int | None = None

    def probability(self, cosine: float) -> float:
        """P(concept | picture) at a cosine with `direction`."""
        import numpy as np

        logit = float(np.linalg.norm(self.weights)) * cosine + self.bias
        return 0.5 + 0.5 * math.tanh(0.5 * logit)

    @property
    def direction(self) -> tuple[Vector, float]:
        """The weights at length 1, and the cosine with them from which on P is at least 1/2."""
        import numpy as np

        length = float(np.linalg.norm(self.weights))
        return self.weights / np.float32(length), -self.bias / length
