"""What became of the files that are no longer where they were. Values in, values out."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from indexer.planning.plan import is_held_back

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from indexer.planning.survey import Survey
    from searchengine.catalog.files import FileRow


@dataclass(frozen=True, slots=True)
class Settlement:
    """The catalog's file ids, by what has to be done with them.

    Attributes:
        moved: Their bytes turned up at a new path in the same run.
        removed: Gone, or excluded from now on.
        missing: Out of reach, or held back: still found, marked offline.
        returned: Had been missing and are there again.
        held_back: How many of `missing` are gone at once below a root, by root.
        out_of_reach: Roots that can't be reached, whose files are among `missing`.
    """

    moved: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)
    held_back: dict[bytes, int] = field(default_factory=dict)
    out_of_reach: list[bytes] = field(default_factory=list)


def settle(
    survey: Survey,
    arrivals: Mapping[int, int],
    totals: Mapping[bytes, int],
    *,
    accept_removals: bool,
    complete: bool,
) -> Settlement:
    """Say for each vanished file whether it moved, is gone, or is only out of reach.

    Args:
        survey: What the scan found.
        arrivals: How many new files each content got in this run.
        totals: How many files the catalog had below each root, also where only a part was looked at.
        accept_removals: Believe that files are gone, however many.
        complete: False when the run was stopped: what looks gone may have moved to where it didn't get.
    """
    settled = Settlement()
    unclaimed = Counter(arrivals)
    gone: dict[bytes, list[int]] = {}
    for plan in survey.plans.values():
        settled.returned.extend(plan.returned)
        # Whoever excludes them wants them out, also when they are many.
        settled.removed.extend(row.id for row in plan.excluded.values())
        settled.missing.extend(row.id for row in plan.unreachable.values())
    # In the order of their paths: of several copies that are gone it is always the same one that moved,
    # however the folders were named.
    for root, row in sorted(_vanished(survey), key=lambda each: os.path.join(each[0], each[1].path)):
        if row.content_id is not None and unclaimed[row.content_id] > 0:
            unclaimed[row.content_id] -= 1
            settled.moved.append(row.id)
        elif complete:
            gone.setdefault(root, []).append(row.id)
    for root, ids in gone.items():
        if is_held_back(len(ids), totals[root]) and not accept_removals:
            settled.held_back[root] = len(ids)
            settled.missing.extend(ids)
        else:
            settled.removed.extend(ids)
    for target in survey.unreachable:
        below = [row.id for row in survey.known[target].values()]
        if accept_removals:
            settled.removed.extend(below)
        else:
            settled.missing.extend(below)
            settled.out_of_reach.append(target.root)
    return settled


def _vanished(survey: Survey) -> Iterator[tuple[bytes, FileRow]]:
    """Each file that is gone, with its root."""
    for target, plan in survey.plans.items():
        for row in plan.vanished.values():
            yield target.root, row
