"""The pictures whose text hasn't been read yet: those of this run, and those that were indexed before."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from indexer.decoding.decode import MEMORY, SECONDS
from indexer.interrupt import on_interrupt
from indexer.progress import Progress, Rate
from indexer.text.recognize import read_text
from searchengine.catalog import ocr
from searchengine.cores import available_cores
from searchengine.workers.pool import WorkerPool

if TYPE_CHECKING:
    from indexer.progress import OnProgress
    from searchengine.catalog.catalog import Catalog
    from searchengine.workers.pool import WorkerDiedError

BATCH_SIZE = 64
"""Pictures that are committed together: what a crash can lose is half a minute's work."""

MOST_WORKERS = 8
"""Each has the models for itself: some 500 MB."""


def catch_up(catalog: Catalog, on_progress: OnProgress) -> bool:
    """Read the text in every picture that can be reached and hasn't been read; commit it batch by batch.

    Returns:
        Whether it came to its end; Ctrl-C stops it, and the next run goes on.
    """
    with catalog.read() as session:
        total = ocr.count_unread(session)
    if not total:
        return True
    done, last, rate = 0, 0, Rate()
    pressed = threading.Event()
    workers = min(available_cores(), MOST_WORKERS, total)
    with (
        WorkerPool(
            read_text, workers=workers, seconds=SECONDS, memory=MEMORY, on_death=_nothing_legible
        ) as pool,
        on_interrupt(pressed.set),
    ):
        while not pressed.is_set():
            with catalog.read() as session:
                batch = ocr.unread(session, after=last, most=BATCH_SIZE)
            if not batch:
                return True
            last = max(batch)
            texts: dict[int, str] = {}
            reading = {content_id: pool.submit(paths) for content_id, paths in batch.items()}
            try:
                for content_id, future in reading.items():
                    if pressed.is_set():
                        break
                    on_progress(Progress("reading text", done, total, 0, rate.mark(done)))
                    text = future.result()
                    done += 1
                    if text is not None:
                        texts[content_id] = text
            finally:
                with catalog.write() as session:
                    ocr.record(session, texts)
    return False


def _nothing_legible(_: list[bytes], __: WorkerDiedError) -> str | None:
    """A picture that takes too long or brings the reader down isn't tried at every run."""
    return ""
