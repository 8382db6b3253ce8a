"""Any of Pillow's modes as 8-bit RGB, the way it would look on a white page."""

from __future__ import annotations

import numpy as np
from PIL import Image

# Behind transparent pixels: what a browser, a viewer and a print put there.
BACKGROUND = (255, 255, 255)

# What white may be in pictures that don't say: unit range, 8 bits, 16 bits.
_WHITES = (1.0, 255.0, 65535.0)


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert a loaded picture of any mode to RGB, composited on white where it is transparent.

    Colour profiles are ignored, as in the transforms that models are trained with.

    Raises:
        ValueError: The mode is one that Pillow itself can't convert.
    """
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I;16"):
        return _grey(_from_16_bits(np.asarray(image)))
    if image.mode in {"I", "F"}:
        return _grey(_stretch(np.asarray(image)))
    if image.mode == "LAB":
        return _from_lab(image)
    if image.mode in {"La", "RGBa"}:  # premultiplied: only their straight twins convert further
        image = image.convert("LA" if image.mode == "La" else "RGBA")
    if image.has_transparency_data:
        return _composite(image.convert("RGBA"))
    return image.convert("RGB")


def _composite(image: Image.Image) -> Image.Image:
    if image.getchannel("A").getextrema() == (255, 255):  # opaque after all, as most RGBA files are
        return image.convert("RGB")
    page = Image.new("RGB", image.size, BACKGROUND)
    page.paste(image, mask=image.getchannel("A"))
    return page


def _grey(values: np.ndarray) -> Image.Image:
    return Image.fromarray(values).convert("RGB")


def _from_16_bits(values: np.ndarray) -> np.ndarray:
    """uint16 (h, w) → uint8 (h, w): the high byte, which maps 65535 to 255 and 0 to 0."""
    return (values >> 8).astype(np.uint8)


def _stretch(values: np.ndarray) -> np.ndarray:
    """int32 or float32 (h, w) → uint8 (h, w).

    These modes don't say what white is: it is the smallest of the usual white points that no pixel
    exceeds, and for values outside all of them the picture's own range. Not-a-number is black.
    """
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    whites = _WHITES if values.dtype.kind == "f" else _WHITES[1:]
    white = next((white for white in whites if low >= 0 and high <= white), None)
    if white is None:
        finite, white = finite - low, max(high - low, 1e-12)
    return (finite * (255.0 / white) + 0.5).astype(np.uint8)


def _from_lab(image: Image.Image) -> Image.Image:
    """Pillow's own `convert` doesn't know LAB; its colour management does."""
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    if converted is None:  # only with inPlace=True
        raise ValueError("the LAB picture wasn't converted")
    return converted
