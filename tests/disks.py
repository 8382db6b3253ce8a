"""A small disk of its own for a test: it can be filled up, and turned read-only, which root heeds too."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

MS_RDONLY = 1
MS_REMOUNT = 32
MS_BIND = 4096


class Disk:
    """A mounted tmpfs."""

    def __init__(self, folder: Path, megabytes: int):
        self.folder = folder
        self._options = f"size={megabytes}m"

    def freeze(self):
        """Turn it read-only, for everybody."""
        _mount(self.folder, MS_REMOUNT | MS_RDONLY, self._options)

    def thaw(self):
        _mount(self.folder, MS_REMOUNT, self._options)

    def fill(self, *, leave=0):
        """Take all its space but for some bytes."""
        free = os.statvfs(self.folder)
        with (self.folder / "filling").open("ab") as file:
            size = max(0, free.f_bavail * free.f_frsize - leave)
            os.posix_fallocate(file.fileno(), file.tell(), size) if size else None

    def empty(self):
        """Give the space back."""
        (self.folder / "filling").unlink(missing_ok=True)


@contextmanager
def mounted(folder, megabytes=24):
    """A disk of some megabytes at `folder`; the test is skipped where none can be mounted."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk, and only on Linux")
    folder.mkdir()
    disk = Disk(folder, megabytes)
    try:
        _mount(folder, 0, f"size={megabytes}m")
    except OSError as error:
        pytest.skip(f"no small disk can be mounted here ({error})")
    try:
        yield disk
    finally:
        _libc().umount2(os.fsencode(folder), 2)  # lazily: what a failed test has left open doesn't matter


@contextmanager
def read_only_view(folder, point):
    """A folder that can be seen at another place too, and not be written to from there."""
    point.mkdir()
    try:
        _mount(point, MS_BIND, source=folder)
    except OSError as error:
        pytest.skip(f"no folder can be mounted here ({error})")
    try:
        _mount(point, MS_BIND | MS_REMOUNT | MS_RDONLY)
        yield point
    finally:
        _libc().umount2(os.fsencode(point), 2)


def _libc():
    return ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)


def _mount(folder, flags, options="", source="tmpfs"):
    done = _libc().mount(os.fsencode(source), os.fsencode(folder), b"tmpfs", flags, options.encode())
    if done:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
