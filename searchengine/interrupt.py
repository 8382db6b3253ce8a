"""Ctrl-C where nothing has been begun that would have to be ended: the process just goes, at once.

Python would raise an exception wherever it is. While importing that is a traceback, or worse: in the midst of
its import machinery the exception is lost, a module's lock stays taken, and a thread waits for it for ever.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType

INTERRUPTED = 130
"""The exit code of a command that was interrupted."""


def go_at_once() -> None:
    """From now on Ctrl-C ends the process, unless its caller wants it to be ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _go)


def raise_again() -> None:
    """From now on Ctrl-C raises KeyboardInterrupt, if `go_at_once` had changed that."""
    if signal.getsignal(signal.SIGINT) is _go:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _go(_signal: int, _frame: FrameType | None) -> NoReturn:
    if sys.stderr is not None:
        os.write(2, b"\nInterrupted.\n")
    os._exit(INTERRUPTED)
