"""What decoders raise, turned into the three errors that a user can do something about."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from PIL import Image

from searchengine.errors import DamagedImageError, ImageError, ImageLimitError, UnsupportedImageError
from searchengine.images.formats import describe_foreign

if TYPE_CHECKING:
    from searchengine.images.formats import Extra

# What formats are called in a message, where Pillow calls them otherwise.
_SPOKEN = {
    "JPEG2000": "JPEG 2000",
    "WEBP": "WebP",
    "JXL": "JPEG XL",
    "RAW": "camera RAW",
    "WEBM": "WebM",
    "MKV": "Matroska video",
    "AVI": "AVI video",
    "MTS": "MPEG video",
    "MPEG": "MPEG video",
    "WMV": "WMV video",
}

_ADDRESS = re.compile(r"<[^<>]* at 0x[0-9a-fA-F]+>|\(?b?'[^']*\\x[^']*'\)?")
_SHORT = 120

# What Pillow's Python code stumbles with where a file isn't what its header promises.
_STUMBLES = (LookupError, TypeError, AttributeError, struct.error, ArithmeticError, UnicodeError)

# What a user can make of what decoders say; the first that fits counts.
_BETTER = {
    "there is no picture in it": "cannot load this image|image not found in|no more images|no primary item",
    "a part of it lies outside the picture": "tile cannot extend|bad image offset|seek to frame",
    "a checksum is wrong": "broken PNG file|checksum",
    "its frames are out of order": "frame sequence",
    "its compressed data can't be decoded": (
        "data stream|decod(er|ing) error|JXL_DEC|frame count|filter category|read next frame|Decoder plugin"
        "|not a WEBP file"
    ),
    "its header makes no sense": (
        "not identified by this driver|unpack_from requires|index out of range|header|dimensions"
        "|quantization table|create decoder|data organization|samples per pixel|palette size|image mode"
    ),
    "its structure makes no sense": "^Invalid input",
}

# Phrases by which Pillow's plugins say that the file is in order and they aren't up to it.
_NOT_SUPPORTED = re.compile(
    r"unsupported|not (yet )?supported|cannot handle|unknown (colou?r|pixel|compression)"
    r"|unrecognized (image )?mode",
    re.IGNORECASE,
)
_OVER_LIMIT = re.compile(r"security limit|exceeds (the )?(maximum|limit)|MAX_TEXT_", re.IGNORECASE)
_OUT_OF_MEMORY = re.compile(r"out of memory|allocation (error|failed)", re.IGNORECASE)
_CUT_SHORT = re.compile(
    r"truncated|premature|unexpected end|end of (file|data)|not enough (image )?data|NEED_MORE_INPUT",
    re.IGNORECASE,
)


def explain(error: BaseException, name: str) -> ImageError:
    """The error of ours that stands for one of a decoder's.

    Args:
        error: What Pillow or a plugin of it raised; they raise nearly every built-in type.
        name: The format, as `sniff` names it.
    """
    if isinstance(error, ImageError):
        return error
    name = _SPOKEN.get(name, name)
    bomb = isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning)
    if bomb or _OVER_LIMIT.search(str(error)):
        return ImageLimitError(
            f"this {name} claims to be larger than is allowed, as decompression bombs do;"
            " save a smaller copy of it"
        )
    if isinstance(error, MemoryError) or _OUT_OF_MEMORY.search(str(error)):
        return ImageLimitError(
            f"this {name} needs more memory than one picture may take; save a smaller copy of it"
        )
    words = plain_words(error)
    if isinstance(error, NotImplementedError) or _NOT_SUPPORTED.search(str(error)):
        return UnsupportedImageError(f"a kind of {name} that can't be read ({words}); save it as JPEG or PNG")
    if is_cut_short(error):
        return DamagedImageError(f"the {name} ends before anything can be shown; restore it from a copy")
    return damaged(name, words)


def damaged(name: str, words: str) -> DamagedImageError:
    """The error for a file of a format, as `sniff` names it, that can't be read for what the words say."""
    return DamagedImageError(f"the {_SPOKEN.get(name, name)} is damaged ({words}); restore it from a copy")


def is_cut_short(error: BaseException) -> bool:
    """Whether a decoder gave up because the file ended."""
    return isinstance(error, EOFError) or _CUT_SHORT.search(str(error)) is not None


def not_a_picture(head: bytes) -> UnsupportedImageError:
    """The error for a file whose first bytes aren't a picture's.

    Args:
        head: As `sniff` takes it.
    """
    lost = not head.strip(b"\0")  # empty, or zeros: it was to be a picture
    remedy = "restore it from a copy" if lost else "choose another file, or leave this one out"
    return UnsupportedImageError(f"not a picture, but {describe_foreign(head)}; {remedy}")


def missing_extra(name: str, extra: Extra) -> UnsupportedImageError:
    """The error for a format whose reader isn't installed; says what to install."""
    return UnsupportedImageError(
        f"reading {_SPOKEN.get(name, name)} needs the extra {extra.name}:"
        f" pip install 'imgsearch[{extra.name}]' and index again"
    )


def plain_words(error: BaseException) -> str:
    """A decoder's message in words that mean something outside of it, on one line of readable length."""
    if isinstance(error, _STUMBLES):
        return "its structure makes no sense"
    words = " ".join(_ADDRESS.sub("", str(error)).split())
    words = "".join(letter for letter in words if letter.isprintable()).strip(" :;,.")
    for better, pattern in _BETTER.items():
        if re.search(pattern, words):
            return better
    if len(words) < 4 or words == type(error).__name__:
        return "its structure makes no sense"
    words = words.removeprefix("Unsupported feature: ")
    return words if len(words) <= _SHORT else words[: _SHORT - 1] + "…"
