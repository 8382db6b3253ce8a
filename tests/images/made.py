"""Pictures whose corners can be told apart, written as files of every kind."""

import io

import numpy as np
import pytest
from PIL import ExifTags, Image


def landscape(width=96, height=64):
    """A picture with four different corners: red, green, blue, and yellow clockwise from the upper left."""
    pixels = np.zeros((height, width, 3), np.uint8)
    top, left = height // 2, width // 2
    pixels[:top, :left] = (200, 30, 30)
    pixels[:top, left:] = (30, 160, 30)
    pixels[top:, left:] = (30, 30, 200)
    pixels[top:, :left] = (210, 200, 40)
    return Image.fromarray(pixels)


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def corners(image):
    """The colours near the four corners, clockwise from the upper left, each as the letter of its name."""
    names = {"r": (200, 30, 30), "g": (30, 160, 30), "b": (30, 30, 200), "y": (210, 200, 40)}
    width, height = image.size
    x, y = max(2, width // 8), max(2, height // 8)
    spots = [(x, y), (width - 1 - x, y), (width - 1 - x, height - 1 - y), (x, height - 1 - y)]
    pixels = [image.getpixel(spot) for spot in spots]
    return "".join(
        min(names, key=lambda name: sum(abs(a - b) for a, b in zip(names[name], pixel, strict=True)))
        for pixel in pixels
    )


# What a viewer does to show a picture upright, by EXIF orientation; the inverse makes the stored pixels.
UNDO = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def stored(image, orientation):
    """The pixels as a camera held this way writes them, with EXIF to match."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Model] = "Camera"
    return (image.transpose(UNDO[orientation]) if orientation in UNDO else image), exif


def heif(image, exif=None):
    """A HEIF file; from EXIF given as bytes the encoder takes how its container says to turn it."""
    pillow_heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    pillow_heif.encode("RGB", image.size, image.tobytes(), buffer, quality=95, exif=exif)
    return buffer.getvalue()
