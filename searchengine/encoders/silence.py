"""Keeping other libraries' log lines off standard error."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def silent_logging() -> Iterator[None]:
    """Drop what libraries log, unless the program has set up logging and so wants to hear it.

    Two things are kept from happening: `logging` prints warnings where nothing has been set up, and open_clip
    sets logging up for the whole program by logging through the root logger.
    """
    nobody = logging.NullHandler()
    logging.root.addHandler(nobody)
    try:
        yield
    finally:
        logging.root.removeHandler(nobody)
