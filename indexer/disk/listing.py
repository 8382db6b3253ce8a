"""What is in a folder and what is at a path, on a disk or behind a URL alike."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from searchengine.images.remote import is_folder, is_url, list_folder, status_at

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """An object or a folder of a store, as `os.DirEntry` is one of a disk; a store has no links.

    Attributes:
        name: As in the listing.
        path: Its URL.
    """

    name: bytes
    path: bytes
    _status: os.stat_result

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:  # noqa: ARG002 -- as DirEntry has it
        """Whether it is a folder."""
        return stat.S_ISDIR(self._status.st_mode)

    def is_file(self, *, follow_symlinks: bool = True) -> bool:  # noqa: ARG002
        """Whether it is an object."""
        return stat.S_ISREG(self._status.st_mode)

    def is_symlink(self) -> bool:
        """Never."""
        return False

    def stat(self) -> os.stat_result:
        """What the listing said of it: no request."""
        return self._status


FolderEntry = os.DirEntry[bytes] | ObjectEntry


def entries(folder: bytes) -> Sequence[FolderEntry]:
    """What is in a folder, in no particular order.

    Raises:
        OSError: It can't be listed.
    """
    if is_url(folder):
        return [
            ObjectEntry(name, folder + b"/" + name, status) for name, status in list_folder(folder).items()
        ]
    with os.scandir(folder) as listing:
        return list(listing)


def status_of(path: bytes) -> os.stat_result:
    """The status of what is at a path, links followed.

    Raises:
        OSError: There is nothing, or it can't be told.
    """
    return status_at(path) if is_url(path) else os.stat(path)


def has_folder(path: bytes) -> bool:
    """Whether there is a folder at a path; False also where that can't be told."""
    return is_folder(path) if is_url(path) else os.path.isdir(path)
