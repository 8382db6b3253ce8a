"""The `.xmp` files beside a picture, where programs that leave pictures alone keep what is said of them.

darktable and digiKam write `a.jpg.xmp` beside `a.jpg`, Lightroom and Capture One write `a.xmp`. The scan
notes their sizes and times, so that one which changes costs its reading and nothing else.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from indexer.disk import listing
from searchengine.errors import ImageError
from searchengine.images.description import UNDESCRIBED, Description
from searchengine.images.files import open_regular
from searchengine.images.xmp import MOST_BYTES, read_xmp

if TYPE_CHECKING:
    from collections.abc import Callable

ENDINGS = (b".xmp", b".XMP")


def names_beside(path: bytes) -> tuple[tuple[bytes, ...], ...]:
    """Where the sidecars of a picture may lie: the shared one first, then the one that names the picture.

    Returns:
        Two groups, of each of which the first that is there counts.
    """
    stem = os.path.splitext(path)[0]
    return tuple(tuple(start + ending for ending in ENDINGS) for start in (stem, path))


def stamp(path: bytes, status: Callable[[bytes], os.stat_result | None]) -> str | None:
    """What tells whether the sidecars of a picture are as they were; None where there are none.

    Args:
        path: Of the picture.
        status: Of the file at a path, None where there is none.
    """
    marks = []
    for number, group in enumerate(names_beside(path)):
        found = next((there for name in group if (there := status(name)) is not None), None)
        if found is not None:
            marks.append(f"{number}:{found.st_size}:{found.st_mtime_ns}")
    return " ".join(marks) or None


def status_of(path: bytes) -> os.stat_result | None:
    """Of the file at a path; None where there is none, or none that can be looked at."""
    try:
        status = listing.status_of(path)
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def read_sidecars(path: bytes) -> Description:
    """What the sidecars of a picture say together; the one that names it goes before the shared one.

    One that is too large for a sidecar, or isn't XMP, says nothing.

    Args:
        path: Of the picture, absolute.

    Raises:
        OSError: One is there and can't be read.
    """
    said = UNDESCRIBED
    for group in names_beside(path):
        for name in group:
            packet = _read(name)
            if packet is not None:
                said = said.under(read_xmp(packet))
                break
    return said


def _read(path: bytes) -> bytes | None:
    try:
        descriptor, _ = open_regular(path)
    except FileNotFoundError:
        return None
    except ImageError:  # a folder of that name
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MOST_BYTES + 1)


def unreadable_sidecar(error: OSError) -> str:
    """Why what is said beside a picture isn't known, and what to do, in words."""
    reason = (error.strerror or type(error).__name__).lower()
    return f"the .xmp file beside it can't be read ({reason}); make it readable and index again"
