"""Which files are looked at: pictures and videos by their extension, or else by how they begin."""

from __future__ import annotations

import os
from typing import Literal

from searchengine.errors import UnsupportedImageError
from searchengine.images.files import head
from searchengine.images.formats import (
    IMAGE_EXTENSIONS,
    NO_VIDEO_EXTENSIONS,
    RAW_EXTENSIONS,
    VIDEO_EXTENSIONS,
    VIDEO_FORMATS,
    sniff,
)

Kind = Literal["picture", "video"]

_PICTURES = frozenset(map(os.fsencode, IMAGE_EXTENSIONS | RAW_EXTENSIONS))
_VIDEOS = frozenset(map(os.fsencode, VIDEO_EXTENSIONS))
_NO_VIDEOS = frozenset(map(os.fsencode, NO_VIDEO_EXTENSIONS))


def kind_of(path: bytes, *, empty: bool = False) -> Kind | None:
    """What a file seems to be; None where it is neither.

    Args:
        path: The file.
        empty: Whether it is known to be: then it isn't opened.

    Raises:
        OSError: Its name doesn't tell, and it can't be read.
    """
    extension = path[path.rfind(b".") :].lower()  # of a folder's name it is none that is known
    if extension in _PICTURES:
        return "picture"
    if extension in _VIDEOS:
        return "video"
    if empty:
        return None
    try:
        name = sniff(head(path))
    except UnsupportedImageError:  # not a regular file
        return None
    if name in VIDEO_FORMATS:
        return None if extension in _NO_VIDEOS else "video"
    return None if name is None else "picture"
