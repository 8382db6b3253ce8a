"""Camera RAW through rawpy: the picture that the camera made itself and put in, else the sensor's."""

from __future__ import annotations

import io
import struct
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from searchengine.errors import DamagedImageError, ImageError, ImageLimitError, UnsupportedImageError
from searchengine.images.limits import check_pixels
from searchengine.images.metadata import Metadata, first_known, read_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from searchengine.images.limits import Limits

LEAST_PREVIEW = 384
"""A preview with a shorter side than so many pixels is a stamp, smaller than what models look at."""

# LibRaw's way to write an orientation, as EXIF's.
_EXIF_ORIENTATION = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}

_PHOTOMETRIC, _SUB_IFDS, _DNG_VERSION = 262, 330, 50706
_SENSOR = frozenset({32803, 34892})  # colour filter array, linear raw
_MOST_IFDS = 8


@dataclass(frozen=True, slots=True)
class RawFile:
    """What a camera RAW file says.

    Attributes:
        preview: The camera's own JPEG, where there is one.
        width: Pixels of the sensor's picture, upright.
        height: The same, downwards.
        orientation: EXIF's number for how the sensor's picture is turned upright.
        metadata: What the file says outside of the preview.
    """

    preview: bytes | None
    width: int
    height: int
    orientation: int
    metadata: Metadata


def is_raw_tiff(data: bytes) -> bool:
    """Whether a TIFF holds what a sensor saw: then it is a DNG, NEF, ARW, PEF, … whatever its name.

    A TIFF decoder finds only the stamp-sized preview in there. Looks at the first directory and those below.
    """
    order = "<" if data[:2] == b"II" else ">"
    if data[2:4] not in {b"*\0", b"\0*"}:  # a BigTIFF isn't written by any camera
        return False
    try:
        waiting = [struct.unpack_from(f"{order}I", data, 4)[0]]
        for number in range(_MOST_IFDS):
            if number == len(waiting):
                return False
            for tag, values in _directory(data, waiting[number], order):
                if tag == _DNG_VERSION or (tag == _PHOTOMETRIC and values[0] in _SENSOR):
                    return True
                if tag == _SUB_IFDS:
                    waiting += values
    except struct.error:
        pass
    return False


def _directory(data: bytes, at: int, order: str) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The tags of interest in a TIFF directory, with their values."""
    (count,) = struct.unpack_from(f"{order}H", data, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, length = struct.unpack_from(f"{order}HHI", data, entry)
        if tag == _DNG_VERSION:
            yield tag, (1,)
        elif tag == _PHOTOMETRIC:
            yield tag, struct.unpack_from(f"{order}{'H' if kind == 3 else 'I'}", data, entry + 8)
        elif tag == _SUB_IFDS and length:
            length = min(length, _MOST_IFDS)
            (start,) = struct.unpack_from(f"{order}I", data, entry + 8)
            yield tag, struct.unpack_from(f"{order}{length}I", data, entry + 8 if length == 1 else start)


def read_raw(data: bytes) -> RawFile:
    """Get out what there is without decoding anything.

    Raises:
        ImportError: rawpy isn't installed.
        UnsupportedImageError: LibRaw doesn't know this camera's way.
        DamagedImageError: LibRaw gave up.
    """
    with _opened(data) as raw:
        sizes = raw.sizes
        orientation = _EXIF_ORIENTATION.get(sizes.flip, 1)
        width, height = (sizes.height, sizes.width) if orientation >= 5 else (sizes.width, sizes.height)
        return RawFile(_preview(raw), width, height, orientation, _metadata(raw, data))


def develop_raw(data: bytes, limits: Limits) -> Image.Image:
    """The sensor's picture: RGB, upright, at half its size, where each pixel has all colours.

    Raises:
        ImageLimitError: More pixels or memory than `limits` allow.
        ImportError, UnsupportedImageError, DamagedImageError: As `read_raw`.
    """
    with _opened(data) as raw:
        check_pixels(raw.sizes.raw_width, raw.sizes.raw_height, limits.pixels)
        return Image.fromarray(raw.postprocess(half_size=True, use_camera_wb=True, output_bps=8))


@contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    import rawpy

    try:
        with rawpy.RawPy() as raw:
            raw.open_buffer(io.BytesIO(data))
            yield raw
    except rawpy.LibRawError as error:
        raise _explain(rawpy, error) from error


def _preview(raw: Any) -> bytes | None:
    import rawpy

    try:
        preview = raw.extract_thumb()
    except rawpy.LibRawError:  # none, or one in a form that LibRaw doesn't know
        return None
    # Those that aren't JPEG are stamps, and don't say how they are turned.
    return bytes(preview.data) if preview.format == rawpy.ThumbFormat.JPEG else None


def _metadata(raw: Any, data: bytes) -> Metadata:
    """From EXIF where the file is a TIFF, as most are, else what LibRaw found."""
    exif = Image.Exif()
    if data[:4] in {b"II*\0", b"MM\0*"}:
        with suppress(Exception):  # junk in EXIF raises variously, and the picture is fine
            exif.load(data)
    taken_at = getattr(raw.other, "timestamp", None)
    found = Metadata(
        taken_at=taken_at if taken_at is not None and taken_at.year > 1970 else None,
        lens=raw.lens.model or None,
        focal_length=raw.other.focal_length or None,
    )
    return first_known(read_metadata(exif), found)


def _explain(rawpy: Any, error: Exception) -> ImageError:
    words = error.args[0] if error.args else b""
    words = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    if isinstance(error, rawpy.LibRawFileUnsupportedError):
        return UnsupportedImageError("a kind of camera RAW that LibRaw can't read; save it as DNG or JPEG")
    if isinstance(
        error,
        rawpy.LibRawUnsufficientMemoryError | rawpy.LibRawMemPoolOverflowError | rawpy.LibRawTooBigError,
    ):
        return ImageLimitError("this camera RAW needs more memory than one picture may take; save it as JPEG")
    return DamagedImageError(f"the camera RAW is damaged ({words.lower()}); restore it from a copy")
