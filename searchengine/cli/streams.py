"""The three standard streams, made fit to be written to: there, and never short of a letter."""

from __future__ import annotations

import codecs
import io
import os
import sys

# What tables and messages are drawn with, for terminals and pipes that aren't UTF-8; all else is escaped.
_PLAIN = {"\N{MULTIPLICATION SIGN}": "x", "·": "-", "─": "-", "━": "-", "…": "...", "→": "->"}


def make_fit() -> None:
    """Open what the caller has closed, and let what a stream's encoding lacks be written in other letters."""
    _open_closed()
    codecs.register_error("imgsearch", _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="imgsearch")


def _open_closed() -> None:
    """Let a closed stream be the null device.

    Otherwise Python has None in its place, and the next file that is opened gets the stream's number, into
    which native code writes its complaints.
    """
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - os takes it by position
    os.close(descriptor)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - they stay open
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    first = error.object[error.start]
    if first in _PLAIN:
        return _PLAIN[first], error.start + 1
    only = UnicodeEncodeError(error.encoding, error.object, error.start, error.start + 1, error.reason)
    return codecs.backslashreplace_errors(only)
