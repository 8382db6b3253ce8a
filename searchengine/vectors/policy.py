"""Decisions about indexes, as functions from values to values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

IndexKind = Literal["exact", "approximate"]

# One query over 100,000 x 512 float16 in memory: 3.3 ms, on 2 cores with AVX-512.
BYTES_PER_MS = 30_000_000

TARGET_MS = 10
"""What a search may take before exactness is worth giving up."""

RECALL_AT = 10
TARGET_RECALL = 0.993
"""Share of the nearest `RECALL_AT` that an approximate search has to find, by exact search's measure: 0.99,
and as much beyond as the measure may err with the texts there are."""

IN_MEMORY = 4 << 30
"""Bytes of vectors that memory is likely to hold. Of more, many a candidate has to come from the disk."""

TARGET_BEYOND = 0.985
"""The target where there are more: half the candidates, and so half the reads."""

LEAST_RECALL = 0.95
"""What will do where the target would take more candidates than are worth comparing."""

DEPTHS = (1000, 1400, 2000, 2800, 4000, 5600, 8000, 11_200, 16_000)
"""Numbers of candidates to choose from. To compare a thousand exactly takes some tenths of a millisecond."""

SHARES = (16, 8, 4, 2, 1)
"""Of the lists one in so many is looked through."""

AT_RANDOM = 4
"""What a byte costs that is read at random, as candidates are, in bytes that are read in order."""

LEAST_TEXTS = 100
"""Texts that it takes to measure recall: 1,000 places in the first tens, a hundredth of which are ten."""

SMALL = 20_000
"""Vectors up to which a snapshot is so quick to write that every run takes one."""

LONGEST_TAIL = 5_000
"""Changes to replay at most: each costs whoever opens the library some 10 µs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How codes are made; see `vectors.codes`.

    Attributes:
        lists: Centres, each with a list of the vectors nearest to it.
        pieces: Into how many a vector is cut; each takes half a byte.
    """

    lists: int
    pieces: int


@dataclass(frozen=True, slots=True)
class Setting:
    """How codes are searched.

    Attributes:
        probes: How many of the lists a query looks through.
        depth: How many candidates are compared exactly.
    """

    probes: int
    depth: int


@dataclass(frozen=True, slots=True)
class IndexChoice:
    """Which type of index, and why.

    Attributes:
        kind: ``exact`` compares the query with every vector; ``approximate`` with those that codes name.
        reason: For people, in one sentence.
        reach: Vectors up to which exact search meets the target.
        expected_ms: Estimate for one query by exact search with the vectors in memory.
        plan: How to make codes; None where search is exact.
    """

    kind: IndexKind
    reason: str
    reach: int
    expected_ms: float
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A choice that has been measured.

    Attributes:
        kind: As in `IndexChoice`.
        reason: For people, in one sentence.
        setting: How to search codes; None where search is exact.
        recall: Share of the nearest `RECALL_AT` that are found.
    """

    kind: IndexKind
    reason: str
    setting: Setting | None
    recall: float


def choose_index(count: int, dim: int, texts: int) -> IndexChoice:
    """The type of index for `count` vectors of length `dim`, stored as float16.

    Args:
        count: How many vectors.
        dim: Their length.
        texts: How many texts there are to measure recall with.
    """
    reach = TARGET_MS * BYTES_PER_MS // (2 * dim)
    expected_ms = count * 2 * dim / BYTES_PER_MS
    about = f"about {expected_ms:.1f}" if expected_ms < TARGET_MS else f"about {expected_ms:.0f}"
    took = "less than 0.1" if expected_ms < 0.1 else about
    all_of_them = f"comparing with all {count:,} vectors takes {took} ms"
    if count <= reach:
        reason = f"exact: {all_of_them}, and up to {reach:,} it stays below {TARGET_MS} ms"
        return IndexChoice("exact", reason, reach, expected_ms)
    if dim % 4:
        reason = f"exact: {all_of_them}, but vectors of length {dim} can't be cut into equal pieces"
        return IndexChoice("exact", reason, reach, expected_ms)
    if texts < LEAST_TEXTS:
        reason = (
            f"exact: {all_of_them}, but what an approximate search would miss can't be measured before the "
            "library is calibrated; the next `imgsearch index` or `imgsearch optimize` does"
        )
        return IndexChoice("exact", reason, reach, expected_ms)
    plan = Plan(_lists(count), dim // 2)
    reason = f"approximate: {all_of_them}, more than {TARGET_MS} ms"
    return IndexChoice("approximate", reason, reach, expected_ms, plan)


def _lists(count: int) -> int:
    """A power of two about the square root; more than a thousand take longer to fill than they save."""
    return 1 << min(max(round(math.log2(count) / 2), 4), 10)


def settled(
    choice: IndexChoice, count: int, dim: int, recalls: Sequence[tuple[Setting, float]], texts: int
) -> Settled:
    """What becomes of a choice once codes have been made and measured.

    Args:
        choice: With a plan.
        count: How many vectors there are.
        dim: Their length.
        recalls: The recall that was measured with each setting.
        texts: With how many texts.

    Returns:
        Of the settings that meet the target the cheapest; where none does, the one that comes nearest to it,
        if that will do; or else exact search.
    """
    plan = choice.plan
    assert plan is not None  # noqa: S101  there would be nothing to measure

    def cost(setting: Setting) -> float:
        """In bytes read, which is what searching takes time for; by the clock it would depend on the day."""
        return setting.probes / plan.lists * count * plan.pieces / 2 + setting.depth * 2 * dim * AT_RANDOM

    target = TARGET_RECALL if count * 2 * dim <= IN_MEMORY else TARGET_BEYOND
    setting, recall = min(recalls, key=lambda each: (max(target - each[1], 0), cost(each[0])))
    took = f"comparing with all takes about {choice.expected_ms:.0f} ms, more than {TARGET_MS} ms"
    found = f"{recall:.1%} of the nearest {RECALL_AT}, measured with {texts:,} texts"
    if recall < LEAST_RECALL:
        reason = f"exact: {took}, but {setting.depth:,} candidates that codes name would have only {found}"
        return Settled("exact", reason, None, 1.0)
    reason = (
        f"approximate: {took}; codes of {plan.pieces // 2} bytes name {setting.depth:,} candidates from "
        f"{setting.probes:,} of {plan.lists:,} lists, which are compared exactly: that finds {found}"
    )
    return Settled("approximate", reason, setting, recall)


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
