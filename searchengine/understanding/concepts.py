"""A concept from a handful of examples: a linear layer on the embeddings, by regularised logistic regression.

Three things stand in for the examples that a handful doesn't have. A sample of the library is shown to it as
negatives, for most pictures don't show the concept. The embeddings are centred on that sample, since all
pictures share a large part that says nothing. And one direction costs less than the others: that of the
concept's name in words, so that a name the model knows is where the learning begins, and one it doesn't know
("rex") counts for little as soon as the examples say otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.concept import Concept

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Vectors = NDArray[np.float32]

SAMPLE = 128
"""Pictures of the library that are shown as negatives: more cost time and gain nothing."""

# scripts/eval_concepts.py --choose: the prior variance of the logit along any direction of the library's
# spread, and along the name's; how much the sample counts, in positives.
SPREAD = 2.0
NAME_SPREAD = 16.0
SAMPLE_WEIGHT = 4.0
BIAS_SPREAD = 100.0
# How much it counts for where P is 1/2: less, since an unknown part of it does show the concept. On scenes
# precision 0.20 and recall 0.85 at the line, of names the model doesn't know 0.60 and 0.30.
LINE_WEIGHT = 2.0
# A picture of the sample that is this near to a positive is the same picture.
SAME = 0.999
ROUNDS = 50
CLOSE = 1e-6


def fit(
    positives: Vectors,
    negatives: Vectors,
    sample: Vectors,
    name: Vectors,
    *,
    spread: float = SPREAD,
    name_spread: float = NAME_SPREAD,
    sample_weight: float = SAMPLE_WEIGHT,
) -> Concept:
    """Learn a concept; a few milliseconds.

    Args:
        positives: Embeddings of pictures that show it, (p, dim), p > 0, of length 1.
        negatives: Of pictures that don't, (n, dim); n may be 0.
        sample: Of pictures of the library, drawn at random, (s, dim), s > 0.
        name: The concept's name as the model embeds it, (dim,).
        spread: Prior variance of a picture's logit, all directions together.
        name_spread: The same of the name's direction besides.
        sample_weight: How much the sample counts, as a multiple of the positives.
    """
    import numpy as np

    sample = sample[(sample @ positives.T).max(axis=1) < SAME]
    rows = np.concatenate([positives, negatives, sample]).astype(np.float64)
    target = np.zeros(len(rows))
    target[: len(positives)] = 1.0
    weight = np.ones(len(rows))
    weight[len(rows) - len(sample) :] = sample_weight * len(positives) / max(len(sample), 1)

    mean = np.average(rows, axis=0, weights=weight)
    centred = rows - mean
    scale = spread / max(np.average((centred**2).sum(axis=1), weights=weight), CLOSE)
    along = centred @ name
    name_scale = name_spread / max(np.average(along**2, weights=weight), CLOSE)
    kernel = scale * (centred @ centred.T) + name_scale * np.outer(along, along) + BIAS_SPREAD
    alpha = _newton(kernel, target, weight)

    weights = scale * (centred.T @ alpha) + name_scale * (along @ alpha) * name
    line = np.log(sample_weight / LINE_WEIGHT)
    bias = BIAS_SPREAD * alpha.sum() - mean @ weights + line
    shows = _left_out(kernel, alpha, weight) + line >= 0
    recognised = int(shows[: len(positives)].sum()) if len(positives) > 1 else None
    told_apart = int((~shows[len(positives) :][: len(negatives)]).sum())
    return Concept(weights.astype(np.float32), float(bias), recognised, told_apart)


def _left_out(kernel: Floats, alpha: Floats, weight: Floats) -> Floats:
    """The logit that each example would have, had it not been one.

    By one Newton step from the minimum, without a fit for each (approximate leave-one-out, arXiv 1801.10243).
    """
    import numpy as np

    logits = kernel @ alpha
    p = _sigmoid(logits)
    curvature = weight * p * (1 - p)
    spread = np.diag(np.linalg.solve(np.eye(len(alpha)) + kernel * curvature, kernel))
    left: Floats = logits - alpha * spread / (1 - curvature * spread)
    return left


def _newton(kernel: Floats, target: Floats, weight: Floats) -> Floats:
    """Coefficients of the examples in kernel logistic regression, by Newton's method.

    They minimise the weighted log loss plus half the quadratic form of the kernel, and at the minimum are
    weight * (target - P). A step that overshoots is halved.
    """
    import numpy as np

    def loss(alpha: Floats) -> float:
        logits = kernel @ alpha
        return float((weight * (np.logaddexp(0.0, logits) - target * logits)).sum() + 0.5 * alpha @ logits)

    alpha = np.zeros(len(target))
    before = loss(alpha)
    for _ in range(ROUNDS):
        logits = kernel @ alpha
        p = _sigmoid(logits)
        curvature = weight * p * (1 - p)
        system = np.eye(len(alpha)) + curvature[:, None] * kernel
        step = np.linalg.solve(system, curvature * logits + weight * (target - p)) - alpha
        while (now := loss(alpha + step)) > before and np.abs(step).max() > CLOSE:
            step /= 2
        alpha = alpha + step
        if before - now < CLOSE:
            break
        before = now
    return alpha


def _sigmoid(logits: Floats) -> Floats:
    """Without overflow, which exp would have."""
    import numpy as np

    half: Floats = np.tanh(0.5 * logits)
    return 0.5 + 0.5 * half
