"""Which arithmetic an image tower runs in, and by which engine: the fastest that stays faithful to float32.

float32 is what every processor has. bfloat16 keeps its range and halves the work where a processor
multiplies it (AVX512-BF16, AMX). int8 quarters it (AVX512-VNNI), but rounds each tensor to 256 steps, which a
few outlier channels, as many trained transformers have (Dettmers et al., LLM.int8(), 2022), stretch until
nothing else is told apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from searchengine.encoders.parity import MIN_COSINE

if TYPE_CHECKING:
    from collections.abc import Sequence

Precision = Literal["float32", "bfloat16", "int8"]
Engine = Literal["onnxruntime", "openvino"]
Asked = Literal["auto", "float32", "bfloat16", "int8"]
PRECISIONS: tuple[Asked, ...] = ("auto", "float32", "bfloat16", "int8")

MEAN_COSINE = 0.999
WORST_COSINE = 0.995

# Below this, in processor seconds a picture, indexing is mostly decoding: a small photo takes as long.
QUICK = 0.01
# What is hardly faster isn't worth being less exact,
WORTH = 1.2
# nor another engine, which takes a second to open.
WORTH_ENGINE = 1.05


@dataclass(frozen=True, slots=True)
class Trial:
    """How a precision did in the self-test.

    Attributes:
        precision: Which.
        seconds: Processor time a picture takes, of all cores together.
        mean: Mean cosine to the float32 vectors of ONNX Runtime.
        worst: Smallest one.
        engine: By which it was run.
    """

    precision: Precision
    seconds: float
    mean: float = 1.0
    worst: float = 1.0
    engine: Engine = "onnxruntime"

    @property
    def faithful(self) -> bool:
        """Whether its vectors compare with float32's; of float32 itself, whether they are the same."""
        if self.precision == "float32":
            return self.worst >= MIN_COSINE
        return self.mean >= MEAN_COSINE and self.worst >= WORST_COSINE


def choose(exact: Trial, others: Sequence[Trial]) -> Trial:
    """The fastest that is faithful, or the reference where none is faster by what it is worth.

    Args:
        exact: Of float32 by ONNX Runtime.
        others: Of what else the machine has.
    """
    faithful = [each for each in others if each.faithful]
    engines = [each for each in faithful if each.precision == "float32"]
    plain = min(engines, key=lambda each: each.seconds, default=exact)
    if plain.seconds * WORTH_ENGINE > exact.seconds:
        plain = exact
    best = min(faithful, key=lambda each: each.seconds, default=plain)
    return best if best.seconds * WORTH <= plain.seconds else plain
