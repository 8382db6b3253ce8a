"""Which files are pictures: known by their first bytes, looked for by their extension.

A photo library holds what cameras, phones, scanners and image editors write: JPEG, PNG, WebP, GIF,
TIFF, BMP, JPEG 2000, PSD, AVIF, HEIF, JPEG XL and camera RAW. Icons, textures, page descriptions and
the like (ICO, DDS, TGA, PCX, PPM, EPS, WMF, …) are left out: Pillow opens many of them, but on a disk
they are parts of programs, and some have no signature or start another program.
"""

from __future__ import annotations

from dataclasses import dataclass

HEAD_BYTES = 64
"""How much of a file `sniff` wants to see: enough for the brands of a short ISO media header."""

# fmt: off
IMAGE_EXTENSIONS = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo", ".png", ".apng", ".gif", ".webp", ".tif", ".tiff",
    ".bmp", ".dib", ".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".psd",
    ".avif", ".avifs", ".heic", ".heif", ".heics", ".heifs", ".hif", ".jxl",
})
"""Lower case, with the dot. A file so named, or as a RAW file is, is a candidate whatever it holds."""

RAW_EXTENSIONS = frozenset({
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".k25", ".kdc", ".mef",
    ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl", ".sr2", ".srf", ".srw",
    ".x3f",
})
# fmt: on
"""Camera RAW. Not ``.raw``, which also ends the names of disk images: it is looked into."""


@dataclass(frozen=True, slots=True)
class Extra:
    """What a format needs beyond Pillow: a module, and the extra of this package that brings it."""

    module: str
    name: str


EXTRAS = {
    "HEIF": Extra("pillow_heif", "heic"),
    "JXL": Extra("imagecodecs", "jxl"),
    "RAW": Extra("rawpy", "raw"),
}

PLUGINS = {
    "JPEG": ("JpegImagePlugin", "JpegImageFile"),
    "PNG": ("PngImagePlugin", "PngImageFile"),
    "GIF": ("GifImagePlugin", "GifImageFile"),
    "WEBP": ("WebPImagePlugin", "WebPImageFile"),
    "TIFF": ("TiffImagePlugin", "TiffImageFile"),
    "BMP": ("BmpImagePlugin", "BmpImageFile"),
    "JPEG2000": ("Jpeg2KImagePlugin", "Jpeg2KImageFile"),
    "PSD": ("PsdImagePlugin", "PsdImageFile"),
    "AVIF": ("AvifImagePlugin", "AvifImageFile"),
}
"""Format to the module in Pillow and the class that reads it."""

_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
    (b"8BPS\0\x01", "PSD"),
    (b"\xff\x0a", "JXL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JXL"),
    (b"FUJIFILMCCD-RAW", "RAW"),
    (b"IIRO", "RAW"),  # Olympus
    (b"IIRS", "RAW"),
    (b"MMOR", "RAW"),
    (b"IIU\0", "RAW"),  # Panasonic and Leica
    (b"II\x1a\0\0\0HEAPCCDR", "RAW"),  # Canon's CRW
    (b"FOVb", "RAW"),  # Sigma
    (b"\0MRM", "RAW"),  # Minolta
)

# Sizes that the header after a BMP's file header can have; "BM" alone also begins many a text.
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_OTHER_PICTURE_BRANDS = frozenset(
    {b"mif3", b"avci", b"avcs", b"vvic", b"vvis", b"j2ki", b"j2is", b"jpeg", b"jpgs"}
)
_VIDEO_BRANDS = (b"iso", b"mp4", b"avc", b"qt", b"M4V", b"3g", b"mmp4", b"dash", b"MSNV", b"XAVC")

_OTHERS = (
    (b"%PDF", "a PDF document"),
    (b"\0\0\x01\0", "an icon"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"DDS ", "a texture (DDS)"),
    (b"<?xml", "an XML or SVG file"),
    (b"<svg", "an SVG drawing"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
)


def sniff(head: bytes) -> str | None:
    """The format that a file's first bytes announce, or None where it isn't one that is indexed.

    Args:
        head: The first `HEAD_BYTES` bytes, or all where there are fewer.

    Returns:
        Pillow's name: ``JPEG``, ``PNG``, ``GIF``, ``WEBP``, ``TIFF``, ``BMP``, ``JPEG2000``, ``PSD``,
        ``AVIF`` or ``HEIF``; or ``JXL`` or ``RAW``. Promises nothing about the rest of the file; many a
        camera RAW file begins as a TIFF does, see `raw.is_raw_tiff`.
    """
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return "RAW" if name == "TIFF" and head[8:10] == b"CR" else name  # Canon's CR2
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if head[4:8] == b"ftyp":
        return _sniff_iso_media(head)
    return None


def _sniff_iso_media(head: bytes) -> str | None:
    """AVIF and HEIF share a container; the major brand may be a neutral one (``mif1``)."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    major, others = head[8:12], {head[at : at + 4] for at in range(16, end - 3, 4)}
    for brands, name in ((_AVIF_BRANDS, "AVIF"), (_HEIF_BRANDS, "HEIF")):
        if major in brands:
            return name
    if major in {b"mif1", b"msf1"}:
        return "AVIF" if others & _AVIF_BRANDS else "HEIF"
    return "RAW" if major == b"crx " else None  # Canon's CR3


def describe_foreign(head: bytes) -> str:
    """In words, what a file that `sniff` doesn't know seems to be: "an icon", "text" and so on."""
    if not head:
        return "an empty file"
    for signature, words in _OTHERS:
        if head.startswith(signature):
            return words
    if head[4:8] == b"ftyp":
        return _describe_iso_media(head[8:12])
    if not head.strip(b"\0"):
        return "a file that begins with zeros, as an unfinished copy does"
    printable = all(byte >= 32 or byte in b"\t\n\r\f" for byte in head)
    return "text" if printable and head.isascii() else "data of an unknown kind"


def _describe_iso_media(brand: bytes) -> str:
    if brand in _OTHER_PICTURE_BRANDS:
        return "a kind of HEIF that can't be read"
    return "a video" if brand.startswith(_VIDEO_BRANDS) else "a media file of an unknown kind"
