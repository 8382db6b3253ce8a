"""Pictures to test with: small ones of noise, and rendered scenes of known content."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from data.render import render
from data.scenes import Placed, Scene

# Background and the things on it: (thing, colour of a shape, x, y, side of its cell).
SCENES = {
    "a dog on a beach": ("beach", [("dog", None, 0.5, 0.65, 0.55)]),
    "a dog in the snow": ("snow", [("dog", None, 0.5, 0.65, 0.55)]),
    "two foxes in the snow": ("snow", [("fox", None, 0.3, 0.65, 0.42), ("fox", None, 0.7, 0.65, 0.42)]),
    "a cat on a wooden table": ("table", [("cat", None, 0.5, 0.5, 0.55)]),
    "a sailboat at sea": ("sea", [("sailboat", None, 0.5, 0.5, 0.6)]),
    "a rocket in space": ("space", [("rocket", None, 0.5, 0.5, 0.6)]),
    "a red circle on a white background": ("plain grey", [("circle", "red", 0.5, 0.5, 0.6)]),
    "a guitar in front of a brick wall": ("brick", [("guitar", None, 0.5, 0.5, 0.6)]),
    "an owl in the forest": ("forest", [("owl", None, 0.5, 0.55, 0.5)]),
    "a camel in the desert": ("desert", [("camel", None, 0.5, 0.6, 0.5)]),
    "a pizza on a table": ("table", [("pizza", None, 0.5, 0.5, 0.6)]),
    "a penguin at night": ("night", [("penguin", None, 0.5, 0.65, 0.5)]),
}


def paint(path: Path, seed: int = 0, *, size: tuple[int, int] = (40, 30), **options) -> Path:
    """Write a picture of noise whose bytes depend on the seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).save(path, **options)
    return path


def paint_scenes(folder: Path) -> dict[str, Path]:
    """Render `SCENES` as JPEGs, by what they show; the file names tell nothing."""
    files = {}
    for number, (words, (background, things)) in enumerate(SCENES.items()):
        placed = tuple(
            Placed(thing, colour, "large", x, y, side, angle=0.0, flipped=False)
            for thing, colour, x, y, side in things
        )
        files[words] = folder / f"{number:04}.jpg"
        render(Scene(background, number, 4 / 3, placed), 640).save(files[words], quality=90)
    return files
