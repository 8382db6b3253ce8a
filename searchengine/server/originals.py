"""Which of a picture's files may be sent as it is, and as what."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, BinaryIO

from searchengine.errors import ImgsearchError
from searchengine.images.remote import is_url, open_object

if TYPE_CHECKING:
    from searchengine.details import Details

# What browsers show themselves; everything else is to be saved, not shown.
MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "HEIF": "image/heif",
    "JXL": "image/jxl",
    "JPEG2000": "image/jp2",
    "MP4": "video/mp4",
    "MOV": "video/quicktime",
    "3GP": "video/3gpp",
    "MKV": "video/x-matroska",
    "WEBM": "video/webm",
}
OTHER = "application/octet-stream"


def media_type(format_: str) -> str:
    """The media type of a format as the catalog names it."""
    return MEDIA_TYPES.get(format_, OTHER)


def servable(picture: Details) -> tuple[str, os.stat_result] | None:
    """The first of a picture's files that is there as it was indexed, below its folder; None when none is.

    A link that was put in a folder's place since would lead elsewhere: where a path really leads is looked up
    anew each time. A file whose size or time has changed may show something else by now.
    """
    for file in picture.files:
        if is_url(file.path):
            continue  # see `fetched`
        try:
            place = os.path.realpath(file.path, strict=True)
            root = os.path.realpath(file.root)
            below = os.path.commonpath([place, root]) == root
            status = os.stat(place)
        except (OSError, ValueError):  # ValueError: on another drive, where there are drives
            continue
        as_indexed = (status.st_size, status.st_mtime_ns) == (file.size, file.mtime_ns)
        if below and as_indexed and stat.S_ISREG(status.st_mode):
            return place, status
    return None


def fetched(picture: Details) -> tuple[str, BinaryIO] | None:
    """A copy of the first of a picture's files behind URLs that is there as it was indexed; None without."""
    for file in picture.files:
        if not is_url(file.path):
            continue
        try:
            descriptor, status = open_object(file.path)
        except (OSError, ImgsearchError):
            continue
        copy = os.fdopen(descriptor, "rb")
        if (status.st_size, status.st_mtime_ns) == (file.size, file.mtime_ns):
            return file.path, copy
        copy.close()
    return None


def file_name(path: str) -> str:
    """A file's name as a header can hold it."""
    name = os.path.basename(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "_" for letter in name)
