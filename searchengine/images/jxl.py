"""JPEG XL through imagecodecs, whose decoder knows no limits: the header is read here first."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from searchengine.errors import DamagedImageError
from searchengine.images.limits import check_pixels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from searchengine.images.limits import Limits

_CODESTREAM = b"\xff\x0a"

# Width over height, by the header's three bits (ISO/IEC 18181-1, SizeHeader); 0 says that the width follows.
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_SIZE_BITS = (9, 13, 18, 30)

_MOST_EXIF = 1 << 20  # bytes; what is packed may claim any size


def read_jxl(data: bytes, limits: Limits) -> tuple[Image.Image, Image.Exif]:
    """Decode the first frame.

    The decoder turns the picture upright by what the codestream says; an orientation in EXIF doesn't
    count, as the standard has it.

    Args:
        data: The file: a bare codestream, or one in boxes.
        limits: What one picture may ask for.

    Returns:
        The picture (L, LA, RGB or RGBA, 8 bits, upright) and its EXIF, empty where there is none.

    Raises:
        ImportError: imagecodecs isn't installed.
        ImageLimitError: More pixels than `limits` allow.
        DamagedImageError: There is no codestream.
        RuntimeError: What imagecodecs says of a codestream that is damaged.
    """
    from imagecodecs import brotli_decode, jpegxl_decode

    codestream, exif, is_packed = _unpack(data)
    check_pixels(*read_size(codestream), limits.pixels)
    pixels = np.asarray(jpegxl_decode(data, index=0, numthreads=1))
    block = Image.Exif()
    with suppress(Exception):  # junk in EXIF raises variously, and the picture is fine
        exif = bytes(brotli_decode(exif, out=_MOST_EXIF)) if is_packed else exif
        block.load(exif[4 + int.from_bytes(exif[:4], "big") :])
    return Image.fromarray(_to_8_bits(pixels)), block


def read_size(codestream: bytes) -> tuple[int, int]:
    """Width and height in pixels, before the picture is turned upright.

    Args:
        codestream: From its signature on; 16 bytes are enough.

    Raises:
        DamagedImageError: It isn't a codestream.
    """
    if not codestream.startswith(_CODESTREAM):
        raise DamagedImageError("the JPEG XL has no picture in it; restore it from a copy")
    bits = int.from_bytes(codestream[2:16], "little")

    def take(count: int) -> int:
        nonlocal bits
        value = bits & ((1 << count) - 1)
        bits >>= count
        return value

    small = take(1)

    def take_side() -> int:
        return (take(5) + 1) * 8 if small else take(_SIZE_BITS[take(2)]) + 1

    height = take_side()
    ratio = _RATIOS.get(take(3))
    return (height * ratio[0] // ratio[1] if ratio else take_side()), height


def _unpack(data: bytes) -> tuple[bytes, bytes, bool]:
    """The beginning of the codestream, the EXIF box's content, and whether Brotli has packed that."""
    if data.startswith(_CODESTREAM):
        return data[:16], b"", False
    codestream, exif, is_packed = b"", b"", False
    for kind, start, end in _boxes(data):
        if kind == b"jxlc" and not codestream:
            codestream = data[start : start + 16]
        elif kind == b"jxlp" and len(codestream) < 16:  # each part begins with its number
            codestream += data[start + 4 : min(end, start + 20)]
        elif kind == b"Exif":
            exif, is_packed = data[start:end], False
        elif kind == b"brob" and data[start : start + 4] == b"Exif":
            exif, is_packed = data[start + 4 : end], True
    return codestream, exif, is_packed


def _boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(type, start, end) of the contents of every box that there is room for."""
    at = 0
    while at + 8 <= len(data):
        size, start = int.from_bytes(data[at : at + 4], "big"), at + 8
        if size == 1:
            size, start = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        end = len(data) if size == 0 else min(at + size, len(data))
        if end < start:
            return
        yield data[at + 4 : at + 8], start, end
        at = end


def _to_8_bits(pixels: np.ndarray) -> np.ndarray:
    """(h, w) or (h, w, 1 to 4) of any type → uint8; floats are nominally in [0, 1]."""
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    elif pixels.dtype.kind == "f":
        pixels = (np.clip(np.nan_to_num(pixels.astype(np.float32)), 0, 1) * 255 + 0.5).astype(np.uint8)
    return pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
