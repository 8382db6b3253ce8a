"""What the pipeline is given: a file that a plan says has to be read."""

from __future__ import annotations

from dataclasses import dataclass


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
        sidecar: `Entry.sidecar`.
        describe: Whether what it says in words is to be read also where its bytes are known.
        shows: Key of its row in the catalog, where that holds a picture.
    """

    root_id: int
    absolute: bytes
    path: bytes
    size: int
    mtime_ns: int
    is_new: bool
    hash_first: bool
    sidecar: str | None = None
    describe: bool = False
    shows: int | None = None
