"""A run's files, embedded by a cluster and committed here: this machine stays the only one who writes.

    jobs ──► blocks ──► Ray ──► embedders (a node or GPU each) ──► shards ──► one thread ──► catalog

A block may be done twice, when a machine dies; its shard has the same name then, and what the catalog has it
isn't given again. A shard goes once it is committed, so that a run which is killed loses what was on its way
through a machine, and nothing else.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TYPE_CHECKING, Any

from indexer.decoding.decode import Decoded, Hashed, Unreadable
from indexer.distributed.blocks import block_size, blocks, to_table
from indexer.distributed.embedder import Embedder
from indexer.distributed.placement import place
from indexer.distributed.shards import Shards
from indexer.pipeline.pipeline import Batch
from searchengine.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager

    from indexer.distributed.ray import Cluster
    from indexer.pipeline.job import Job
    from indexer.pipeline.pipeline import Commit
    from indexer.progress import Stopwatch
    from searchengine.encoders.encoder import Encoder


class ClusterRun:
    """One pass over the files that have to be read, as `Pipeline` is one on this machine.

    Args:
        join: Joins the cluster, for as long as the context lasts; see `joined`.
        shards: Where its machines leave their results.
        open_encoder: Opens the model, on any machine.
        commit: Called from one thread, in the order the shards come.
        is_known: Whether bytes with this hash have an embedding already.
        known_hashes: Those that have one, by sizes in bytes.
        batch_size: Pictures that are encoded together.
        stopwatch: Where the stages' times go.
    """

    def __init__(
        self,
        *,
        join: Callable[[], AbstractContextManager[Cluster]],
        shards: Shards,
        open_encoder: Callable[[], Encoder],
        commit: Commit,
        is_known: Callable[[bytes], bool],
        known_hashes: Callable[[Collection[int]], Mapping[int, Sequence[bytes]]],
        batch_size: int,
        stopwatch: Stopwatch,
    ) -> None:
        self._join = join
        self._shards = shards
        self._commit = commit
        self._is_known = is_known
        self._known_hashes = known_hashes
        self._stopwatch = stopwatch
        self._worker_arguments: dict[str, Any] = {
            "open_encoder": open_encoder,
            "shards": shards.url,
            "space": shards.space,
            "batch_size": batch_size,
        }
        self._wanted: dict[bytes, Job] = {}
        self._pending: list[Future[None]] = []

    def run(self, jobs: Sequence[Job]) -> None:
        """Read, embed and commit every job, beginning with what an earlier run left in shards.

        Raises:
            KeyboardInterrupt: After the shards that were complete have been committed.
            ClusterError: There is no such cluster, or its machines can't do the work.
            ImgsearchError: Whatever stopped an embedder or the commit; what was committed is kept.
        """
        self._wanted = {job.absolute: job for job in jobs}
        with ThreadPoolExecutor(1, thread_name_prefix="commit") as self._committing:
            try:
                self._take(self._shards.names())
                self._finish()
                if self._wanted:
                    self._embed()
            finally:
                # Also after Ctrl-C: a shard that is there took somebody's time.
                self._finish(self._shards.names())
                self._shards.tidy()

    def _embed(self) -> None:
        with self._join() as cluster:
            nodes = cluster.nodes()
            placement = place(nodes)
            mark = self._shards.leave_mark()
            try:
                samples = {job.root_id: job.absolute for job in self._wanted.values()}
                question = partial(
                    _what_is_wrong, list(samples.values()), self._shards.url, self._shards.space, mark
                )
                cluster.ask([node for node in nodes if node.cpus], question)
            finally:
                self._shards.delete_mark(mark)
            arguments = self._worker_arguments | {"cores": placement.cores}
            while left := list(self._wanted.values()):
                known = self._known_hashes({job.size for job in left if job.hash_first})
                size = block_size(len(left), placement.actors)
                tables = [to_table(block, known) for block in blocks(left, size)]
                for done in cluster.run(tables, Embedder, arguments, placement):
                    self._stopwatch.add("encode", done.encode_s)
                    self._take([done.shard])
                self._finish()
                if len(self._wanted) == len(left):
                    raise ClusterError(
                        f"the cluster embedded {len(left)} files, but their shards can't be found in"
                        f" {self._shards.url}; name a folder that all machines share: --shards"
                    )

    def _take(self, names: Sequence[str]) -> None:
        """Have shards committed, in the thread that does that; say what went wrong with earlier ones."""
        for future in self._pending:
            if future.done():
                future.result()
        self._pending = [future for future in self._pending if not future.done()]
        self._pending += [self._committing.submit(self._commit_shard, name) for name in names]

    def _finish(self, names: Sequence[str] = ()) -> None:
        """Wait for the commits, however often Ctrl-C is pressed meanwhile: each takes well below a second."""
        self._take(names)
        interrupt = None
        while self._pending:
            try:
                wait(self._pending)
                pending, self._pending = self._pending, []
                for future in pending:
                    future.result()
            except KeyboardInterrupt as pressed:
                interrupt = pressed
        if interrupt is not None:
            raise interrupt

    def _commit_shard(self, name: str) -> None:
        try:
            rows = self._shards.read(name)
        except FileNotFoundError:  # committed already, under the same name, or not to be seen from here yet
            return
        batch = Batch()
        vectors = []
        fresh: set[bytes] = set()
        for row in rows:
            job = self._wanted.get(row.path)
            if job is None or (job.size, job.mtime_ns) != (row.size, row.mtime_ns):
                continue  # it was committed, or has changed since
            if isinstance(row.result, Decoded):
                batch.decoded.append((job, row.result))
                vectors.append(row.vectors)
                fresh.add(row.result.hash)
            elif isinstance(row.result, Hashed):
                if row.result.hash in fresh or self._is_known(row.result.hash):
                    batch.copies.append((job, row.result))
            else:
                batch.failures.append((job, _seen_from_here(job, row.result)))
        batch.vectors = [each for each in vectors if each is not None]
        if len(batch):
            with self._stopwatch.timed("commit"):
                self._commit(batch)
        for job, _ in (*batch.decoded, *batch.copies, *batch.failures):
            self._wanted.pop(job.absolute, None)
        self._shards.delete(name)


def _seen_from_here(job: Job, unreadable: Unreadable) -> Unreadable:
    """A file that a machine doesn't see isn't gone while this one does."""
    if unreadable.kind == "gone" and os.path.lexists(job.absolute):
        return Unreadable(
            job.absolute,
            "a machine of the cluster doesn't see it; mount its folder there and index again",
            "io",
        )
    return unreadable


def _what_is_wrong(samples: Sequence[bytes], shards: str, space: str, mark: str) -> str | None:
    """Runs on every node before it is given work: does it see what this machine sees?"""
    for path in samples:
        if not os.access(path, os.R_OK):
            return (
                f"can't read {os.fsdecode(path)}; mount the pictures' folders at the same place on every"
                " node, or leave this node out"
            )
    if not Shards(shards, space).has_mark(mark):
        return (
            f"doesn't share {shards} with this machine; name a folder or a bucket that all of them reach:"
            " --shards"
        )
    return None
