"""Reading a file once, with the size and time that belong to exactly those bytes."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from searchengine.errors import ImageLimitError, UnsupportedImageError
from searchengine.images.formats import HEAD_BYTES
from searchengine.images.remote import first_bytes, is_url, open_object

if TYPE_CHECKING:
    from io import FileIO

    from searchengine.images.limits import Limits

# A pipe with no writer would block `open` for ever; Windows has neither flag, and needs to be told "binary".
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class FileBytes:
    """A file as it was when it was read.

    Attributes:
        data: All of it.
        size: Bytes.
        mtime_ns: Modification time, nanoseconds, taken before reading: a later write shows as a change.
    """

    data: bytes
    size: int
    mtime_ns: int


def open_regular(path: bytes | str | os.PathLike[str]) -> tuple[int, os.stat_result]:
    """Open a regular file for reading: its descriptor, which the caller closes, and its status.

    What lies behind a URL is fetched first; see `open_object`.

    Raises:
        UnsupportedImageError: A folder, pipe, socket or device.
        OSError: It can't be opened.
    """
    if is_url(path):
        return open_object(path)
    try:
        descriptor = os.open(path, _FLAGS)
    except IsADirectoryError:
        raise UnsupportedImageError("a folder, not a picture") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
        raise UnsupportedImageError(f"{kind}, not a picture")
    return descriptor, status


def head(path: bytes) -> bytes:
    """The first bytes of a file, as `sniff` takes them; of what lies behind a URL no more is fetched.

    Raises:
        UnsupportedImageError: It isn't a regular file.
        OSError: It can't be read.
    """
    if is_url(path):
        return first_bytes(path, HEAD_BYTES)
    descriptor, _ = open_regular(path)
    try:
        return os.read(descriptor, HEAD_BYTES)
    finally:
        os.close(descriptor)


def check_size(size: int, allowed: int) -> None:
    """Refuse a file for its size in bytes.

    Raises:
        ImageLimitError: It has more than are allowed.
    """
    if size > allowed:
        raise ImageLimitError(
            f"the file has {size / 1e6:,.0f} MB, more than the {allowed / 1e6:,.0f} allowed;"
            " save a smaller copy of it"
        )


def read_file(path: bytes | str | os.PathLike[str], limits: Limits) -> FileBytes:
    """Read a regular file whole.

    Raises:
        ImageLimitError: It is larger than `limits.file_bytes`.
        UnsupportedImageError: It isn't a regular file.
        OSError: It can't be opened or read.
    """
    descriptor, status = open_regular(path)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        return read_opened(file, status, limits)


def read_opened(file: FileIO, status: os.stat_result, limits: Limits) -> FileBytes:
    """Read the rest of an opened file; see `read_file`.

    Args:
        file: Unbuffered.
        status: As it was when the file was opened.
        limits: What one picture may ask for.

    Raises:
        ImageLimitError: It is larger than `limits.file_bytes`.
        OSError: It can't be read.
    """
    check_size(status.st_size, limits.file_bytes)
    # One more than the status says: a file that grows meanwhile isn't read for ever.
    data = file.read(status.st_size + 1) or b""
    while len(data) < status.st_size and (more := file.read(status.st_size - len(data))):
        data += more
    return FileBytes(data, len(data), status.st_mtime_ns)
