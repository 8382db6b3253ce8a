"""Pictures on a plane, like beside like: t-SNE (van der Maaten and Hinton, JMLR 9, 2008), exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

MOST = 1000
"""Pictures: time and memory grow with their square, and more couldn't be told apart on a screen."""

PERPLEXITY = 20.0
ROUNDS = 400
# The paper's: neighbours pull stronger at first, so that groups form before they spread.
EARLY, EXAGGERATION = 100, 4.0
COMPONENTS = 30


def on_a_plane(vectors: Floats) -> Floats:
    """Places for pictures, each near to the ones it is like; the same vectors always give the same places.

    Args:
        vectors: float32 (n, dim), of length 1; n up to `MOST`.

    Returns:
        float32 (n, 2), both coordinates from 0 to 1.
    """
    count = len(vectors)
    if count < 3:
        return np.linspace(0.25, 0.75, 2 * count, dtype=np.float32).reshape(-1, 2)
    points = _principal(vectors, COMPONENTS)
    wanted = _affinities(_distances(points), min(PERPLEXITY, (count - 1) / 3))
    places = 1e-4 * points[:, :2] / max(float(points[:, 0].std()), 1e-12)
    speed = np.zeros_like(places)
    gains = np.ones_like(places)
    rate = max(count / EXAGGERATION / 4, 10.0)  # Belkina et al. 2019, with the gradient's factor 4
    for step in range(ROUNDS):
        near = 1 / (1 + _distances(places))
        np.fill_diagonal(near, 0)
        pull = wanted * (EXAGGERATION if step < EARLY else 1.0) - near / near.sum()
        force = pull * near
        gradient = 4 * (force.sum(axis=1, keepdims=True) * places - force @ places)
        gains = np.where(np.sign(gradient) != np.sign(speed), gains + 0.2, np.maximum(gains * 0.8, 0.01))
        speed = (0.5 if step < EARLY else 0.8) * speed - rate * gains * gradient
        places = places + speed
    low, high = places.min(axis=0), places.max(axis=0)
    scaled: Floats = ((places - low) / np.maximum(high - low, 1e-12)).astype(np.float32)
    return scaled


def _principal(vectors: Floats, components: int) -> Floats:
    """Along the directions in which they differ most, largest first; each sign is settled, not by chance."""
    centred = vectors - vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[: min(components, len(axes))]
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]
    if len(axes) < 2:
        axes = np.concatenate([axes, np.zeros_like(axes)])
    points: Floats = centred @ axes.T
    return points


def _distances(points: Floats) -> Floats:
    squares = (points**2).sum(axis=1)
    found: Floats = np.maximum(squares[:, None] + squares[None] - 2 * points @ points.T, 0)
    return found


def _affinities(distances: Floats, perplexity: float) -> Floats:
    """How likely each picks each other as its neighbour: symmetric, all together 1."""
    count = len(distances)
    apart = distances / max(float(distances.mean()), 1e-12)
    np.fill_diagonal(apart, np.inf)
    # Each one's bandwidth, by bisection: so that its neighbours count as many as the perplexity says.
    low, high = np.zeros((count, 1)), np.full((count, 1), np.inf)
    beta = np.ones((count, 1))
    closest = apart.min(axis=1, keepdims=True)
    for _ in range(40):
        weights = np.exp(-beta * (apart - closest))
        total = weights.sum(axis=1, keepdims=True)
        p = weights / total
        entropy = -(p * np.log(np.maximum(p, 1e-12))).sum(axis=1, keepdims=True)
        wide = entropy > np.log(perplexity)
        low, high = np.where(wide, beta, low), np.where(wide, high, beta)
        beta = np.where(np.isinf(high), beta * 2, (low + high) / 2)
    both: Floats = ((p + p.T) / (2 * count)).astype(np.float32)
    return both
