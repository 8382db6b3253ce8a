"""Fetching pictures by address in the name of whoever asks, where that was allowed at the start."""

from __future__ import annotations

from functools import partial

from searchengine.errors import ImageError, ImageLimitError
from searchengine.images.web import fetch
from searchengine.workers.pool import WorkerDiedError, WorkerPool

WORKERS = 4
SECONDS = 20.0


class Fetcher:
    """Fetches pictures from the public internet; threads may share it.

    In processes, because only those can be stopped for certain: a name server or a host that gives a letter
    now and then holds a thread for as long as it likes.

    Args:
        limit: Most bytes of one.
    """

    def __init__(self, *, limit: int) -> None:
        self._pool = WorkerPool(
            partial(fetch, limit=limit, timeout=SECONDS, public_only=True),
            workers=WORKERS,
            seconds=SECONDS + 1,
            memory=(256 << 20) + 3 * limit,
        )

    def __call__(self, url: str) -> bytes:
        """The bytes behind an address.

        Raises:
            ImageError: There is no picture, or it is too big or too slow.
            UsageError: It isn't an http(s) address of the public internet.
        """
        try:
            return self._pool.submit(url).result()
        except WorkerDiedError as death:
            if death.timed_out:
                raise ImageLimitError(
                    f"{url} took longer than {SECONDS:g} seconds; download it and send the file"
                ) from death
            raise ImageError(f"{url} can't be had ({death}); download it and send the file") from death

    def close(self) -> None:
        """End the processes."""
        self._pool.stop()
