"""What runs inside a worker's process: take a task from standard input, answer on standard output."""

from __future__ import annotations

import faulthandler
import gc
import os
import pickle
import signal
import warnings
from contextlib import suppress
from typing import IO, Any

_seconds = 0.0
"""How long a task may take; 0 outside of a worker."""


def restart_alarm() -> None:
    """Let the task at hand have its time from now on: it gets on, with a file that is large.

    Outside of a worker this does nothing.
    """
    if _seconds:
        _set_alarm(_seconds)


def serve() -> None:
    """Answer tasks until standard input ends, which it does too when the parent is killed.

    First comes (function, seconds, memory) and is answered with True, then come tasks, answered with
    (True, answer) or (False, exception). The parent must not be waited for in anything else.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = _take_standard_streams()
    global _seconds
    # What is imported with the function stays: looking through it for garbage is a tenth of a worker's start.
    gc.disable()
    function, _seconds, memory = pickle.load(requests)  # noqa: S301 -- the parent is this program
    gc.freeze()
    gc.enable()
    limit_process(memory)
    warnings.simplefilter("ignore")
    _send(answers, True)  # noqa: FBT003 -- the handshake
    _silence(2)  # libtiff writes there what is wrong with a file; until here Python may have had to
    with suppress(EOFError, BrokenPipeError):
        while True:
            task = pickle.load(requests)  # noqa: S301 -- as above
            _send(answers, _answer(function, task))


def _answer(function: Any, task: Any) -> tuple[bool, Any]:
    try:
        _set_alarm(_seconds)
        answer = function(task)
    except Exception as error:  # noqa: BLE001 -- the parent raises it
        return False, error
    else:
        return True, answer
    finally:
        _set_alarm(0)


def limit_process(memory: int | None) -> None:
    """Let no allocation take this process over `memory` bytes, and no crash leave a core file.

    Only where the system has such limits. Linux counts the private writable memory (RLIMIT_DATA), which is
    what a decoder asks for; address space would also count libraries and files that are only mapped.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory is not None:
        with suppress(ValueError, OSError):  # a lower hard limit is in force already
            hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
            resource.setrlimit(resource.RLIMIT_DATA, (memory, hard))


def _set_alarm(seconds: float) -> None:
    """Have the system end this process after so long, whatever it hangs in; 0 calls that off.

    The alarm signal isn't handled, so it works in the middle of C code and without the parent.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
    elif seconds:
        faulthandler.dump_traceback_later(seconds, exit=True)
    else:
        faulthandler.cancel_dump_traceback_later()


def _take_standard_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Move the pipes away from descriptors 0 and 1, so that no C library reads or prints into them."""
    streams = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    _silence(0)
    _silence(1)
    return streams


def _silence(descriptor: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, descriptor)
    os.close(null)


def _send(answers: IO[bytes], answer: Any) -> None:
    try:
        data = pickle.dumps(answer, protocol=5)
    except Exception as error:  # noqa: BLE001 -- an answer or an exception that can't be pickled
        data = pickle.dumps((False, RuntimeError(f"a worker's answer can't be sent: {error!r}")))
    answers.write(data)
    answers.flush()
