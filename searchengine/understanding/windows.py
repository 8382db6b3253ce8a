"""A picture seen through windows: embeddings of all of it, and of squares of several sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from searchengine.images.tiles import crop, squares

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from searchengine.encoders.spec import ModelSpec
    from searchengine.images.tiles import Box
    from searchengine.open_space import OpenSpace

SIDES = (1.0, 0.7, 0.5, 0.35, 0.25)
"""Of the windows, as shares of the picture's shorter side."""

STEP = 0.5
"""From one window to the next, as a share of its side."""

BATCH = 64
"""Windows that are encoded together."""


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """A picture, seen through windows.

    Attributes:
        size: The picture's width and height, in pixels.
        boxes: Of the windows, (n, 4), as shares; the first is the whole picture.
        vectors: Their embeddings, float32 (n, dim), of length 1; the whole picture's is the mean of the
            picture's and its mirror image's, which shows the same and so is right more often.
    """

    size: tuple[int, int]
    boxes: NDArray[np.float64]
    vectors: NDArray[np.float32]


def windows(width: int, height: int) -> list[Box]:
    """Where a picture is looked at: all of it first, then squares of several sizes; none comes twice."""
    found: list[Box] = [(0.0, 0.0, 1.0, 1.0)]
    for side in SIDES:
        found += squares(width, height, side, STEP)
    return list(dict.fromkeys(found))


def look(space: OpenSpace, image: Image.Image) -> Views:
    """Embed a picture window by window.

    Args:
        space: Whose model looks.
        image: Upright, RGB, as large as `draft_to` says.

    Raises:
        ModelError: The model can't be loaded.
    """
    import numpy as np

    boxes = windows(*image.size)
    pixels = [space.pixels(crop(image, box)) for box in boxes]
    pixels.append(pixels[0][:, ::-1])
    encode = space.encoder.encode_images
    batches = [encode(np.stack(pixels[at : at + BATCH])) for at in range(0, len(pixels), BATCH)]
    *vectors, mirrored = np.concatenate(batches)
    both = vectors[0] + mirrored
    vectors[0] = both / np.linalg.norm(both)
    return Views(image.size, np.array(boxes), np.stack(vectors))


def draft_to(spec: ModelSpec) -> int:
    """Pixels that a picture's shorter side should have, so that its smallest windows are sharp to a model."""
    return round(max(spec.preprocessing.size) / min(SIDES))
