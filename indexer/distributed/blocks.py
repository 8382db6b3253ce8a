"""Files on their way to a machine: which of them go together, and as what they travel."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from indexer.pipeline.job import Job

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

# Small enough that a node which dies takes seconds of work with it, and that all end at about the same time;
# large enough that Ray's share (some 10 ms a block) is nothing.
FEWEST, MOST = 16, 256
BLOCKS_AN_ACTOR = 8


def block_size(files: int, actors: int) -> int:
    """How many files go together."""
    return min(MOST, max(FEWEST, files // (BLOCKS_AN_ACTOR * actors)))


def blocks(jobs: Sequence[Job], size: int) -> Iterator[list[Job]]:
    """Part jobs into blocks of a size, in their order.

    Files that may be copies of each other, being of one size, go together as far as a block reaches: then
    only one of them is decoded.
    """
    alike: dict[int, list[Job]] = {}
    for job in jobs:
        if job.hash_first:
            alike.setdefault(job.size, []).append(job)
    block: list[Job] = []
    for job in jobs:
        together = alike.pop(job.size, []) if job.hash_first else [job]
        if block and len(block) + min(len(together), size) > size:
            yield block
            block = []
        for each in together:
            block.append(each)
            if len(block) == size:
                yield block
                block = []
    if block:
        yield block


def to_table(block: Sequence[Job], known: Mapping[int, Sequence[bytes]]) -> pa.Table:
    """A block as it travels: a row a file.

    Args:
        block: What is to be read.
        known: SHA-256 of the contents that are embedded already, by their size in bytes.
    """
    import pyarrow as pa

    columns: dict[str, Any] = {
        "path": [job.absolute for job in block],
        "size": [job.size for job in block],
        "mtime_ns": [job.mtime_ns for job in block],
        "hash_first": [job.hash_first for job in block],
        "describe": [job.describe for job in block],
        "known": [list(known.get(job.size, ())) if job.hash_first else [] for job in block],
    }
    types = (pa.binary(), pa.int64(), pa.int64(), pa.bool_(), pa.bool_(), pa.list_(pa.binary()))
    return pa.table(columns, schema=pa.schema(list(zip(columns, types, strict=True))))


def from_table(table: pa.Table) -> tuple[list[Job], set[bytes]]:
    """The jobs of a block, as far as reading them needs, and the hashes of what is embedded already."""
    jobs, known = [], set[bytes]()
    for row in table.to_pylist():
        known.update(row.pop("known"))
        path = row.pop("path")
        jobs.append(Job(root_id=0, absolute=path, path=path, is_new=False, **row))
    return jobs, known


def name_of(jobs: Sequence[Job]) -> str:
    """The same for the same files, sizes and times: a block that is done twice leaves one shard."""
    digest = hashlib.sha256()
    for job in jobs:
        digest.update(b"%d %d %d " % (len(job.absolute), job.size, job.mtime_ns) + job.absolute)
    return digest.hexdigest()[:32]
