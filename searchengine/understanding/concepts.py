"""A concept from a handful of examples: a linear layer on the embeddings, by regularised logistic regression.

Three things stand in for the examples that a handful doesn't have. A sample of the library is shown to it as
negatives, for most pictures don't show the concept. The embeddings are centred on that sample, since all
pictures share a large part that says nothing. And there is the concept's name in words, which the model knows
("a dog") or doesn't ("rex"). So the examples are read twice: as corrections of what a name that is known says
by itself, and as all there is. How far the pictures that show the concept stand out by its name says how
probable it is that the name is known, and in that proportion the two readings are mixed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from searchengine.concept import Concept

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Vectors = NDArray[np.float32]

SAMPLE = 128
"""Pictures of the library that are shown as negatives: more cost time and gain nothing."""

# scripts/eval_concepts.py --choose: by how much the logit grows with a standard deviation of a known name's
# cosine, and its prior variance along any direction of the library's spread, if the name is known and if not.
NAME_SLOPE = 2.0
NAMED_SPREAD = 0.5
SPREAD = 2.0
SAMPLE_WEIGHT = 4.0
"""How much the sample counts, in positives."""
BIAS_SPREAD = 100.0
# How much it counts for where P is 1/2: less, since an unknown part of it does show the concept.
LINE_WEIGHT = 2.0
# Of pictures that a known name is true of, the cosine with it is so many standard deviations above other
# pictures'; with words that say nothing it is on average none. Either differs from name to name by so large a
# variance. Measured on scenes and five sets of photographs, with nonsense for names. People mostly give a
# concept its name, hence the odds.
KNOWN_BY = 2.0
NAMES_VARY = 0.2
KNOWN_ODDS = 4.0
LEAST_DEVIATION = 0.02
"""Of the cosines of one text with many pictures, which vary by more; too few pictures may happen to agree."""
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
    slope: float = NAME_SLOPE,
    named_spread: float = NAMED_SPREAD,
    spread: float = SPREAD,
) -> Concept:
    """Learn a concept; some ten milliseconds.

    Args:
        positives: Embeddings of pictures that show it, (p, dim), p > 0, of length 1.
        negatives: Of pictures that don't, (n, dim); n may be 0.
        sample: Of pictures of the library, drawn at random, (s, dim), s > 0.
        name: The concept's name as the model embeds it, (dim,); zeros where it has none.
        slope: By how much a picture's logit grows with a standard deviation of its cosine with a known name.
        named_spread: Prior variance of what else is in the logit, all directions together, with such a name.
        spread: The same where the name isn't known.
    """
    import numpy as np

    sample = sample[(sample @ positives.T).max(axis=1) < SAME]
    rows = np.concatenate([positives, negatives, sample]).astype(np.float64)
    target = np.zeros(len(rows))
    target[: len(positives)] = 1.0
    weight = np.ones(len(rows))
    weight[len(rows) - len(sample) :] = SAMPLE_WEIGHT * len(positives) / max(len(sample), 1)

    mean = np.average(rows, axis=0, weights=weight)
    centred = rows - mean
    variance = max(np.average((centred**2).sum(axis=1), weights=weight), CLOSE)
    products = centred @ centred.T / variance
    others = rows[len(positives) :] @ name
    per_deviation = name / max(others.std() if len(others) else 0.0, LEAST_DEVIATION)
    known = name_known(rows[: len(positives)] @ per_deviation, rows[len(positives) :] @ per_deviation)

    weights, bias, left_out = np.zeros(rows.shape[1]), 0.0, np.zeros(len(rows))
    for share, along, variance_of in (
        (known, slope * per_deviation, named_spread),
        (1 - known, np.zeros_like(per_deviation), spread),
    ):
        kernel = variance_of * products + BIAS_SPREAD
        prior = centred @ along
        alpha = _newton(kernel, prior, target, weight)
        read = variance_of / variance * (centred.T @ alpha) + along
        weights += share * read
        bias += share * (BIAS_SPREAD * alpha.sum() - mean @ read)
        left_out += share * _left_out(kernel, prior, alpha, weight)
    line = math.log(SAMPLE_WEIGHT / LINE_WEIGHT)
    shows = left_out + line >= 0
    recognised = int(shows[: len(positives)].sum()) if len(positives) > 1 else None
    told_apart = int((~shows[len(positives) :][: len(negatives)]).sum())
    return Concept(weights.astype(np.float32), float(bias + line), recognised, told_apart)


def name_known(positives: Floats, others: Floats) -> float:
    """How probable it is that a model knows a name, by its cosines with pictures that it is said to be of.

    Two normal distributions of one variance, that of a mean of so many pictures and of names.

    Args:
        positives: Cosines with pictures that show what is named, in standard deviations of the others, (p,);
            zeros where there is no name, and so none that could be known.
        others: With other pictures, (n,); where there are none, nothing is learned.
    """
    if not positives.any():
        return 0.0
    logit = math.log(KNOWN_ODDS)
    if len(others):
        above = float(positives.mean() - others.mean())
        variance = NAMES_VARY + 1 / len(positives) + 1 / len(others)
        logit += KNOWN_BY * (above - KNOWN_BY / 2) / variance
    return 0.5 + 0.5 * math.tanh(0.5 * logit)


def _left_out(kernel: Floats, prior: Floats, alpha: Floats, weight: Floats) -> Floats:
    """The logit that each example would have, had it not been one.

    By one Newton step from the minimum, without a fit for each (approximate leave-one-out, arXiv 1801.10243).
    """
    import numpy as np

    logits = kernel @ alpha + prior
    p = _sigmoid(logits)
    curvature = weight * p * (1 - p)
    spread = np.diag(np.linalg.solve(np.eye(len(alpha)) + kernel * curvature, kernel))
    left: Floats = logits - alpha * spread / (1 - curvature * spread)
    return left


def _newton(kernel: Floats, prior: Floats, target: Floats, weight: Floats) -> Floats:
    """Coefficients of the examples in kernel logistic regression around prior logits, by Newton's method.

    They minimise the weighted log loss plus half the quadratic form of the kernel, and at the minimum are
    weight * (target - P). A step that overshoots is halved.
    """
    import numpy as np

    def loss(alpha: Floats) -> float:
        learned = kernel @ alpha
        logits = learned + prior
        return float((weight * (np.logaddexp(0.0, logits) - target * logits)).sum() + 0.5 * alpha @ learned)

    alpha = np.zeros(len(target))
    before = loss(alpha)
    for _ in range(ROUNDS):
        learned = kernel @ alpha
        p = _sigmoid(learned + prior)
        curvature = weight * p * (1 - p)
        system = np.eye(len(alpha)) + curvature[:, None] * kernel
        step = np.linalg.solve(system, curvature * learned + weight * (target - p)) - alpha
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
