"""Opening what strangers send: in processes of their own, because decoders crash, hang and eat memory."""

from __future__ import annotations

from functools import partial

from searchengine.errors import DamagedImageError, ImageLimitError
from searchengine.images.limits import Limits
from searchengine.images.open import Picture, open_image
from searchengine.workers.pool import WorkerDiedError, WorkerPool

MEMORY = 2 << 30
"""Bytes that one process may allocate."""


class Decoder:
    """Opens pictures; threads may share it. Processes are started when first needed.

    Args:
        workers: How many pictures at once.
        seconds: Most that one may take.
        pixels: Most that one may have.
    """

    def __init__(self, *, workers: int, seconds: float, pixels: int) -> None:
        self._seconds = seconds
        self._pool = WorkerPool(
            partial(_open, pixels=pixels), workers=workers, seconds=seconds, memory=MEMORY
        )

    def __call__(self, data: bytes, draft_to: int) -> Picture:
        """A picture: RGB, upright, its short side no smaller than `draft_to`, unless it is smaller itself.

        Raises:
            ImageError: It can't be read.
            ImageLimitError: It has too many pixels, or takes too long.
        """
        try:
            return self._pool.submit((data, draft_to)).result()
        except WorkerDiedError as death:
            if death.timed_out:
                raise ImageLimitError(
                    f"the picture takes longer than {self._seconds:g} seconds to decode; send a smaller copy"
                ) from death
            raise DamagedImageError(f"the decoder crashed on the picture ({death})") from death
        except MemoryError as error:
            raise ImageLimitError(
                f"the picture takes more than {MEMORY / 1e9:.1f} GB to decode; send a smaller copy"
            ) from error

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        self._pool.stop()


def _open(task: tuple[bytes, int], *, pixels: int) -> Picture:
    data, draft_to = task
    # As strict about a JPEG that is decoded smaller: what it claims is what it is judged by.
    return open_image(data, draft_to=draft_to, limits=Limits(pixels=pixels, draft_factor=1))
