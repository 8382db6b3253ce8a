"""Files in, committed batches out: read in processes, encode in one thread, commit in another.

    jobs ──► decode pool ──► batches ──► encoder thread ──► vectors ──► commit thread
              (processes)      ≤ 2 waiting                   ≤ 2 waiting

Every queue is bounded, so memory is too. When a run is stopped, what is decoded is dropped and what is
being encoded is still committed.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from indexer.decode import Decoded, Hashed, Task, Unreadable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from indexer.decode import DecodePool
    from indexer.progress import Stopwatch
    from searchengine.encoders.encoder import Encoder


@dataclass(frozen=True, slots=True)
class Job:
    """A file that has to be read.

    Attributes:
        root_id: Key of its root in the catalog.
        absolute: Where it is.
        path: The same, relative to the root.
        size: Bytes when it was scanned.
        mtime_ns: When it was scanned.
        is_new: Whether the catalog has never seen this path.
        hash_first: Whether its bytes may be known already.
    """

    root_id: int
    absolute: bytes
    path: bytes
    size: int
    mtime_ns: int
    is_new: bool
    hash_first: bool


@dataclass(slots=True)
class Batch:
    """What is committed in one transaction.

    Attributes:
        decoded: Pictures whose bytes are new.
        vectors: Their unit vectors, float32 (n, dim), once they are encoded.
        copies: Files whose bytes are known, with those bytes' hash.
        failures: Files that couldn't be read.
    """

    decoded: list[tuple[Job, Decoded]] = field(default_factory=list)
    vectors: NDArray[np.float32] | None = None
    copies: list[tuple[Job, Hashed]] = field(default_factory=list)
    failures: list[tuple[Job, Unreadable]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.decoded) + len(self.copies) + len(self.failures)


Commit = Callable[[Batch], None]


class Pipeline:
    """One pass over the files that have to be read.

    Args:
        pool: Reads and decodes, in processes.
        encoder: Called from one thread only.
        commit: Called from one other thread only, in the order of the batches.
        is_known: Whether bytes with this hash have an embedding already.
        batch_size: Pictures encoded and committed together.
        stopwatch: Where the stages' times go.
    """

    def __init__(
        self,
        *,
        pool: DecodePool,
        encoder: Encoder,
        commit: Commit,
        is_known: Callable[[bytes], bool],
        batch_size: int,
        stopwatch: Stopwatch,
    ) -> None:
        self._pool = pool
        self._encoder = encoder
        self._commit = commit
        self._is_known = is_known
        self._batch_size = batch_size
        self._stopwatch = stopwatch
        self._failure: BaseException | None = None
        self._to_encode: queue.Queue[Batch | None] = queue.Queue(maxsize=2)
        self._to_commit: queue.Queue[Batch | None] = queue.Queue(maxsize=2)

    def run(self, jobs: Iterable[Job]) -> None:
        """Read, encode and commit every job.

        Raises:
            KeyboardInterrupt: After what was already decoded into a batch has been committed.
            ImgsearchError: Whatever stopped the encoder or the commit; earlier batches are kept.
        """
        threads = [
            threading.Thread(target=self._guarded, args=(stage,), name=stage.__name__, daemon=True)
            for stage in (self._encode_batches, self._commit_batches)
        ]
        for thread in threads:
            thread.start()
        try:
            self._read(jobs)
        finally:
            self._to_encode.put(None)
            for thread in threads:
                thread.join()
        if self._failure is not None:
            raise self._failure

    def _read(self, jobs: Iterable[Job]) -> None:
        """Keep the pool busy, and make batches of what comes back."""
        waiting = deque(jobs)
        finished: queue.SimpleQueue[tuple[Job, Future[Decoded | Hashed | Unreadable]]] = queue.SimpleQueue()
        twins: dict[bytes, list[tuple[Job, Hashed]]] = {}  # by hash: files whose bytes are being decoded
        leading: dict[Job, bytes] = {}  # the hash that a job being decoded was found to have
        done: set[bytes] = set()  # hashes that this run has put into a batch
        batch = Batch()
        window = self._pool.workers * 2 + self._batch_size
        in_flight = 0

        def submit(job: Job, *, hash_only: bool) -> None:
            future = self._pool.submit(Task(job.absolute, hash_only=hash_only))
            future.add_done_callback(lambda future: finished.put((job, future)))

        def settle(job: Job, result: Decoded | Unreadable) -> None:
            """File a job's outcome, and that of the copies that waited for it."""
            expected = leading.pop(job, None)
            copies = twins.pop(expected, []) if expected is not None else []
            if isinstance(result, Unreadable):
                batch.failures.extend((each, result) for each in (job, *(copy for copy, _ in copies)))
                return
            batch.decoded.append((job, result))
            done.add(result.hash)
            if result.hash == expected:
                batch.copies.extend(copies)
            else:  # it was rewritten between the two looks: its copies have to find another leader
                waiting.extend(copy for copy, _ in copies)

        while waiting or in_flight:
            while waiting and in_flight < window and self._failure is None:
                job = waiting.popleft()
                submit(job, hash_only=job.hash_first)
                in_flight += 1
            if self._failure is not None:
                return
            job, future = finished.get()
            in_flight -= 1
            result = future.result()
            if isinstance(result, Hashed):
                if result.hash in twins:
                    twins[result.hash].append((job, result))
                elif result.hash in done or self._is_known(result.hash):
                    batch.copies.append((job, result))
                else:
                    twins[result.hash] = []
                    leading[job] = result.hash
                    submit(job, hash_only=False)
                    in_flight += 1
            else:
                settle(job, result)
            if len(batch.decoded) >= self._batch_size or len(batch) >= 8 * self._batch_size:
                self._to_encode.put(batch)
                batch = Batch()
        if len(batch):
            self._to_encode.put(batch)

    def _encode_batches(self) -> None:
        import numpy as np

        while (batch := self._to_encode.get()) is not None:
            if batch.decoded:
                with self._stopwatch.timed("encode"):
                    batch.vectors = self._encoder.encode_images(
                        np.stack([decoded.pixels for _, decoded in batch.decoded])
                    )
            self._to_commit.put(batch)
        self._to_commit.put(None)

    def _commit_batches(self) -> None:
        while (batch := self._to_commit.get()) is not None:
            with self._stopwatch.timed("commit"):
                self._commit(batch)

    def _guarded(self, stage: Callable[[], None]) -> None:
        """Run a stage; when it fails, keep its queues moving so that nobody waits for it for ever."""
        try:
            stage()
        except BaseException as error:  # noqa: BLE001  re-raised by `run` in the caller's thread
            self._failure = self._failure or error
            source = self._to_encode if stage == self._encode_batches else self._to_commit
            if stage == self._encode_batches:
                self._to_commit.put(None)
            while source.get() is not None:
                pass
