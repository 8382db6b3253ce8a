"""Keeping Pillow's warnings off the terminal while a picture is being read."""

from __future__ import annotations

import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_DECODERS = r"(PIL|pillow_heif)\b"

_lock = threading.Lock()
_inside = 0
_filters = warnings.catch_warnings()


@contextmanager
def quiet_decoders() -> Iterator[None]:
    """Ignore what the decoders warn of ("Corrupt EXIF data", …): what matters is raised or flagged.

    Warning filters belong to the process, and a server decodes in several threads, so the first one
    in sets them and the last one out puts the old ones back.
    """
    global _inside, _filters  # noqa: PLW0603 -- it mirrors a state that is the process's own
    with _lock:
        if _inside == 0:
            _filters = warnings.catch_warnings()
            _filters.__enter__()
            warnings.filterwarnings("ignore", module=_DECODERS)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _filters.__exit__(None, None, None)
