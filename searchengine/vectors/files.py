"""Files that are written whole or not at all, and noticed when they were not."""

from __future__ import annotations

import os
import secrets
import time
import zlib
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# What a parser walks through is at a file's beginning and end; the numbers in between can't mislead it.
HEAD = 65_536

ABANDONED_AFTER = 3600
"""Seconds after which a temporary file is taken for one whose writer was killed."""

_TEMPORARY = ".tmp-"


class _Checksummed:
    """A file that remembers the CRC-32 of what was written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.checksum = 0

    def write(self, data: bytes) -> int:
        self.checksum = zlib.crc32(data, self.checksum)
        return self._file.write(data)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A new file, in `path`'s place when the block has ended; a crash leaves the old one or the new one.

    Raises:
        OSError: The disk is full, or the folder can't be written to. Nothing has changed then.
    """
    temporary = path.with_name(f"{path.name}{_TEMPORARY}{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> int:
    """Have `write` fill the file that takes `path`'s place; see `replacing`.

    Returns:
        CRC-32 of what was written.

    Raises:
        OSError: See `replacing`.
    """
    with replacing(path) as file:
        checked = _Checksummed(file)
        write(cast("IO[bytes]", checked))
    return checked.checksum


def sweep(folder: Path, pattern: str, *, obsolete: Callable[[str], bool]) -> None:
    """Delete the files that match and are obsolete by name, and what killed writers have left behind.

    Windows keeps what someone has mapped; that goes another time.
    """
    for path in folder.glob(pattern):
        if obsolete(path.name):
            with suppress(OSError):
                path.unlink()
    for path in folder.glob(f"{pattern}{_TEMPORARY}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > ABANDONED_AFTER:
                path.unlink()


def edges_checksum(path: Path, tail: int) -> int:
    """CRC-32 of the first `HEAD` bytes and the last `tail` ones.

    Raises:
        OSError: The file can't be read.
    """
    with path.open("rb") as file:
        checksum = zlib.crc32(file.read(HEAD))
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - tail))
        return zlib.crc32(file.read(tail), checksum)


def checksum(path: Path) -> int:
    """CRC-32 of a whole file.

    Raises:
        OSError: The file can't be read.
    """
    value = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            value = zlib.crc32(block, value)
    return value


def _sync_folder(folder: Path) -> None:
    """Make renames in it survive a power cut; Windows has nothing like it and needs it less."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
