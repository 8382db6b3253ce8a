"""Whether an export answers as the original does: what it is asked, and how near is near enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from searchengine.errors import ParityError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Two right implementations in float32 differ by about 1e-6 in a unit vector's components; a wrong mask,
# pooling or activation by 1e-2 and more.
MAX_DIFFERENCE = 1e-4
MIN_COSINE = 0.99999

TEXTS = (
    "",
    "dog",
    "a dog on a beach",
    "Two cats & a <b>parrot</b>, 1999; it's raining!",
    "une rue animée à Paris la nuit, 日本の桜, Привет, 🦊🌲❄️",
    "a photograph of an old wooden boat on a calm lake at sunset with mountains in the background",
    " ".join(["a very long description that goes on and on"] * 20),
)


@dataclass(frozen=True, slots=True)
class Parity:
    """How near two sets of unit vectors are.

    Attributes:
        max_difference: Largest absolute difference of a component.
        min_cosine: Smallest cosine of two vectors that should be one.
    """

    max_difference: float
    min_cosine: float

    @property
    def good(self) -> bool:
        """Whether only rounding tells them apart."""
        return self.max_difference <= MAX_DIFFERENCE and self.min_cosine >= MIN_COSINE


def compare(answers: NDArray[np.float32], originals: NDArray[np.float32]) -> Parity:
    """Compare unit vectors, float32 (n, dim), row by row; what isn't a number is as far off as can be."""
    import numpy as np

    if answers.shape != originals.shape or not (np.isfinite(answers).all() and np.isfinite(originals).all()):
        return Parity(max_difference=2.0, min_cosine=-1.0)
    ours, theirs = answers.astype(np.float64), originals.astype(np.float64)
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    cosines = (ours * theirs).sum(axis=1) / np.maximum(lengths, 1e-12)
    return Parity(float(np.abs(ours - theirs).max()), float(cosines.min()))


def check(parity: Parity, what: str) -> Parity:
    """Hand it back when it is good.

    Raises:
        ParityError: It isn't.
    """
    if parity.good:
        return parity
    raise ParityError(
        f"The exported {what} doesn't answer as the original does (difference {parity.max_difference:.2g}, "
        f"cosine {parity.min_cosine:.6f}; allowed {MAX_DIFFERENCE:g} and {MIN_COSINE}). Nothing was kept. "
        "Use the model with --runtime torch."
    )


def pictures(height: int, width: int) -> NDArray[np.uint8]:
    """Pictures that differ in all a tower could get wrong: uint8 (5, height, width, 3).

    A gradient whose channels, rows and columns all differ, noise, a checkerboard, black, and a bright disc.
    """
    import numpy as np

    y, x = np.mgrid[0:height, 0:width]
    gradient = np.stack([255 * x / width, 255 * y / height, 255 * (x + y) / (width + height)], axis=-1)
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3))
    board = np.repeat((((x // 8 + y // 8) % 2) * 255)[..., None], 3, axis=-1)
    disc = np.hypot(y - height / 3, x - width / 2)[..., None] < height / 4
    bright = np.where(disc, [250, 200, 30], [30, 60, 120])
    return np.stack([gradient, noise, board, np.zeros_like(noise), bright]).astype(np.uint8)
