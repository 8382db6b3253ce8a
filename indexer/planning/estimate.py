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
        encode_s: Embedding one, in a batch, with its regions where those are wanted.
    """

    pictures: int
    decode_s: float
    encode_s: float

    def seconds(self, count: int, workers: int) -> float:
        """How long `count` pictures will take with so many decoding processes.

        Both run at the same time but share the cores, and encoding was timed with all of them.
        """
        return count * (self.decode_s / workers + self.encode_s)


def estimate(paths: list[bytes], encoder: Encoder, *, regions: bool) -> Estimate | None:
    """Time a few of the files, evenly spread; None when none of them can be read.

    Args:
        paths: Files to choose from.
        encoder: Embeds them.
        regions: Whether their regions are embedded, too.
    """
    import numpy as np

    from searchengine.encoders.preprocess import preprocess
    from searchengine.images.open import open_image
    from searchengine.images.tiles import tiles

    step = max(1, len(paths) // SAMPLE)
    preprocessing = encoder.spec.preprocessing
    pixels = []
    views = 0
    start = time.perf_counter()
    for path in paths[::step][:SAMPLE]:
        try:
            picture = open_image(os.fsdecode(path), draft_to=2 * max(preprocessing.size))
        except (ImageError, OSError):
            continue
        pixels.append(preprocess(picture.image, preprocessing))
        views += 1 + (len(tiles(picture.width, picture.height)) if regions else 0)
    if not pixels:
        return None
    decode_s = (time.perf_counter() - start) / len(pixels)
    batch = np.stack(pixels)
    encoder.encode_images(batch)  # the first call also loads the model
    start = time.perf_counter()
    encoder.encode_images(batch)
    encode_s = (time.perf_counter() - start) / len(pixels)
    return Estimate(len(pixels), decode_s, encode_s * views / len(pixels))
