"""Which arithmetic an image tower runs in: the fastest that stays faithful to float32.

float32 is what every processor has. bfloat16 keeps its range and halves the work where a processor
multiplies it (AVX512-BF16, AMX). int8 rounds each tensor to 256 steps, which a few outlier channels, as many
trained transformers have (Dettmers et al., LLM.int8(), 2022), stretch until nothing else is told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Precision = Literal["float32", "bfloat16", "int8"]
Asked = Literal["auto", "float32", "bfloat16", "int8"]
PRECISIONS: tuple[Asked, ...] = ("auto", "float32", "bfloat16", "int8")

MEAN_COSINE = 0.999
WORST_COSINE = 0.995

# Below this, in processor seconds a picture, indexing is mostly decoding: a small photo takes as long.
QUICK = 0.01
# What is hardly faster isn't worth being less exact.
WORTH = 1.2


@dataclass(frozen=True, slots=True)
class Trial:
    """How a precision did in the self-test.

    Attributes:
        precision: Which.
        seconds: Processor time a picture takes, of all cores together.
        mean: Mean cosine to the float32 vectors.
        worst: Smallest one.
    """

    precision: Precision
    seconds: float
    mean: float = 1.0
    worst: float = 1.0

    @property
    def faithful(self) -> bool:
        """Whether its vectors compare with float32's."""
        return self.mean >= MEAN_COSINE and self.worst >= WORST_COSINE


def choose(exact: Trial, others: Sequence[Trial]) -> Precision:
    """The fastest that is faithful, or float32 where none is much faster.

    Args:
        exact: Of float32.
        others: Of what else the processor has.
    """
    best = min((each for each in others if each.faithful), key=lambda each: each.seconds, default=exact)
    return best.precision if best.seconds * WORTH <= exact.seconds else exact.precision
