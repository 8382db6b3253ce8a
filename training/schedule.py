"""How fast a run learns at each step, and when a step has to wait."""

from dataclasses import dataclass
from pathlib import Path

WARM_UP = 150  # steps


@dataclass
class Schedule:
    """The learning rate rises, stays at `peak`, and falls to zero in the last `cooling` share of `steps`.

    Warm-up, stable, decay (arXiv 2404.06395): what stands before the fall can be gone on with for longer.

    Attributes:
        steps: Of training; a number in the file `note` stands above it, also while training runs.
        note: That file.
        peak: The highest learning rate.
        cooling: Share of the steps.
        seeing: Weight of what the heads see, at first; it falls to a tenth.
        lock: A file that others lock while they measure; each step waits until nobody does.
        photos: Weight of the photographs' loss, where that of the scenes' is 1.
    """

    steps: int
    note: Path
    peak: float
    cooling: float
    seeing: float
    lock: Path | None = None
    photos: float = 1.0

    def done(self, step: int) -> float:
        """Return how much of the run is over, 0 to 1."""
        steps = int(self.note.read_text()) if self.note.exists() else self.steps
        return min(1.0, step / steps)

    def cools(self, step: int) -> bool:
        """Tell whether the rate falls by now."""
        return self.done(step) >= 1 - self.cooling

    def rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        left = (1 - self.done(step)) / self.cooling
        return self.peak * min(1.0, (step + 1) / WARM_UP, left)

    def wait(self) -> None:
        """Let go first whoever holds the lock."""
        if self.lock is not None:
            import fcntl  # there is none on Windows

            with open(self.lock, "a") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
