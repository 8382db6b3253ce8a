"""Files that are another form of a picture beside them. Names in, names out.

A camera that is told to keep the RAW writes it beside the JPEG; a phone writes a Live Photo as a still and a
video. Each pair is one picture, and the still is the one that programs show.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from searchengine.images.formats import RAW_EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# What cameras and phones write beside a RAW or a video. A TIFF or PNG of that name is somebody's edit.
_STILLS = frozenset({b".jpg", b".jpeg", b".jpe", b".heic", b".heif", b".hif"})
_OTHERS = (b".mov", b".mp4", *map(os.fsencode, RAW_EXTENSIONS))


def find_companions(candidates: Collection[bytes], names: Iterable[bytes]) -> dict[bytes, bytes]:
    """Which files of one folder go with a still in it: same name but for the extension, whatever the case.

    Args:
        candidates: Names of the folder's files that would be indexed.
        names: Names of all that is in the folder.

    Returns:
        Each companion's name, and its still's.
    """
    # Most folders have none, and a scan looks at every folder.
    others = [name for name in names if name.lower().endswith(_OTHERS)]
    if not others:
        return {}
    stills: dict[bytes, bytes] = {}
    for name in candidates:
        stem, extension = _split(name)
        if extension in _STILLS:
            stills.setdefault(stem, name)
    return {name: stills[stem] for name in others if (stem := _split(name)[0]) in stills}


def _split(name: bytes) -> tuple[bytes, bytes]:
    stem, extension = os.path.splitext(name.lower())
    return stem, extension
