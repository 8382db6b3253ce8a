"""Whether a root can be reached at this moment, found out without ever waiting long.

A disk that was unplugged a minute ago is noticed by the next search, not only by the next run of the indexer.
A folder that is there but empty counts as out of reach: it is the mount point that a disk left behind.

Looking at a network share whose server is gone can block for minutes, and nothing can interrupt it. So the
look happens in a thread of its own, and who asks waits for a moment only; while that look hangs, the root
counts as out of reach and nobody waits for it again.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import Future

from searchengine.images.remote import is_url

PATIENCE = 0.25
"""Seconds that a search waits for a root. A disk at rest takes longer to spin up, but what its folder holds
is mostly in the system's memory: then the answer takes microseconds."""


def is_reachable(root: bytes) -> bool:
    """Whether there is a folder with something in it; may block. A store isn't asked at every search."""
    if is_url(root):
        return True
    try:
        with os.scandir(root) as entries:
            return next(entries, None) is not None
    except OSError:
        return False


class Reach:
    """Asks for roots, one look at a time for each. Threads may share it.

    Args:
        patience: Seconds to wait for a look; None for `PATIENCE`.
    """

    def __init__(self, patience: float | None = None) -> None:
        self._patience = PATIENCE if patience is None else patience
        self._lock = threading.Lock()
        self._looks: dict[bytes, tuple[Future[bool], float]] = {}

    def __call__(self, root: bytes) -> bool:
        """Whether a root can be reached now; False when it can't be told in time."""
        with self._lock:
            if root not in self._looks:
                self._looks[root] = Future(), time.monotonic() + self._patience
                # Not from a pool: its threads would be waited for at exit.
                threading.Thread(target=self._look, args=(root,), name="reach", daemon=True).start()
            look, until = self._looks[root]
        try:
            return look.result(max(0.0, until - time.monotonic()))
        except TimeoutError:
            return False

    def _look(self, root: bytes) -> None:
        found = is_reachable(root)
        with self._lock:
            look, _ = self._looks.pop(root)
        look.set_result(found)
