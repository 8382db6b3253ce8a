"""Pictures of a library, embedded once more from their files: for another space, or region by region."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from indexer.progress import Stopwatch
from searchengine.catalog import files, images
from searchengine.catalog.record import record_embeddings

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from indexer.decoding.decode import Decoded, DecodePool
    from indexer.pipeline.job import Job
    from indexer.pipeline.pipeline import Batch
    from searchengine.catalog.catalog import Catalog
    from searchengine.encoders.encoder import Encoder


class Work:
    """The pictures that are being embedded, and what came of them.

    Attributes:
        embedded: Pictures that got what they lacked.
        space_id: The space.
    """

    def __init__(self, catalog: Catalog, space_id: int, unreadable: dict[int, str]) -> None:
        self.embedded = 0
        self._catalog = catalog
        self.space_id = space_id
        self._unreadable = unreadable
        self._content_of: dict[Job, int] = {}
        self._hash_of: dict[int, bytes] = {}
        self._copies: dict[int, list[bytes]] = {}
        self._failed: list[int] = []

    def embed(
        self,
        content_ids: list[int],
        encoder: Encoder,
        pool: DecodePool,
        *,
        batch_size: int,
        on_batch: Callable[[], None],
    ) -> None:
        """Embed pictures, each from the first of its files that can be read, and commit batch by batch.

        Args:
            content_ids: Which.
            encoder: With what.
            pool: Reads and decodes.
            batch_size: Pictures, or parts of one, that are encoded and committed together.
            on_batch: Called after each commit.

        Raises:
            KeyboardInterrupt: After what was being encoded has been committed.
            ImgsearchError: Whatever stopped the encoder or the commit; earlier batches are kept.
        """
        from indexer.pipeline.pipeline import Pipeline

        def commit(batch: Batch) -> None:
            self.commit(batch)
            on_batch()

        jobs = self._jobs(content_ids)
        while jobs:  # the pictures that couldn't be read come again, with their next copy
            Pipeline(
                pool=pool,
                encoder=encoder,
                commit=commit,
                is_known=lambda _: False,
                batch_size=batch_size,
                stopwatch=Stopwatch(),
            ).run(jobs)
            jobs = self._next_copies()

    def _jobs(self, content_ids: list[int]) -> list[Job]:
        """A file to read for each of the pictures, as far as they are still there."""
        with self._catalog.read() as session:
            rows = images.images(session, content_ids)
        self._content_of.clear()
        self._hash_of = {row.id: row.hash for row in rows.values()}
        self._copies = {row.id: [file.path for file in row.files] for row in rows.values()}
        self._failed = []
        return [self._job(content_id) for content_id in content_ids if content_id in rows]

    def _next_copies(self) -> list[Job]:
        """Another file for each of the pictures that couldn't be read, as far as there are any."""
        again = [content_id for content_id in self._failed if self._copies[content_id]]
        self._failed = []
        for content_id in again:
            self._unreadable.pop(content_id, None)
        return [self._job(content_id) for content_id in again]

    def commit(self, batch: Batch) -> None:
        """Put a batch's embeddings into the catalog, all of them or none.

        Raises:
            LibraryBusyError: Another process kept the catalog locked.
            LibraryError: The disk is full.
        """
        fresh = {}
        for (job, decoded), vectors in zip(batch.decoded, batch.vectors, strict=True):
            content_id = self._content_of[job]
            if decoded.hash == self._hash_of[content_id]:
                fresh[content_id] = vectors, decoded
            else:
                self._fail(content_id, job, "it was changed since; index it again")
        for job, unreadable in batch.failures:
            self._fail(self._content_of[job], job, unreadable.reason)
        with self._catalog.write() as session:
            self.embedded += self.record(session, fresh)

    def record(self, session: Session, fresh: dict[int, tuple[NDArray[np.float32], Decoded]]) -> int:
        """Write the embeddings (n, dim) of pictures, by id; of how many.

        Args:
            session: A writing session.
            fresh: With what was decoded.
        """
        # Somebody may have forgotten a picture while it was being embedded.
        present = [each for each in files.existing(session, fresh) if each in fresh]
        vectors = [fresh[each][0] for each in present]
        seconds = {each: fresh[each][1].seconds for each in present}
        record_embeddings(session, self.space_id, present, vectors, seconds)
        return len(present)

    def _job(self, content_id: int) -> Job:
        from indexer.pipeline.job import Job

        path = self._copies[content_id].pop(0)
        job = Job(root_id=0, absolute=path, path=path, size=0, mtime_ns=0, is_new=False, hash_first=False)
        self._content_of[job] = content_id
        return job

    def _fail(self, content_id: int, job: Job, reason: str) -> None:
        self._failed.append(content_id)
        self._unreadable[content_id] = f"{os.fsdecode(job.absolute)}: {reason}"
