"""How far a run is, written into the catalog for those who look on from outside: `status`, and the page."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from searchengine.catalog import runs
from searchengine.errors import LibraryError

if TYPE_CHECKING:
    from indexer.progress import OnProgress, Progress
    from searchengine.catalog.catalog import Catalog

INTERVAL = 1.0
"""Seconds from one note to the next; a run that is over sooner leaves none."""


def recorded(catalog: Catalog, run_id: int, pass_on: OnProgress) -> OnProgress:
    """Pass a run's progress on, and note it in the catalog now and then.

    Args:
        catalog: The library's, in which this thread writes nothing at the moment.
        run_id: The run.
        pass_on: Told everything.
    """
    noted = time.monotonic()

    def note(progress: Progress) -> None:
        nonlocal noted
        pass_on(progress)
        if time.monotonic() - noted < INTERVAL:
            return
        values = {
            "stage": progress.stage,
            "done": progress.done,
            "total": progress.total,
            "failed": progress.failed,
            "rate": progress.rate and round(progress.rate, 3),
            "eta_s": progress.eta and round(progress.eta, 1),
        }
        # A full disk, say: the run will say so itself, where it matters.
        with contextlib.suppress(LibraryError), catalog.write() as session:
            runs.update_run(session, run_id, values)
        noted = time.monotonic()

    return note
