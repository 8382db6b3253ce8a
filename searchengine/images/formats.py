"""Which files are pictures or videos: known by their first bytes, looked for by their extension.

A photo library holds what cameras, phones, scanners and image editors write: JPEG, PNG, WebP, GIF,
TIFF, BMP, JPEG 2000, PSD, AVIF, HEIF, JPEG XL and camera RAW. Icons, textures, page descriptions and
the like (ICO, DDS, TGA, PCX, PPM, EPS, WMF, …) are left out: Pillow opens many of them, but on a disk
they are parts of programs, and some have no signature or start another program. Videos are those that
cameras and phones write and that people keep: MP4 and its kin, Matroska, AVI, MPEG and WMV.
"""

from __future__ import annotations

from dataclasses import dataclass

HEAD_BYTES = 400
"""How much of a file `sniff` wants to see: three packets of an MPEG transport stream, which are told apart
from text by their rhythm only. Enough for the brands of a short ISO media header, too."""

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
"""Camera RAW. Not ``.raw``, which also ends the names of disk images: it is looked into."""

VIDEO_EXTENSIONS = frozenset({
    ".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".mkv", ".webm", ".avi", ".m2ts", ".mpg", ".mpeg", ".wmv",
})
"""Videos. Not ``.mts`` and ``.ts``, which are also a program's source, nor ``.mod`` and ``.vob``: all of
these are looked into."""

NO_VIDEO_EXTENSIONS = frozenset({
    ".m4a", ".m4b", ".m4p", ".m4r", ".aac", ".mka", ".wma", ".3ga",  # sound in a video's container
    ".m4s",  # a piece of a stream, which can't be shown alone
    ".lrv", ".mp",  # the small copy that an action camera writes beside a video, the motion of a photo
})
"""Files that begin as a video does and aren't one."""
# fmt: on

VIDEO_DEMUXERS = {
    "MP4": "mov",
    "MOV": "mov",
    "3GP": "mov",
    "MKV": "matroska",
    "WEBM": "matroska",
    "AVI": "avi",
    "MTS": "mpegts",
    "MPEG": "mpeg",
    "WMV": "asf",
}
"""A video's format, as `sniff` names it, to what FFmpeg calls its container."""

VIDEO_FORMATS = frozenset(VIDEO_DEMUXERS)


@dataclass(frozen=True, slots=True)
class Extra:
    """What a format needs beyond Pillow: a module, and the extra of this package that brings it."""

    module: str
    name: str


EXTRAS = {
    "HEIF": Extra("pillow_heif", "heic"),
    "JXL": Extra("imagecodecs", "jxl"),
    "RAW": Extra("rawpy", "raw"),
    **dict.fromkeys(VIDEO_DEMUXERS, Extra("av", "video")),
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
    (b"\0\0\x01\xba", "MPEG"),
    (b"\0\0\x01\xb3", "MPEG"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMV"),
)

# Sizes that the header after a BMP's file header can have; "BM" alone also begins many a text.
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_OTHER_PICTURE_BRANDS = frozenset(
    {b"mif3", b"avci", b"avcs", b"vvic", b"vvis", b"j2ki", b"j2is", b"jpeg", b"jpgs"}
)
_VIDEO_BRANDS = (b"iso", b"mp4", b"avc", b"M4V", b"mmp4", b"dash", b"MSNV", b"XAVC", b"F4V", b"NDSC", b"NDSH")
# What old cameras' QuickTime begins with, after the length: no more than 32 letters' first code, so no text.
_QUICKTIME_ATOMS = frozenset({b"moov", b"mdat", b"wide", b"pnot", b"free", b"skip"})
_SYNC = 0x47  # each packet of an MPEG transport stream begins with it

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
        ``AVIF`` or ``HEIF``; ``JXL`` or ``RAW``; or one of `VIDEO_FORMATS`. Promises nothing about the
        rest of the file; many a camera RAW file begins as a TIFF does, see `raw.is_raw_tiff`.
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
    return _sniff_video(head)


def _sniff_video(head: bytes) -> str | None:
    """The formats of videos that have no signature of their own."""
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "AVI"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "WEBM" if b"webm" in head[:64] else "MKV" if b"matroska" in head[:64] else None
    if head[4:8] in _QUICKTIME_ATOMS and head[0] < 32 and head[0] not in b"\t\n\r":
        return "MOV"
    return "MTS" if _is_transport_stream(head) else None


def _is_transport_stream(head: bytes) -> bool:
    """Packets of 188 bytes; camcorders put a time of four bytes before each."""
    return any(
        len(head) > start + 2 * step and all(head[start + step * each] == _SYNC for each in range(3))
        for start, step in ((0, 188), (4, 192))
    )


def _sniff_iso_media(head: bytes) -> str | None:
    """AVIF and HEIF share a container; the major brand may be a neutral one (``mif1``)."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    major, others = head[8:12], {head[at : at + 4] for at in range(16, end - 3, 4)}
    for brands, name in ((_AVIF_BRANDS, "AVIF"), (_HEIF_BRANDS, "HEIF")):
        if major in brands:
            return name
    if major in {b"mif1", b"msf1"}:
        return "AVIF" if others & _AVIF_BRANDS else "HEIF"
    if major == b"crx ":
        return "RAW"  # Canon's CR3
    if major.startswith(b"qt"):
        return "MOV"
    if major.startswith(b"3g"):
        return "3GP"
    return "MP4" if major.startswith(_VIDEO_BRANDS) else None


def describe_foreign(head: bytes) -> str:
    """In words, what a file that `sniff` doesn't know seems to be: "an icon", "text" and so on."""
    head = head[:64]
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
    return "sound" if brand.startswith((b"M4A", b"M4B", b"M4P")) else "a media file of an unknown kind"
