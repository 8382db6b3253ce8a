"""Which of Milvus's indexes, as a function from values to values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

EXACT_UP_TO = 10_000
"""Vectors that a server compares with all of, rather than keep a graph of them in order."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a collection is searched.

    Attributes:
        kind: `exact` or `approximate`.
        index: Milvus's name for it.
        reason: For people, in one sentence.
        parameters: Milvus's.
    """

    kind: str
    index: str
    reason: str
    parameters: dict[str, Any] = field(default_factory=dict)


def plan(count: int, shown: str, *, is_lite: bool) -> Plan:
    """The index for `count` vectors.

    Args:
        count: How many vectors.
        shown: The engine's address, for people.
        is_lite: Whether it is Milvus Lite, whose graphs find a third of what a filter lets pass.
    """
    if is_lite:
        return Plan("exact", "FLAT", f"exact: Milvus Lite at {shown} compares with all {count:,} vectors")
    if count <= EXACT_UP_TO:
        reason = f"exact: Milvus at {shown} compares with all {count:,} vectors"
        return Plan("exact", "FLAT", f"{reason}, up to {EXACT_UP_TO:,} of them")
    reason = f"approximate: Milvus at {shown} follows a graph (HNSW) of {count:,} vectors to candidates"
    return Plan("approximate", "HNSW", reason, {"M": 16, "efConstruction": 200})
