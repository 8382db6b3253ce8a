"""What a run did, in numbers."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from indexer.disk.scan import Problem
    from indexer.pipeline.commit import Committer
    from indexer.planning.settle import Settlement
    from indexer.planning.survey import Survey

COUNTS = ("seen", "added", "updated", "moved", "removed", "missing", "unchanged", "failed")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did; all counts are of files.

    Attributes:
        seen: Candidates met: added + updated + moved + unchanged + failed.
        added: At a path that is new.
        updated: At a known path, read again; also where only what is said beside it has changed.
        moved: Known bytes at a new path, whose old path is gone.
        removed: Gone from a root that can be reached, or excluded from now on.
        missing: Below a root that can't be reached, or too many at once to be believed gone.
        unchanged: Same size and mtime as before, and so is what is said beside it.
        failed: Couldn't be read, now or before.
        duration_s: Seconds, all in all.
        stages: Seconds by stage; stages overlap, so they add up to more.
        outcome: `interrupted` when it was stopped on the way: what was done stays.
        held_back: How many files are gone at once, by root, where that is too many to be believed.
        unreachable: Roots that can't be reached, and whose files are kept.
        problems: Folders and files that couldn't be looked at, with the reason.
        companions: Files that are the RAW or the video of a still beside them, and weren't candidates.
        videos: New files that weren't candidates because what reads videos isn't installed.
        illegible: Pictures whose text is to be read, and isn't because no reader is installed.
    """

    seen: int
    added: int
    updated: int
    moved: int
    removed: int
    missing: int
    unchanged: int
    failed: int
    duration_s: float
    stages: dict[str, float]
    outcome: Literal["done", "interrupted"] = "done"
    held_back: dict[str, int] = field(default_factory=dict)
    unreachable: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    companions: int = 0
    videos: int = 0
    illegible: int = 0

    @property
    def changed(self) -> bool:
        """Whether it found anything that wasn't as before."""
        return bool(self.added or self.updated or self.moved or self.removed or self.missing)

    def to_dict(self) -> dict[str, Any]:
        """As `index --json` prints it."""
        return {
            **{name: getattr(self, name) for name in COUNTS},
            "duration_s": round(self.duration_s, 3),
            "stages": self.stages,
        }


def summarize(
    found: Survey,
    settled: Settlement,
    committer: Committer | None,
    *,
    unread: tuple[Problem, ...] = (),
    illegible: int = 0,
    duration_s: float,
    stages: dict[str, float],
    outcome: Literal["done", "interrupted"],
) -> Summary:
    """Count what a run did.

    Args:
        found: What the scan found.
        settled: What became of the files that weren't there.
        committer: What was read; None where there was nothing to read.
        unread: Files that are as they were, and beside which something couldn't be read.
        illegible: Pictures whose text can't be read here.
        duration_s: Seconds, all in all.
        stages: Seconds by stage.
        outcome: How it ended.
    """
    plans = found.plans.values()
    moved = len(settled.moved)
    added = committer.added - moved if committer else 0
    described = 0 if outcome == "interrupted" else len(found.to_describe) - len(unread)
    updated = (committer.updated if committer else 0) + described
    failed = (committer.failed if committer else 0) + sum(plan.still_failed for plan in plans)
    unchanged = sum(plan.unchanged + len(plan.described) for plan in plans) - described
    return Summary(
        seen=added + updated + moved + unchanged + failed,
        added=added,
        updated=updated,
        moved=moved,
        removed=len(settled.removed),
        missing=len(settled.missing),
        unchanged=unchanged,
        failed=failed,
        duration_s=duration_s,
        stages=stages,
        outcome=outcome,
        held_back={os.fsdecode(root): count for root, count in settled.held_back.items()},
        unreachable=tuple(map(os.fsdecode, settled.out_of_reach)),
        problems=found.problems + (tuple(committer.problems) if committer else ()) + unread,
        companions=found.companions,
        videos=found.videos,
        illegible=illegible,
    )
