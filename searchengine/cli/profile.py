"""Where a command's time goes, for `--profile`."""

from __future__ import annotations

import os
import time
from contextlib import suppress


class Profile:
    """Laps of one command, one after the other, and stages within a lap, which may run side by side."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._before = _age()
        self._lines: list[tuple[str, float]] = []
        self._stages: list[tuple[str, float]] = []
        if self._before is not None:
            self._lines.append(("Python, command line", self._before))

    def stage(self, name: str, seconds: float) -> None:
        """Part of the lap that is going on; `Library.on_stage` tells of those."""
        self._stages.append((f"  {name}", seconds))

    def lap(self, name: str) -> None:
        """What has been done since the last one is called this."""
        now = time.perf_counter()
        self._lines.append((name, now - self._last))
        self._lines.extend(self._stages)
        self._stages.clear()
        self._last = now

    def lines(self) -> list[str]:
        """For people: milliseconds, in the order of things."""
        total = self._last - self._start + (self._before or 0.0)
        return [
            f"{1000 * seconds:8.1f} ms  {name}" for name, seconds in [*self._lines, ("all in all", total)]
        ]


def _age() -> float | None:
    """Seconds since the system started this process, to a hundredth; None where it doesn't tell."""
    with suppress(OSError, ValueError, IndexError, AttributeError):
        with open("/proc/self/stat", "rb") as file:
            # proc(5): the 22nd field, counted behind the name in parentheses, which may hold anything.
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return None
