"""Two hashes: one of a file's bytes, one of what the picture looks like."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIDE = 32  # the picture's side before the transform
_LOW = 8  # coefficients kept each way
_ENOUGH = 6 * _SIDE  # pixels of the short side that whole blocks are averaged to first: at most 2 bits differ


def content_hash(data: bytes) -> bytes:
    """SHA-256 of a file's bytes: 32 bytes."""
    return hashlib.sha256(data).digest()


def perceptual_hash(image: Image.Image) -> bytes:
    """64 bits that stay nearly the same when a picture is resized, recompressed or lightly edited.

    The DCT hash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions"
    (2010), section 3.2.1: grey, 32 x 32, two-dimensional DCT-II, the 8 x 8 coefficients after the
    constant row and column, each compared with their median. Rows first, most significant bit first.

    Args:
        image: Upright; any mode that converts to grey.

    Returns:
        8 bytes. A picture of one colour gives 8 zero bytes.
    """
    factor = min(image.size) // _ENOUGH
    if factor > 1 and image.mode == "RGB":
        image = image.reduce(factor)
    grey = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    basis = _dct_basis()
    low = basis @ np.asarray(grey, dtype=np.float64) @ basis.T
    low = np.round(low, 6)  # what rounding leaves of a coefficient that is zero must not become a bit
    return np.packbits(low > np.median(low)).tobytes()


@cache
def _dct_basis() -> NDArray[np.float64]:
    """Rows 1 to 8 of the orthonormal DCT-II matrix: float64 (8, 32)."""
    frequency, position = np.arange(1, _LOW + 1)[:, None], np.arange(_SIDE)[None, :]
    cosines = np.cos(np.pi * frequency * (2 * position + 1) / (2 * _SIDE))
    return np.asarray(np.sqrt(2 / _SIDE) * cosines, dtype=np.float64)


def hamming_distance(one: bytes, other: bytes) -> int:
    """In how many bits two hashes of one length differ."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()
