"""Opening any picture safely: content decides, limits come first, and what can be saved is saved.

A video opens as its first frame that isn't black; `video` knows the others.
"""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from PIL import ExifTags, Image, ImageOps

from searchengine.errors import DamagedImageError, ImageError
from searchengine.images.description import UNDESCRIBED, Description, together
from searchengine.images.failures import explain, is_cut_short, missing_extra, not_a_picture
from searchengine.images.files import read_file
from searchengine.images.formats import EXTRAS, HEAD_BYTES, PLUGINS, VIDEO_FORMATS, sniff
from searchengine.images.jxl import read_jxl
from searchengine.images.limits import DEFAULT_LIMITS, Limits, check_pixels
from searchengine.images.metadata import Metadata, first_known, read_metadata
from searchengine.images.pixels import to_rgb
from searchengine.images.quiet import quiet_decoders
from searchengine.images.raw import LEAST_PREVIEW, develop_raw, is_raw_tiff, read_raw
from searchengine.images.said import read_description
from searchengine.images.xmp import find_packet, read_xmp

if TYPE_CHECKING:
    import os

    from PIL.ImageFile import ImageFile

__all__ = ["DEFAULT_LIMITS", "Limits", "Picture", "open_image"]

_END_OF_JPEG = b"\xff\xd9"
_SIDEWAYS = frozenset({5, 6, 7, 8})


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was read.

    Attributes:
        image: RGB, 8 bits, upright; smaller than the file's where `draft_to` allowed it.
        width: Pixels of the full picture, upright.
        height: The same, downwards.
        format: As `sniff` names it, whatever the extension says.
        metadata: What EXIF says of it.
        flags: ``truncated`` (the file ends early, the rest is one colour) or ``damaged`` (so is a
            part of it); empty for a sound picture.
        description: What it says in words: EXIF, IPTC and XMP.
    """

    image: Image.Image
    width: int
    height: int
    format: str
    metadata: Metadata
    flags: tuple[str, ...] = ()
    description: Description = UNDESCRIBED


def open_image(
    source: bytes | str | os.PathLike[str],
    *,
    draft_to: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Picture:
    """Read a picture: the first frame, upright, as RGB on white.

    Args:
        source: The file's bytes, or a path as text. (A path as bytes would look like a file's bytes;
            read it with `files.read_file` first.)
        draft_to: Let the short side shrink while decoding, but not below this many pixels. Give twice
            the model's input size: embeddings then differ from the full decode's by less than 1e-5.
        limits: What one picture may ask for.

    Raises:
        UnsupportedImageError: Not a picture, or one that needs an extra.
        ImageLimitError: More pixels, bytes or memory than `limits` allow.
        DamagedImageError: The decoder gave up before any of the picture.
        OSError: The file can't be read.
    """
    data = source if isinstance(source, bytes) else read_file(source, limits).data
    name = sniff(data[:HEAD_BYTES])
    if name is None:
        raise not_a_picture(data[:HEAD_BYTES])
    if name == "TIFF" and is_raw_tiff(data):
        name = "RAW"
    with quiet_decoders():
        # Decoders raise nearly every built-in exception on bad data (TypeError, IndexError, struct.error,
        # RuntimeError, …), so this is the one place that catches them all.
        try:
            return _open(data, name, draft_to, limits)
        except ImportError as error:
            raise missing_extra(name, EXTRAS[name]) from error
        except Exception as error:
            raise explain(error, name) from error


def describe_image(data: bytes) -> Description:
    """What a picture says in words, from its header: nothing is decoded. Never raises.

    Args:
        data: The file's bytes.
    """
    name = sniff(data[:HEAD_BYTES])
    if name is None or name in {"RAW", "JXL"} or (name == "TIFF" and is_raw_tiff(data)):
        return read_xmp(find_packet(data))
    with quiet_decoders():
        try:
            image = _start(data, name)
            packet = _packet(image)
            return together(read_xmp(packet), read_description(image, _read_exif(image, name)[0]))
        except Exception:  # noqa: BLE001 -- see open_image
            return UNDESCRIBED


def _packet(image: ImageFile) -> bytes | str:
    packet: bytes | str = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return packet


def _open(data: bytes, name: str, draft_to: int | None, limits: Limits) -> Picture:
    if name == "JXL":
        return _open_jxl(data, draft_to, limits)
    if name == "RAW":
        return _open_raw(data, draft_to, limits)
    if name in VIDEO_FORMATS:
        return _open_video(data, name, draft_to, limits)
    return _open_with_pillow(data, name, draft_to, limits)


def _open_jxl(data: bytes, draft_to: int | None, limits: Limits) -> Picture:
    image, exif = read_jxl(data, limits)
    description = together(read_xmp(find_packet(data)), read_description(image, exif))
    return Picture(
        to_rgb(_shrink(image, draft_to)), *image.size, "JXL", read_metadata(exif), description=description
    )


def _open_raw(data: bytes, draft_to: int | None, limits: Limits) -> Picture:
    file = read_raw(data)
    description = read_xmp(find_packet(data))
    preview = None
    if file.preview is not None:
        with suppress(Exception):  # one that can't be read is as good as none
            preview = _open_with_pillow(file.preview, "JPEG", draft_to, limits)
    if preview is None or min(preview.width, preview.height) < LEAST_PREVIEW:
        try:
            developed = _shrink(develop_raw(data, limits), draft_to)
            return Picture(developed, file.width, file.height, "RAW", file.metadata, description=description)
        except ImageError:
            if preview is None:
                raise
    image = preview.image
    if file.orientation in _SIDEWAYS and (image.width > image.height) != (file.width > file.height):
        image = _upright(image, file.orientation)  # the preview itself doesn't say how the camera was held
    metadata = first_known(file.metadata, preview.metadata)
    description = together(description, preview.description)
    return Picture(image, file.width, file.height, "RAW", metadata, preview.flags, description)


def _open_video(data: bytes, name: str, draft_to: int | None, limits: Limits) -> Picture:
    from searchengine.images.video import read_frame

    video = read_frame(io.BytesIO(data), name, at=None, draft_to=draft_to, limits=limits)
    image = video.frames[0].image
    return Picture(image, video.width, video.height, name, video.metadata, video.flags)


def _open_with_pillow(data: bytes, name: str, draft_to: int | None, limits: Limits) -> Picture:
    image = _start(data, name)
    width, height = image.size
    _draft(image, draft_to, limits)
    flags: tuple[str, ...] = ()
    try:
        image.load()
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 -- see open_image
        image, flags = _salvage(image, data, error, draft_to, limits)
    packet = _packet(image)
    exif, orientation = _read_exif(image, name)
    rgb = _shrink(to_rgb(_shrink(image, draft_to)), draft_to)
    if name != "JPEG":
        # A header may lie (HEIF), or be turned already (TIFF swaps its size before it turns the pixels).
        width, height = image.im.size
    if orientation in _SIDEWAYS:
        width, height = height, width
    description = together(read_xmp(packet), read_description(image, exif))
    return Picture(_upright(rgb, orientation), width, height, name, read_metadata(exif), flags, description)


def _start(data: bytes, name: str) -> ImageFile:
    """Parse the header with the one decoder that the content calls for.

    `Image.open` isn't used: it tries every decoder it knows, and knows only a global pixel limit.
    """
    if name == "HEIF":
        plugin = getattr(import_module(EXTRAS[name].module), "HeifImageFile")  # noqa: B009 -- untyped
    else:
        module, kind = PLUGINS[name]
        plugin = getattr(import_module(f"PIL.{module}"), kind)
    try:
        image: ImageFile = plugin(io.BytesIO(data))
    except SyntaxError as error:  # Pillow's way to say that the header makes no sense
        raise explain(error, name) from error
    return image


def _draft(image: ImageFile, draft_to: int | None, limits: Limits) -> None:
    """Check the size that the header claims, and have a JPEG decoded smaller where that is asked for."""
    width, height = image.size
    drafted = False
    if draft_to is not None and image.format == "JPEG":
        drafted = image.draft(None, (draft_to, draft_to)) is not None
    # A progressive JPEG holds the coefficients of all its pixels in memory, drafted or not.
    cheap = drafted and not image.info.get("progressive")
    check_pixels(width, height, limits.pixels * (limits.draft_factor if cheap else 1))
    check_pixels(*image.size, limits.pixels)


def _salvage(
    image: ImageFile, data: bytes, error: Exception, draft_to: int | None, limits: Limits
) -> tuple[ImageFile, tuple[str, ...]]:
    """Keep what was decoded before the decoder gave up.

    Pillow offers a global switch for this; it would also hide the damage, and from every thread.
    Instead: a JPEG gets the end marker that it lacks, and is decoded again (a progressive one shows
    nothing before its end); of every other format the rows decoded so far are in the image already.
    """
    flag = "truncated" if is_cut_short(error) else "damaged"
    if image.format == "JPEG" and flag == "truncated":
        image = _start(data + _END_OF_JPEG, "JPEG")
        _draft(image, draft_to, limits)
        try:
            image.load()
        except Exception:  # noqa: BLE001 -- see open_image
            image.tile = []
    else:
        image.tile = []
    if image._im is None or all(low == high for low, high in _extrema(image)):  # noqa: SLF001 -- no public way
        raise explain(error, str(image.format)) from error
    return image, (flag,)


def _extrema(image: Image.Image) -> list[tuple[float, float]]:
    """Smallest and largest value of every band."""
    extrema = image.getextrema()
    return list(extrema) if isinstance(extrema[0], tuple) else [extrema]


def _shrink(image: Image.Image, draft_to: int | None) -> Image.Image:
    """What `draft` is to a JPEG, to the others: average whole blocks of pixels, keeping `draft_to`.

    It spares the conversions of a large picture, not its decoding. Palette indices, single bits and
    colour keys can't be averaged: those pictures shrink after their conversion to RGB.
    """
    factor = min(image.size) // draft_to if draft_to else 1
    if (
        factor < 2
        or image.mode not in {"L", "LA", "RGB", "RGBA", "CMYK", "I", "F"}
        or "transparency" in image.info
    ):
        return image
    return image.reduce(factor)


def _read_exif(image: ImageFile, name: str) -> tuple[Image.Exif | None, int]:
    """EXIF and the orientation still to be applied; after loading, because TIFF turns itself then.

    The containers of AVIF and HEIF carry the turn themselves: HEIF's decoder applies it, AVIF's
    states it in the EXIF block, and an orientation that only stands in XMP doesn't count.
    """
    if name in {"AVIF", "HEIF"}:
        image.info.pop("xmp", None)
    try:
        exif = image.getexif()
        orientation = exif.get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001 -- junk in EXIF raises as variously as junk in pixels; the picture is fine
        return None, 1
    if name == "HEIF" or not isinstance(orientation, int):
        orientation = 1
    return exif, orientation


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    """Turn by `ImageOps.exif_transpose`, on a copy that carries the orientation and no other EXIF.

    It writes the block anew, which fails where a foreign tag in it is junk.
    """
    bare = Image.Image()._new(image.im)  # noqa: SLF001 -- the only way to share pixels but not EXIF
    if orientation != 1:
        bare.getexif()[ExifTags.Base.Orientation] = orientation
        ImageOps.exif_transpose(bare, in_place=True)
    if not bare.width or not bare.height:
        raise DamagedImageError("the picture has no pixels")
    return bare
