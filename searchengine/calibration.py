"""What an embedding space's relevance lines are drawn from: the catalog keeps it, the query path uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """One space's, at one time.

    Attributes:
        bank: Embeddings of the neutral prompts, float32 (prompts, dim), of length 1; kept as float16.
        sample: Embeddings of pictures drawn at random from the library, the same (n, dim), n > 0.
        words: The best score of each neutral prompt in the library, ascending; corrected for the closeness
            of its picture to the bank.
        pictures: The best cosine of each picture of the sample among some others of it, ascending.
        digest: Names the prompts, so that others are noticed.
        images: Size of the library, in embeddings, when this was measured.
    """

    bank: NDArray[np.float32]
    sample: NDArray[np.float32]
    words: tuple[float, ...]
    pictures: tuple[float, ...]
    digest: str
    images: int
