"""Edits of a photo such as people and programs make, by kind: what `eval_duplicates.py` measures with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Edit = Callable[[Image.Image, np.random.Generator], Image.Image]

# The quality that an edit is saved with where the edit itself isn't about quality.
_QUALITY = 88


def _resized(factor: float) -> Edit:
    def edit(image: Image.Image, _: np.random.Generator) -> Image.Image:
        size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
        return image.resize(size, Image.Resampling.LANCZOS)

    return edit


def _cropped(share: float) -> Edit:
    """Take `share` of the width and of the height away, split over the two sides by chance."""

    def edit(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        width, height = round(image.width * (1 - share)), round(image.height * (1 - share))
        left = int(rng.integers(0, image.width - width + 1))
        top = int(rng.integers(0, image.height - height + 1))
        return image.crop((left, top, left + width, top + height))

    return edit


def _turned(method: Image.Transpose) -> Edit:
    return lambda image, _: image.transpose(method)


def _rotated(degrees: float) -> Edit:
    """Turn by a small angle either way, corners black, as a scanner leaves them."""
    return lambda image, rng: image.rotate(degrees * rng.choice([-1, 1]), Image.Resampling.BICUBIC)


def _recoloured(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    for enhancer, (low, high) in (
        (ImageEnhance.Color, (0.3, 1.8)),
        (ImageEnhance.Brightness, (0.7, 1.35)),
        (ImageEnhance.Contrast, (0.7, 1.4)),
    ):
        image = enhancer(image).enhance(rng.uniform(low, high))
    return image


def _hue(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    hue, saturation, value = image.convert("HSV").split()
    turn = int(rng.integers(15, 60))
    turned = Image.fromarray((np.asarray(hue).astype(np.int16) + turn).astype(np.uint8))
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")


def _text(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A line of text about a tenth of the height, anywhere."""
    image = image.copy()
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=max(10, image.height // 10))
    words = "© Holiday 2024"
    left, top, right, bottom = draw.textbbox((0, 0), words, font=font)
    x = int(rng.integers(0, max(1, image.width - round(right - left))))
    y = int(rng.integers(0, max(1, image.height - round(bottom - top) - 5)))
    draw.text((x, y), words, fill=(255, 255, 255), font=font, stroke_width=1, stroke_fill=(0, 0, 0))
    return image


def _chain(*edits: Edit) -> Edit:
    def edit(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        for each in edits:
            image = each(image, rng)
        return image

    return edit


def _same(image: Image.Image, _: np.random.Generator) -> Image.Image:
    return image


# Kind: (covered by what `edited` promises, edit, JPEG quality).
EDITS: dict[str, tuple[bool, Edit, int]] = {
    "jpeg 90": (True, _same, 90),
    "jpeg 60": (True, _same, 60),
    "jpeg 30": (True, _same, 30),
    "resize 1/2": (True, _resized(0.5), _QUALITY),
    "resize 1/4": (True, _resized(0.25), _QUALITY),
    "resize 3/2": (True, _resized(1.5), _QUALITY),
    "crop 5 %": (True, _cropped(0.05), _QUALITY),
    "crop 10 %": (True, _cropped(0.10), _QUALITY),
    "crop 15 %": (False, _cropped(0.15), _QUALITY),
    "crop 20 %": (False, _cropped(0.20), _QUALITY),
    "turn 90": (True, _turned(Image.Transpose.ROTATE_90), _QUALITY),
    "turn 180": (True, _turned(Image.Transpose.ROTATE_180), _QUALITY),
    "turn 270": (True, _turned(Image.Transpose.ROTATE_270), _QUALITY),
    "mirror": (True, _turned(Image.Transpose.FLIP_LEFT_RIGHT), _QUALITY),
    "colour": (True, _recoloured, _QUALITY),
    "grey": (True, lambda image, _: image.convert("L").convert("RGB"), _QUALITY),
    "hue": (True, _hue, _QUALITY),
    "text": (True, _text, _QUALITY),
    "rotate 2": (False, _rotated(2), _QUALITY),
    "rotate 5": (False, _rotated(5), _QUALITY),
    "crop 10 % + jpeg 30 + 1/2": (True, _chain(_cropped(0.1), _resized(0.5)), 30),
    "mirror + colour": (True, _chain(_turned(Image.Transpose.FLIP_LEFT_RIGHT), _recoloured), 70),
    "turn 90 + crop 10 %": (False, _chain(_turned(Image.Transpose.ROTATE_90), _cropped(0.1)), _QUALITY),
}


def make_edits(photos: list[Path], folder: Path, *, per_photo: int, seed: int = 0) -> dict[Path, str]:
    """Write `per_photo` edits of every photo, all kinds equally often; their kinds by file.

    The file of an edit is named ``PHOTO--NUMBER.jpg``. Existing ones are taken as they are.
    """
    kinds = list(EDITS)
    made: dict[Path, str] = {}
    folder.mkdir(parents=True, exist_ok=True)
    for number, photo in enumerate(photos):
        chosen = [kinds[(number * per_photo + each) % len(kinds)] for each in range(per_photo)]
        missing = []
        for each, kind in enumerate(chosen):
            file = folder / f"{photo.stem}--{each}.jpg"
            made[file] = kind
            if not file.exists():
                missing.append((file, kind))
        if not missing:
            continue
        with Image.open(photo) as opened:
            image = opened.convert("RGB")
        for file, kind in missing:
            _, edit, quality = EDITS[kind]
            edit(image, np.random.default_rng([seed, number, kinds.index(kind)])).save(file, quality=quality)
    return made
