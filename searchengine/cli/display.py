"""Names as they come from disks and cameras, made fit for a terminal."""

from __future__ import annotations

import os
import re
from pathlib import Path

# What moves a cursor, colours a terminal, breaks a line, turns the direction of writing or can't be encoded:
# a file name may hold any of it. Everything else is shown, the narrow space of macOS's screenshots too.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""The text with every control character and undecodable byte written as an escape like ``\x1b``."""
    return _UNFIT.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that isn't UTF-8, as os.fsdecode hides it
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def file_uri(path: str) -> str:
    """The file:// address of an absolute path, quoted byte by byte."""
    return Path(path).as_uri()


def short(path: str, *, home: str | None = None) -> str:
    """The path with the user's home folder as ``~``, printable."""
    home = os.path.expanduser("~") if home is None else home
    if home not in ("", os.sep) and (path == home or path.startswith(home.rstrip(os.sep) + os.sep)):
        path = "~" + path[len(home.rstrip(os.sep)) :]
    return printable(path)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: ``1 image``, ``1,204 images``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
