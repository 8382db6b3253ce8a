"""Ctrl-C while pictures are read: told to who reads them, not raised wherever Python happens to be."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def on_interrupt(tell: Callable[[], object]) -> Iterator[None]:
    """Have Ctrl-C call ``tell``, which must be safe at any moment, instead of raising KeyboardInterrupt.

    That exception is raised between any two instructions. Within a finalizer or the callback of a weak
    reference, of which SQLAlchemy has many, Python prints and drops it, and the run would go on as if
    nobody had pressed anything.

    Only the main thread hears signals: in another this does nothing. Who ignores Ctrl-C goes on ignoring it.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    signal.signal(signal.SIGINT, lambda *_: tell())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
