"""What a model is, stated as values: its weights, its dimension, and how it wants its pictures."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

ResizeMode = Literal["shortest", "longest", "squash"]
Interpolation = Literal["bicubic", "bilinear"]


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a picture becomes the model's input; the fields and their meaning are open_clip's.

    Attributes:
        size: (height, width) of the input, in pixels.
        mean: Channel means, in units of [0, 1] intensity.
        std: Channel standard deviations, in the same units.
        interpolation: Resampling filter.
        resize_mode: ``shortest`` resizes the short side and crops the centre, ``longest`` pads,
            ``squash`` ignores the aspect ratio.
        fill_color: Grey level of the padding, for ``longest``.
    """

    size: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: Interpolation = "bicubic"
    resize_mode: ResizeMode = "shortest"
    fill_color: int = 0

    @property
    def fingerprint(self) -> str:
        """16 hex digits; two models with one fingerprint want the same pixels."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Preprocessing:
        """From what `to_dict` gave, also after a round trip through JSON."""
        return cls(**{**values, **{key: tuple(values[key]) for key in ("size", "mean", "std")}})


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model, pinned: two equal specs give the same vectors.

    Attributes:
        name: As a user writes it after ``--model``, made absolute where it is a path.
        weights: SHA-256 of the weights file, 64 hex digits.
        dim: Length of an embedding.
        preprocessing: How a picture becomes the model's input.
        context_length: Most tokens of a text.
        logit_scale: What a cosine is multiplied with before a softmax or sigmoid (already exponentiated).
        logit_bias: What is added to it (SigLIP), or None.
    """

    name: str
    weights: str
    dim: int
    preprocessing: Preprocessing
    context_length: int
    logit_scale: float
    logit_bias: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "name": self.name,
            "weights": self.weights,
            "dim": self.dim,
            "preprocessing": self.preprocessing.to_dict(),
            "context_length": self.context_length,
            "logit_scale": self.logit_scale,
            "logit_bias": self.logit_bias,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ModelSpec:
        """From what `to_dict` gave."""
        return cls(**{**values, "preprocessing": Preprocessing.from_dict(values["preprocessing"])})
