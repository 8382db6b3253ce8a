"""How much of the machine is this process's."""

from __future__ import annotations

import os

from searchengine.errors import UsageError

CORES_VARIABLE = "IMGSEARCH_CORES"
"""Says how many cores to use, where the system doesn't: a container's share is no affinity."""


def available_cores() -> int:
    """CPU cores that this process may use: IMGSEARCH_CORES, or what the system lets it run on.

    Raises:
        UsageError: IMGSEARCH_CORES isn't a number from 1 up.
    """
    if said := os.environ.get(CORES_VARIABLE):
        if not said.isdecimal() or int(said) < 1:
            raise UsageError(f"{CORES_VARIABLE} is {said!r}; give a number of cores from 1 up, or unset it")
        return int(said)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
