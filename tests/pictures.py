"""Small pictures to test with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def paint(path: Path, seed: int = 0, *, size: tuple[int, int] = (40, 30), **options) -> Path:
    """Write a picture whose bytes depend on the seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).save(path, **options)
    return path
