"""A picture in overlapping squares, so that what is small in it is looked at closely."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, as shares of a picture's width and height."""

SIDES = (0.5,)
"""Of the squares that regions are, as shares of the picture's shorter side."""

STEP = 0.67
"""From one square to the next at most, as a share of its side: they overlap by a third."""

LEAST_SIDE = 128
"""Pixels. The squares of a picture whose shorter side is shorter have nothing that it hasn't itself."""

MOST_ALONG = 16
"""Squares in a row: a strip isn't looked at in hundreds of them."""


def tiles(width: int, height: int) -> tuple[Box, ...]:
    """The regions of a picture that are embedded beside it.

    Args:
        width: Pixels, upright.
        height: The same, downwards.

    Returns:
        The largest squares first, row by row; none of a picture that is too small.
    """
    if min(width, height) < LEAST_SIDE:
        return ()
    return tuple(box for side in SIDES for box in squares(width, height, side))


def squares(width: int, height: int, side: float, step: float = STEP) -> list[Box]:
    """Squares of one size, evenly spread over a picture, row by row.

    Args:
        width: Of the picture.
        height: The same, downwards.
        side: Of a square, as a share of the picture's shorter side.
        step: From one to the next at most, as a share of its side.
    """
    long = side * min(width, height)
    return [
        (left / width, top / height, (left + long) / width, (top + long) / height)
        for top in _starts(height, long, step)
        for left in _starts(width, long, step)
    ]


def crop(image: Image.Image, box: Box) -> Image.Image:
    """The part of a picture that a box encloses, at least a pixel of it."""
    left, top, right, bottom = box
    width, height = image.size
    x, y = min(round(left * width), width - 1), min(round(top * height), height - 1)
    return image.crop((x, y, max(round(right * width), x + 1), max(round(bottom * height), y + 1)))


def _starts(whole: float, long: float, step: float) -> list[float]:
    """Where along a side of the picture the squares begin: from its one end to the other."""
    room = whole - long
    count = min(math.ceil(room / (long * step) - 1e-6) + 1, MOST_ALONG)
    return [room * at / (count - 1) for at in range(count)] if count > 1 else [room / 2]
