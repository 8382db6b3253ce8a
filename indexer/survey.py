"""The disk compared with the catalog, before anything is read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.plan import Plan, plan_scope
from indexer.progress import OnProgress, Progress, Stopwatch
from indexer.roots import Requested, Target, absorbed, contains
from indexer.scan import scan
from searchengine.catalog import files
from searchengine.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session

    from indexer.scan import Problem
    from searchengine.catalog.files import FileRow

KnownFiles = dict[Target, dict[bytes, "FileRow"]]


@dataclass(frozen=True, slots=True)
class Survey:
    """What a run has to do.

    Attributes:
        plans: By target that can be reached.
        unreachable: Targets whose root can't be.
        problems: What couldn't be listed.
        known: The catalog's files by target, by path relative to the root.
    """

    plans: dict[Target, Plan]
    unreachable: tuple[Target, ...]
    problems: tuple[Problem, ...]
    known: KnownFiles

    @property
    def to_read(self) -> int:
        """Files that have to be read."""
        return sum(len(plan.new) + len(plan.changed) for plan in self.plans.values())


def requested(paths: Iterable[str | bytes | os.PathLike[str]], roots: Iterable[bytes]) -> list[Requested]:
    """The paths a user named: absolute, the symlinks of their folders resolved.

    Args:
        paths: As given.
        roots: The library's roots; what is below one may be gone from the disk.

    Raises:
        UsageError: A path that neither is there nor belongs to the library.
    """
    wishes = []
    for path in paths:
        absolute = os.path.abspath(os.fsencode(path))
        if os.path.isfile(absolute):
            folder = os.path.realpath(os.path.dirname(absolute))
            wishes.append(Requested(os.path.join(folder, os.path.basename(absolute)), is_file=True))
            continue
        wish = Requested(os.path.realpath(absolute))
        if not os.path.isdir(wish.path) and not any(contains(root, wish.path) for root in roots):
            raise UsageError(
                f"there is no file or folder {os.fsdecode(path)}, and none by that name is in the library; "
                "check the path"
            )
        wishes.append(wish)
    return wishes


def known_files(session: Session, targets: Iterable[Target], root_ids: Mapping[bytes, int]) -> KnownFiles:
    """What the catalog has below each target, also where a new root is about to absorb older ones."""
    known: KnownFiles = {}
    for target in targets:
        known[target] = {}
        if target.root in root_ids:
            known[target].update(files.files_below(session, root_ids[target.root], target.scope))
        for inner in absorbed(target.root, list(root_ids)):
            below = files.files_below(session, root_ids[inner])
            for path, row in below.items():
                known[target][os.path.relpath(os.path.join(inner, path), target.root)] = row
    return known


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
    seen = 0
    for target, rows in known.items():
        if not os.path.isdir(target.root):
            unreachable.append(target)
            continue
        entries = []
        with stopwatch.timed("scan"):
            found = scan(target.root, target.scope, exclude=exclude)
            for entry in found:
                entries.append(entry)
                seen += 1
                if seen % 1000 == 0:
                    on_progress(Progress("scanning", seen))
        problems += found.problems
        with stopwatch.timed("plan"):
            unreadable = [problem.path for problem in found.problems]
            plans[target] = plan_scope(entries, rows, unreadable=unreadable, rehash=rehash)
    return Survey(plans, tuple(unreachable), tuple(problems), known)
