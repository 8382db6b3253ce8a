"""When a run learns how fast: by the clock, not by a number of steps, however busy the machine."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

WARM_UP = 150  # steps


@dataclass
class Schedule:
    """The learning rate rises, stays at `peak`, and falls to zero in the last `cooling` share of `minutes`.

    Warm-up, stable, decay (arXiv 2404.06395): what stands before the fall can be gone on with for longer.

    Attributes:
        minutes: Of training; a number in the file `note` stands above it, also while training runs.
        note: That file.
        peak: The highest learning rate.
        cooling: Share of the minutes.
        seeing: Weight of what the heads see, at first; it falls to a tenth.
        lock: A file that others lock while they measure; each step waits until nobody does.
    """

    minutes: float
    note: Path
    peak: float
    cooling: float
    seeing: float
    lock: Path | None = None

    def done(self, seconds: float) -> float:
        """Return how much of the run is over, 0 to 1."""
        minutes = float(self.note.read_text()) if self.note.exists() else self.minutes
        return min(1.0, seconds / 60 / minutes)

    def cools(self, seconds: float) -> bool:
        """Tell whether the rate falls by now."""
        return self.done(seconds) >= 1 - self.cooling

    def rate(self, step: int, seconds: float) -> float:
        """Return the learning rate of a step."""
        left = (1 - self.done(seconds)) / self.cooling
        return self.peak * min(1.0, (step + 1) / WARM_UP, left)

    def wait(self) -> None:
        """Let go first whoever holds the lock."""
        if self.lock is not None:
            with open(self.lock, "a") as file:
                _until_free(file)


def _until_free(file: TextIO) -> None:
    if sys.platform == "win32":
        return
    import fcntl

    fcntl.flock(file, fcntl.LOCK_SH)
    fcntl.flock(file, fcntl.LOCK_UN)
