"""Zero-shot classification: which of some labels a picture goes with, and how surely."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from searchengine.errors import UsageError
from searchengine.understanding.pictures import answer_each
from searchengine.understanding.prompts import TEMPLATES, checked_labels, label_vectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.encoders.spec import ModelSpec
    from searchengine.open_space import OpenSpace
    from searchengine.understanding.pictures import Answers, Seen, Unread

    Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Label:
    """What a picture may be called.

    Attributes:
        label: As asked.
        probability: From 0 to 1.
    """

    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class Classification:
    """One picture's labels.

    Attributes:
        path: Absolute.
        labels: All that were asked for, the most probable first.
    """

    path: str
    labels: tuple[Label, ...]

    def to_dict(self) -> dict[str, Any]:
        """As the JSON that the command line prints."""
        return asdict(self)


def is_exclusive(spec: ModelSpec) -> bool:
    """Whether a model tells which of several texts fits best (CLIP), not whether each one fits (SigLIP)."""
    return spec.logit_bias is None


def probabilities(cosines: Vectors, spec: ModelSpec) -> Vectors:
    """P(label | picture), as the model was trained to tell it.

    CLIP's loss is a softmax over `logit_scale * cosine` (arXiv 2103.00020), SigLIP's a sigmoid of
    `logit_scale * cosine + logit_bias` (arXiv 2303.15343).

    Args:
        cosines: Of pictures and labels, (pictures, labels).
        spec: The model.

    Returns:
        float32 (pictures, labels); rows of a model that `is_exclusive` sum to 1.
    """
    import numpy as np

    logits = spec.logit_scale * cosines.astype(np.float64)
    if spec.logit_bias is not None:
        # In halves, since exp of a large logit overflows: sigmoid(x) = (1 + tanh(x / 2)) / 2.
        return (0.5 + 0.5 * np.tanh(0.5 * (logits + spec.logit_bias))).astype(np.float32)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Vectors = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def classify(
    space: OpenSpace,
    pictures: Iterable[Seen | Unread],
    labels: Sequence[str],
    templates: Sequence[str] = TEMPLATES,
) -> Answers[Classification]:
    """Say which labels pictures go with; see `Library.classify`.

    Raises:
        UsageError: No labels, one twice, one alone where labels exclude each other, or a template without {}.
        ModelError: The model can't be loaded.
    """
    asked = checked_labels(labels)
    if is_exclusive(space.spec) and len(asked) == 1:
        raise UsageError(
            f"{space.name} tells which of several labels fits best: one alone always has probability 1. "
            'Name what else it might be too, as in --labels "cat,dog,something else"'
        )
    vectors = label_vectors(space.encoder, asked, templates)

    def labelled(picture: Seen) -> Classification:
        (row,) = probabilities(picture.vector[None] @ vectors.T, space.spec)
        named = (Label(label, float(p)) for label, p in zip(asked, row, strict=True))
        return Classification(picture.path, tuple(sorted(named, key=lambda label: -label.probability)))

    return answer_each(pictures, labelled)
