"""The disk compared with the catalog, before anything is read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.disk.links import LinkedElsewhere
from indexer.disk.listing import has_folder
from indexer.disk.scan import scan
from indexer.planning.plan import Plan, plan_scope
from indexer.planning.unmet import Unmet
from indexer.progress import OnProgress, Progress, Stopwatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.disk.roots import Target
    from indexer.disk.scan import Entry, Problem
    from indexer.planning.ground import KnownFiles

TOLD_EVERY = 1000
"""Files after which a scan says how many it has met."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a run has to do.

    Attributes:
        plans: By target that can be reached.
        unreachable: Targets whose root can't be.
        problems: What couldn't be listed; absolute paths.
        known: The catalog's files by target, by path relative to the root.
        companions: How many files are another form of a picture beside them.
        videos: How many new files are videos that can't be read here.
    """

    plans: dict[Target, Plan]
    unreachable: tuple[Target, ...]
    problems: tuple[Problem, ...]
    known: KnownFiles
    companions: int = 0
    videos: int = 0

    @property
    def to_read(self) -> int:
        """Files that have to be read."""
        return sum(len(plan.new) + len(plan.changed) for plan in self.plans.values())

    @property
    def to_describe(self) -> list[tuple[Target, Entry]]:
        """Files beside which something else is said than before."""
        return [(target, entry) for target, plan in self.plans.items() for entry in plan.described]


def survey(
    known: KnownFiles,
    *,
    exclude: Sequence[str],
    rehash: bool,
    on_progress: OnProgress,
    stopwatch: Stopwatch,
) -> Survey:
    """Walk the targets and compare them with what is known."""
    plans: dict[Target, Plan] = {}
    unreachable: list[Target] = []
    problems: list[Problem] = []
    seen = companions = videos = 0
    for target, rows in known.items():
        if not has_folder(target.root):
            unreachable.append(target)
            continue
        entries: list[Entry] = []
        with stopwatch.timed("scan"):
            found = scan(target.root, target.scope, exclude=exclude)
            elsewhere = LinkedElsewhere(target)
            for batch in found.folders():
                entries += [each for each in batch if not elsewhere(each.path)] if target.scope else batch
                if (seen + len(batch)) // TOLD_EVERY > seen // TOLD_EVERY:
                    on_progress(Progress("scanning", seen + len(batch)))
                seen += len(batch)
        problems += [
            problem._replace(path=os.path.join(target.root, problem.path)) for problem in found.problems
        ]
        companions += len(found.companions)
        videos += sum(path not in rows for path in found.videos)
        with stopwatch.timed("plan"):
            fate = Unmet(target.root, target.scope, found, exclude)
            plans[target] = plan_scope(entries, rows, fate, rehash=rehash)
    return Survey(plans, tuple(unreachable), tuple(problems), known, companions, videos)
