"""Where in a picture a thing is that is known to be in it, from what windows of it say.

No window fits a thing, but those that hold all of it are nearer to its name than those that hold none of it.
So of many boxes the one is taken that parts the windows best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.images.tiles import squares

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from searchengine.images.tiles import Box

    Boxes = NDArray[np.float64]

SIDES = (0.22, 0.32, 0.45, 0.62, 0.85)
"""Of the boxes that are tried, as shares of the picture's shorter side."""

STEP = 0.33

HOLDS, MISSES = 0.95, 0.1
"""A window holds a box that is in it by a larger share, and misses one that is in it by a smaller. Of things
whose names were right 0.56 had boxes that overlap theirs by 0.3 or more, as intersection over union; with 0.9
and 0.25 it was 0.55, with 0.8 and 0.4 0.38 (scripts/eval_objects.py has what comes of it)."""

APART = 0.4
"""Two boxes of one name have at most this share of the smaller in common."""


def locate(size: tuple[int, int], windows: Boxes, cosines: NDArray[np.float32], count: int) -> list[Box]:
    """The likeliest places of so many things of one kind.

    Args:
        size: The picture's width and height, in pixels.
        windows: Boxes (n, 4), as shares.
        cosines: How near each window is to the thing's name, (n,).
        count: How many there are.

    Returns:
        Boxes, the likeliest first; fewer where there is no room for more.
    """
    import numpy as np

    tried = [box for side in SIDES for box in squares(*size, side, STEP)]
    boxes = np.array(tried)
    shares = common(boxes[:, None], windows[None]) / area(boxes)[:, None]
    holds, misses = shares > HOLDS, shares < MISSES
    contrast = _mean(holds, cosines) - _mean(misses, cosines)
    contrast[holds.sum(axis=1) < 2] = -np.inf  # the whole picture holds everything
    found: list[int] = []
    for at in np.argsort(-contrast, kind="stable").tolist():
        if len(found) == count or not np.isfinite(contrast[at]):
            break
        smaller = np.minimum(area(boxes[found]), area(boxes[at]))
        if np.all(common(boxes[found], boxes[at]) <= APART * smaller):
            found.append(at)
    return [tried[at] for at in found]


def common(some: Boxes, others: Boxes) -> NDArray[np.float64]:
    """The area that boxes (…, 4) have in common."""
    import numpy as np

    low = np.maximum(some[..., :2], others[..., :2])
    high = np.minimum(some[..., 2:], others[..., 2:])
    sides = np.clip(high - low, 0, None)
    shared: NDArray[np.float64] = sides[..., 0] * sides[..., 1]
    return shared


def area(boxes: Boxes) -> NDArray[np.float64]:
    """Of boxes (…, 4)."""
    sides: NDArray[np.float64] = boxes[..., 2:] - boxes[..., :2]
    covered: NDArray[np.float64] = sides[..., 0] * sides[..., 1]
    return covered


def _mean(which: NDArray[np.bool_], values: NDArray[np.float32]) -> NDArray[np.float64]:
    """The mean of the values that each row picks; 0 where it picks none."""
    import numpy as np

    total: NDArray[np.float64] = which.astype(np.float64) @ values.astype(np.float64)
    mean: NDArray[np.float64] = total / np.maximum(which.sum(axis=1), 1)
    return mean
