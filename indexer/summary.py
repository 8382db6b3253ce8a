"""What a run did, in numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from indexer.scan import Problem

COUNTS = ("seen", "added", "updated", "moved", "removed", "missing", "unchanged", "failed")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did; all counts are of files.

    Attributes:
        seen: Candidates met: added + updated + moved + unchanged + failed.
        added: At a path that is new.
        updated: At a known path, read again.
        moved: Known bytes at a new path, whose old path is gone.
        removed: Gone from a root that can be reached.
        missing: Below a root that can't be reached, or too many at once to be believed gone.
        unchanged: Same size and mtime as before.
        failed: Couldn't be read, now or before.
        duration_s: Seconds, all in all.
        stages: Seconds by stage; stages overlap, so they add up to more.
        outcome: `interrupted` when it was stopped on the way: what was done stays.
        held_back: How many files are gone at once, by root, where that is too many to be believed.
        unreachable: Roots that can't be reached.
        problems: Folders and files that couldn't be listed, with the reason.
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

    def to_dict(self) -> dict[str, Any]:
        """As `index --json` prints it."""
        return {
            **{name: getattr(self, name) for name in COUNTS},
            "duration_s": round(self.duration_s, 3),
            "stages": self.stages,
        }
