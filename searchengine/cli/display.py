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
    home = (os.path.expanduser("~") if home is None else home).rstrip(os.sep)
    if home and (path == home or path.startswith(home + os.sep)):
        path = "~" + path[len(home) :]
    return printable(path)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: ``1 image``, ``1,204 images``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def size(number: int) -> str:
    """A number of bytes in powers of ten: ``48.2 MB``."""
    if number < 1000:
        return count(number, "byte")
    value, units = number / 1000, ["TB", "GB", "MB", "kB"]
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        units.pop()
    return f"{value:.{0 if value >= 99.95 else 1}f} {units[-1]}"


def clock(seconds: float) -> str:
    """A place in a video: ``1:23``, ``1:02:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def file_name(path: str, time: float | None) -> str:
    """What a result is called: its file's name, and the place in it where that is a video."""
    name = printable(os.path.basename(path))
    return name if time is None else f"{name} @ {clock(time)}"


def duration(seconds: float) -> str:
    """A length of time in its two largest units: ``1 h 12 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
