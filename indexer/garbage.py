"""Python's collector of garbage, held back while a great many objects are made that stay."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def uncollected() -> Iterator[None]:
    """No looking for garbage within the block; what nothing refers to any more still goes at once.

    Rows of files and entries of folders refer to nothing in circles. To look through them over and over, more
    of them each time, takes a quarter of a rescan (scripts/bench_rescan.py).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
