"""How a run tells where it is, and where its time went."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a run.

    Attributes:
        stage: What is being done, in a word or two: ``scanning``, ``loading the model``, ``indexing``, ….
        done: Files dealt with in this stage.
        total: Files there are, or None where nobody knows yet.
        failed: Those of `done` that couldn't be read.
        rate: Files a second over the last half minute, or None at the start.
    """

    stage: str
    done: int = 0
    total: int | None = None
    failed: int = 0
    rate: float | None = None

    @property
    def eta(self) -> float | None:
        """Seconds to go, or None where it can't be told."""
        if self.total is None or not self.rate:
            return None
        return (self.total - self.done) / self.rate


OnProgress = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Report to nobody."""


class Rate:
    """Files a second over a sliding window, so that an ETA follows what the disk does now."""

    def __init__(self, window: float = 30.0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        self._marks: deque[tuple[float, int]] = deque()

    def mark(self, done: int) -> float | None:
        """Note that `done` files are dealt with so far; returns files a second, or None at the start."""
        now = self._clock()
        self._marks.append((now, done))
        while len(self._marks) > 2 and now - self._marks[0][0] > self._window:
            self._marks.popleft()
        since, before = self._marks[0]
        return (done - before) / (now - since) if now - since > 0.5 else None


class Stopwatch:
    """Seconds by stage. Stages overlap, so they add up to more than the run took."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add what the block takes to a stage; safe from any thread."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.add(stage, time.perf_counter() - start)

    def add(self, stage: str, seconds: float) -> None:
        """Add seconds to a stage."""
        with self._lock:
            self._seconds[stage] += seconds

    def seconds(self) -> dict[str, float]:
        """Seconds by stage, rounded to the millisecond."""
        with self._lock:
            return {stage: round(seconds, 3) for stage, seconds in self._seconds.items()}
