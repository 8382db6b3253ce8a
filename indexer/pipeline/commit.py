"""A batch into the catalog: contents, files, embeddings and changes in one transaction, or nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from indexer.disk.scan import Problem
from indexer.disk.sidecars import read_sidecars, unreadable_sidecar
from searchengine.catalog import files, removal
from searchengine.catalog.record import ContentFacts, Failure, FileAt, Picture, SidecarText, record_batch

if TYPE_CHECKING:
    from collections.abc import Collection

    from indexer.decoding.decode import Decoded
    from indexer.pipeline.job import Job
    from indexer.pipeline.pipeline import Batch
    from searchengine.catalog.catalog import Catalog


# The time of a file that couldn't be read for reasons of the disk: no real file has it, so it is tried again.
NEVER = -1


class Committer:
    """Writes batches and counts what they were.

    Attributes:
        added: Files at a path the catalog hadn't seen.
        updated: Known files whose bytes were read again.
        failed: Files that couldn't be read.
        gone: Files that were deleted between the scan and the reading.
        problems: Files that can't be read at present, but whose picture is kept.
        arrivals: How many new files each content got; what vanished elsewhere may have moved here.
    """

    def __init__(self, catalog: Catalog, space_id: int) -> None:
        self._catalog = catalog
        self._space_id = space_id
        self.added = 0
        self.updated = 0
        self.failed = 0
        self.gone = 0
        self.problems: list[Problem] = []
        self.arrivals: Counter[int] = Counter()

    def is_known(self, content_hash: bytes) -> bool:
        """Whether bytes with this hash have an embedding in the space already."""
        with self._catalog.read() as session:
            content = files.contents_by_hash(session, [content_hash]).get(content_hash)
            return content is not None and bool(files.embedded(session, self._space_id, [content]))

    def known_hashes(self, sizes: Collection[int]) -> dict[int, list[bytes]]:
        """Hashes of the bytes of these sizes that have an embedding in the space already, by size."""
        with self._catalog.read() as session:
            return files.embedded_hashes(session, self._space_id, sizes)

    def __call__(self, batch: Batch) -> None:
        """Commit one batch.

        Raises:
            LibraryBusyError: Another process holds the library; nothing of the batch is written.
        """
        pictures = [
            Picture(
                _place(job, decoded.size, decoded.mtime_ns),
                _facts(decoded),
                vectors,
                decoded.seconds,
                sidecar=self._beside(job),
            )
            for (job, decoded), vectors in zip(batch.decoded, batch.vectors, strict=True)
        ]
        failures, out_of_reach = [], []
        for job, unreadable in batch.failures:
            if unreadable.kind == "gone":
                self.gone += 1
            elif unreadable.is_passing and job.shows is not None:
                # No permission, or a disk in trouble: not to be read isn't to be gone.
                out_of_reach.append(job.shows)
                self.problems.append(Problem(job.absolute, unreadable.reason))
            else:
                mtime_ns = NEVER if unreadable.is_passing else job.mtime_ns
                failures.append(Failure(_place(job, job.size, mtime_ns), unreadable.reason))
        read = [(job, decoded.hash) for job, decoded in batch.decoded]
        read += [(job, hashed.hash) for job, hashed in batch.copies]
        with self._catalog.write() as session:
            record_batch(session, self._space_id, pictures, failures)
            contents = files.contents_by_hash(session, {content_hash for _, content_hash in read})
            if batch.copies:
                record_batch(
                    session,
                    self._space_id,
                    [
                        Picture(
                            _place(job, hashed.size, hashed.mtime_ns),
                            contents[hashed.hash],
                            sidecar=self._beside(job),
                            description=hashed.description,
                        )
                        for job, hashed in batch.copies
                    ],
                )
            removal.mark_unreadable(session, out_of_reach, mtime_ns=NEVER)
        self.failed += len(failures) + len(out_of_reach)
        for job, content_hash in read:
            if job.is_new:
                self.added += 1
                self.arrivals[contents[content_hash]] += 1
            else:
                self.updated += 1

    def _beside(self, job: Job) -> SidecarText | None:
        """What is said beside a file; where that can't be read now, nothing, and the next run tries again."""
        if job.sidecar is None:
            return None
        try:
            return SidecarText(job.sidecar, read_sidecars(job.absolute))
        except OSError as error:
            self.problems.append(Problem(job.absolute, unreadable_sidecar(error)))
            return None


def _place(job: Job, size: int, mtime_ns: int) -> FileAt:
    return FileAt(root_id=job.root_id, path=job.path, size=size, mtime_ns=mtime_ns)


def _facts(decoded: Decoded) -> ContentFacts:
    metadata = decoded.metadata
    return ContentFacts(
        hash=decoded.hash,
        size=decoded.size,
        width=decoded.width,
        height=decoded.height,
        format=decoded.format,
        taken_at=metadata.taken_at,
        camera=metadata.camera,
        lens=metadata.lens,
        focal_length=metadata.focal_length,
        latitude=metadata.latitude,
        longitude=metadata.longitude,
        perceptual_hash=decoded.perceptual_hash,
        flags=decoded.flags,
        duration=decoded.duration,
        description=decoded.description,
    )
