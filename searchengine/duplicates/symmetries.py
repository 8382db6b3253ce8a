"""The eight symmetries of a perceptual hash, without the picture.

A bit of the hash (`images.hashes.perceptual_hash`) says whether a DCT coefficient lies above the median,
which is near zero. Mirroring a picture changes the sign of the coefficients of odd frequency in that
direction, and a quarter turn is a mirroring and a transposition. The median of the changed coefficients is
a little different, so a few bits differ from the hash of the turned picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SYMMETRIES = 8

# The hash holds frequencies 1 to 8 each way, row by row.
_ODD = (np.arange(1, 9) % 2).astype(np.uint8)


def symmetric_hashes(hashes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What the hashes would be, had the pictures been mirrored and turned.

    Args:
        hashes: (n, 8) uint8, a hash a row.

    Returns:
        (n, 8, 8): eight hashes of each, the first as it was.
    """
    bits = np.unpackbits(hashes, axis=1).reshape(-1, 8, 8)
    variants = [
        square ^ (_ODD[None, None, :] * across) ^ (_ODD[None, :, None] * down)
        for square in (bits, bits.transpose(0, 2, 1))
        for across in (0, 1)
        for down in (0, 1)
    ]
    packed = [np.packbits(variant.reshape(-1, 64), axis=1) for variant in variants]
    return np.stack(packed, axis=1)
