"""From what the system says has changed to the folders that have to be looked at again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.disk.excludes import OURS, is_skipped_file, is_skipped_folder
from indexer.disk.roots import contains, relative
from indexer.disk.sidecars import ENDINGS
from searchengine.images.candidates import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SEP = os.fsencode(os.sep)

# With so many at once some may have got lost: the system's queue holds 16,384 events on Linux, and a file
# that is written has several.
OVERFLOW = 2000


@dataclass(frozen=True, slots=True)
class Changed:
    """Something changed.

    Attributes:
        path: Absolute.
        in_place: It was there before and is there still.
    """

    path: bytes
    in_place: bool


def folders_to_look_at(
    changes: Iterable[Changed],
    watched: Iterable[bytes],
    *,
    library: bytes,
    excluded: Callable[[bytes], bool] | None,
    knows: Callable[[bytes], bool],
) -> set[bytes]:
    """The folders in which something may have changed that a library cares about.

    Args:
        changes: What the system says.
        watched: The folders that are watched, absolute, symlinks resolved.
        library: The library itself, which is no news.
        excluded: The user's globs, for paths relative to a watched folder.
        knows: Whether the library has files at or below a path.
    """
    changes, watched = list(changes), list(watched)
    if len(changes) > OVERFLOW:
        return {folder for folder in watched if any(contains(folder, change.path) for change in changes)}
    folders: set[bytes] = set()
    for change in changes:
        folder = next((folder for folder in watched if contains(folder, change.path)), None)
        if folder is None or is_passed_by(relative(change.path, folder), excluded):
            continue
        if is_the_librarys_own(change.path, library) or not _matters(change, knows):
            continue
        folders.add(nearest_folder(change.path, [folder]))
    return folders


def nearest_folder(path: bytes, watched: Iterable[bytes]) -> bytes:
    """The path itself where it is a folder, else the first one above it that is still there.

    A linked folder counts as the whole that is watched: only from there can it be told by which path its
    pictures go.
    """
    top = next(folder for folder in watched if contains(folder, path))
    while path != top and not os.path.isdir(path):
        path = os.path.dirname(path)
    return path if os.path.realpath(path) == path else top


def is_passed_by(path: bytes, excluded: Callable[[bytes], bool] | None) -> bool:
    """Whether a walk of a watched folder wouldn't come to a path (relative to it), whatever it is."""
    *folders, name = path.split(_SEP)
    if any(map(is_skipped_folder, folders)) or is_skipped_file(name):
        return True
    if excluded is None:
        return False
    return any(excluded(_SEP.join([*folders, name][: depth + 1])) for depth in range(len(folders) + 1))


def is_the_librarys_own(path: bytes, library: bytes) -> bool:
    """Whether a path is one that writing the library changes; pictures may lie beside those."""
    if not contains(library, path):
        return False
    first, *rest = relative(path, library).split(_SEP)
    return first in OURS or (not rest and not _is_a_picture(path))


def _matters(change: Changed, knows: Callable[[bytes], bool]) -> bool:
    """Whether it is about pictures or their sidecars: a database that is written to all day isn't."""
    if os.path.isdir(change.path):
        return not change.in_place  # its time or its permissions; what is in it has changes of its own
    return change.path.endswith(ENDINGS) or _is_a_picture(change.path) or knows(change.path)


def _is_a_picture(path: bytes) -> bool:
    try:
        return kind_of(path) is not None
    except OSError:
        return False
