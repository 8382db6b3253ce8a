"""Decisions about indexes, as functions from values to values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

IndexKind = Literal["exact"]

# One query over 100,000 x 512 float16 in memory: 3.3 ms, on 2 cores with AVX-512.
BYTES_PER_MS = 30_000_000

TARGET_MS = 10
"""What a search may take before exactness is worth giving up."""

SMALL = 20_000
"""Vectors up to which a snapshot is so quick to write that every run takes one."""

LONGEST_TAIL = 5_000
"""Changes to replay at most: each costs whoever opens the library some 10 µs."""


@dataclass(frozen=True, slots=True)
class IndexChoice:
    """Which type of index, and why.

    Attributes:
        kind: ``exact`` compares the query with every vector.
        reason: For people, in one sentence.
        reach: Vectors up to which this type meets the target.
        expected_ms: Estimate for one query with the vectors in memory.
    """

    kind: IndexKind
    reason: str
    reach: int
    expected_ms: float


def choose_index(count: int, dim: int) -> IndexChoice:
    """The type of index for `count` vectors of length `dim`, stored as float16."""
    reach = TARGET_MS * BYTES_PER_MS // (2 * dim)
    expected_ms = count * 2 * dim / BYTES_PER_MS
    if count <= reach:
        reason = (
            f"exact: comparing with all {count:,} vectors takes about {expected_ms:.1f} ms, "
            f"and up to {reach:,} it stays below {TARGET_MS} ms"
        )
    else:
        reason = (
            f"exact: comparing with all {count:,} vectors takes about {expected_ms:.0f} ms, "
            f"more than {TARGET_MS} ms, but no approximate type is available yet"
        )
    return IndexChoice("exact", reason, reach, expected_ms)


def snapshot_due(snapshot_count: int | None, changes_since: int) -> bool:
    """Whether to write a new snapshot.

    Args:
        snapshot_count: Vectors in the present one; None when there is none that can be used.
        changes_since: Ids that came into sight or went out of it since then.
    """
    if snapshot_count is None:
        return True
    if snapshot_count <= SMALL:
        return changes_since > 0
    return changes_since >= min(snapshot_count // 20, LONGEST_TAIL)
