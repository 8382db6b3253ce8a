"""Files in, committed batches out: read in processes, encode in one thread, commit in another.

    jobs ──► decode pool ──► batches ──► encoder thread ──► vectors ──► commit thread
              (processes)      ≤ 2 waiting                   ≤ 2 waiting

Every queue is bounded, so memory is too. When a run is stopped, what is decoded is dropped and what is
being encoded is still committed.
"""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from indexer.decoding.decode import Decoded, Hashed, Task, Unreadable
from indexer.interrupt import on_interrupt
from indexer.pipeline.copies import Copies

if TYPE_CHECKING:
    from concurrent.futures import Future

    import numpy as np
    from numpy.typing import NDArray

    from indexer.decoding.decode import DecodePool, Outcome
    from indexer.pipeline.job import Job
    from indexer.progress import Stopwatch
    from searchengine.encoders.encoder import Encoder


@dataclass(slots=True)
class Batch:
    """What is committed in one transaction.

    Attributes:
        decoded: Pictures whose bytes are new.
        vectors: Their unit vectors, float32 (n, dim) each, once they are encoded: one of a picture, one of
            each key frame of a video.
        copies: Files whose bytes are known, with those bytes' hash.
        failures: Files that couldn't be read.
    """

    decoded: list[tuple[Job, Decoded]] = field(default_factory=list)
    vectors: Sequence[NDArray[np.float32]] = ()
    copies: list[tuple[Job, Hashed]] = field(default_factory=list)
    failures: list[tuple[Job, Unreadable]] = field(default_factory=list)
    _pictures: int = 0

    def __len__(self) -> int:
        return len(self.decoded) + len(self.copies) + len(self.failures)

    def add(self, job: Job, result: Decoded | Unreadable, followers: Sequence[tuple[Job, Hashed]]) -> None:
        """Put in what came of decoding a file, which is also what came of its copies."""
        if isinstance(result, Decoded):
            self.decoded.append((job, result))
            self._pictures += len(result.pixels)
            self.copies.extend(followers)
        else:
            self.failures.extend((each, result) for each in (job, *(follower for follower, _ in followers)))

    def extend(self, other: Batch) -> None:
        """Put another encoded batch behind this one."""
        self.decoded += other.decoded
        self.vectors = [*self.vectors, *other.vectors]
        self.copies += other.copies
        self.failures += other.failures
        self._pictures += other._pictures

    def is_full(self, pictures: int) -> bool:
        """Whether so many pictures are in it, or so many files that cost no inference that they should go."""
        return self._pictures >= pictures or len(self) >= 8 * pictures


Commit = Callable[[Batch], None]

# What one transaction takes in: so many batches, and what came within so many seconds, which a kill can lose.
_GATHERED = 4
_SECONDS = 1.0


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
        self._interrupted = False
        self._finished: queue.SimpleQueue[tuple[Job, Future[Outcome]] | None] = queue.SimpleQueue()
        self._to_encode: queue.Queue[Batch | None] = queue.Queue(maxsize=2)
        self._to_commit: queue.Queue[Batch | None] = queue.Queue(maxsize=2)

    def run(self, jobs: Iterable[Job]) -> None:
        """Read, encode and commit every job.

        Raises:
            KeyboardInterrupt: After what was being encoded has been committed.
            ImgsearchError: Whatever stopped the encoder or the commit; earlier batches are kept.
        """
        threads = ThreadPoolExecutor(2, thread_name_prefix="pipeline")
        stages = [
            threads.submit(self._guarded, stage) for stage in (self._encode_batches, self._commit_batches)
        ]
        # However often Ctrl-C is pressed, the stages come to their ends: were one still in the runtime's
        # native code when Python goes away, C++ would abort the process.
        with on_interrupt(self._interrupt):
            try:
                self._read(jobs)
            finally:
                self._to_encode.put(None)
                wait(stages)
                threads.shutdown()
        if self._failure is not None:
            raise self._failure
        if self._interrupted:
            raise KeyboardInterrupt

    def _interrupt(self) -> None:
        self._interrupted = True
        self._finished.put(None)

    def _read(self, jobs: Iterable[Job]) -> None:
        """Keep the pool busy, and make batches of what comes back, until None does."""
        waiting = deque(jobs)
        copies = Copies(self._is_known)
        batch = Batch()
        window = self._pool.workers * 2 + self._batch_size
        in_flight = 0

        def submit(job: Job) -> None:
            nonlocal in_flight
            in_flight += 1
            future = self._pool.submit(Task(job.absolute, hash_only=job.hash_first, describe=job.describe))
            future.add_done_callback(lambda future: self._finished.put((job, future)))

        while waiting or in_flight:
            while waiting and in_flight < window:
                submit(waiting.popleft())
            read = self._finished.get()
            if read is None:
                return
            job, future = read
            in_flight -= 1
            waiting.extendleft(_settle(job, future.result(), copies, batch))
            if batch.is_full(self._batch_size):
                self._to_encode.put(batch)
                batch = Batch()
        if len(batch):
            self._to_encode.put(batch)

    def _encode_batches(self) -> None:
        while (batch := self._to_encode.get()) is not None:
            if self._interrupted:
                continue  # who presses Ctrl-C waits for the batch that is being encoded, and for no other
            if batch.decoded:
                with self._stopwatch.timed("encode"):
                    batch.vectors = self._encode([decoded.pixels for _, decoded in batch.decoded])
            self._to_commit.put(batch)
        self._to_commit.put(None)

    def _encode(self, pixels: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        """Unit vectors (n, dim) of each (n, height, width, 3), in batches whatever the n."""
        import numpy as np

        joined = np.concatenate(pixels)
        vectors = [
            self._encoder.encode_images(joined[start : start + self._batch_size])
            for start in range(0, len(joined), self._batch_size)
        ]
        return np.split(np.concatenate(vectors), np.cumsum([len(each) for each in pixels])[:-1])

    def _commit_batches(self) -> None:
        more = True
        while more:
            batch, more = self._gathered()
            if len(batch):
                with self._stopwatch.timed("commit"):
                    self._commit(batch)

    def _gathered(self) -> tuple[Batch, bool]:
        """What comes within a second, four batches at most; and whether there is more to come.

        One transaction for each would take longer in all than what it writes.
        """
        batch, until = Batch(), None
        while not batch.is_full(_GATHERED * self._batch_size):
            try:
                next_one = self._to_commit.get(timeout=until and max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if next_one is None:
                self._to_commit.put(None)  # again, for who empties the queue should the last commit fail
                return batch, False
            batch.extend(next_one)
            until = until or time.monotonic() + _SECONDS
        return batch, True

    def _guarded(self, stage: Callable[[], None]) -> None:
        """Run a stage; when it fails, keep its queues moving so that nobody waits for it for ever."""
        try:
            stage()
        except BaseException as error:  # noqa: BLE001  re-raised by `run` in the caller's thread
            self._failure = self._failure or error
            self._finished.put(None)
            source = self._to_encode if stage == self._encode_batches else self._to_commit
            if stage == self._encode_batches:
                self._to_commit.put(None)
            while source.get() is not None:
                pass


def _settle(job: Job, result: Outcome, copies: Copies, batch: Batch) -> Iterable[Job]:
    """Put what came of reading a file into the batch; what has to be read because of it."""
    if isinstance(result, Hashed):
        verdict = copies.claim(job, result)
        if verdict == "decode":
            return [replace(job, hash_first=False)]
        if verdict == "copy":
            batch.copies.append((job, result))
        return []
    followers, alike = copies.settle(job, result)
    batch.add(job, result, followers if alike else [])
    return [] if alike else [follower for follower, _ in followers]
