"""What a run will cost, from a few pictures tried here and now."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from searchengine.errors import ImageError

if TYPE_CHECKING:
    from searchengine.encoders.encoder import Encoder

SAMPLE = 8


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds a picture, measured.

    Attributes:
        pictures: How many were tried.
        decode_s: Reading, decoding and resizing one, in one process.
        encode_s: Embedding one, in a batch.
    """

    pictures: int
    decode_s: float
    encode_s: float

    def seconds(self, count: int, workers: int) -> float:
        """How long `count` pictures will take with so many decoding processes.

        Both run at the same time but share the cores, and encoding was timed with all of them.
        """
        return count * (self.decode_s / workers + self.encode_s)


def estimate(paths: list[bytes], encoder: Encoder) -> Estimate | None:
    """Time a few of the files, evenly spread; None when none of them can be read."""
    import numpy as np

    from searchengine.encoders.preprocess import preprocess
    from searchengine.images.open import open_image

    step = max(1, len(paths) // SAMPLE)
    preprocessing = encoder.spec.preprocessing
    pixels = []
    start = time.perf_counter()
    for path in paths[::step][:SAMPLE]:
        try:
            picture = open_image(os.fsdecode(path), draft_to=2 * max(preprocessing.size))
        except (ImageError, OSError):
            continue
        pixels.append(preprocess(picture.image, preprocessing))
    if not pixels:
        return None
    decode_s = (time.perf_counter() - start) / len(pixels)
    batch = np.stack(pixels)
    encoder.encode_images(batch)  # the first call also loads the model
    start = time.perf_counter()
    encoder.encode_images(batch)
    return Estimate(len(pixels), decode_s, (time.perf_counter() - start) / len(pixels))
