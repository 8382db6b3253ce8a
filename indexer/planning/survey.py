"""The disk compared with the catalog, before anything is read."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.disk.links import LinkedElsewhere
from indexer.disk.listing import has_folder
from indexer.disk.roots import Requested, Target, absorbed, contains, relative
from indexer.disk.scan import scan
from indexer.planning.plan import Plan, plan_scope
from indexer.planning.unmet import Unmet
from indexer.progress import OnProgress, Progress, Stopwatch
from searchengine.catalog import files
from searchengine.errors import UsageError
from searchengine.images.remote import folder_url, is_url, status_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session

    from indexer.disk.scan import Entry, Problem
    from searchengine.catalog.files import FileRow

TOLD_EVERY = 1000
"""Files after which a scan says how many it has met."""

KnownFiles = dict[Target, dict[bytes, "FileRow"]]


@dataclass(frozen=True, slots=True)
class Ground:
    """What the catalog knows before a run.

    Attributes:
        root_ids: Every root's key, by path.
        totals: How many files each root has that the run is about, also outside of what it looks at.
        files: Those that it looks for.
    """

    root_ids: dict[bytes, int]
    totals: dict[bytes, int]
    files: KnownFiles


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


def requested(
    paths: Iterable[str | bytes | os.PathLike[str]], knows: Callable[[bytes], bool]
) -> list[Requested]:
    """The paths a user named: absolute, the symlinks of their folders resolved.

    Args:
        paths: As given.
        knows: Whether the library has a root at an absolute path, or files at or below it.

    Raises:
        UsageError: A path that neither is there nor belongs to the library, or a folder that can't be read.
    """
    wishes = []
    for path in paths:
        if is_url(path):
            wishes.append(_behind_url(os.fsencode(path), knows))
            continue
        absolute = os.path.abspath(os.fsencode(path))
        own = os.path.join(os.path.realpath(os.path.dirname(absolute)), os.path.basename(absolute))
        real = os.path.realpath(absolute)
        if os.path.isfile(absolute):
            wishes.append(Requested(own, is_file=True))
        elif os.path.isdir(real):
            if not os.access(real, os.R_OK | os.X_OK) and not knows(real):
                raise UsageError(
                    f"you may not look into {os.fsdecode(path)}: check the permissions of the folder"
                )
            wishes.append(Requested(real))
        elif gone := [place for place in dict.fromkeys((own, real)) if knows(place)]:
            # A link that leads nowhere now: to a disk that isn't plugged in, or from a file that was indexed.
            wishes += [Requested(place) for place in gone]
        else:
            raise UsageError(
                f"there is no file or folder {os.fsdecode(path)}, and none by that name is in the library; "
                "check the path"
            )
    return wishes


def _behind_url(url: bytes, knows: Callable[[bytes], bool]) -> Requested:
    url = folder_url(url)
    try:
        return Requested(url, is_file=stat.S_ISREG(status_at(url).st_mode))
    except OSError as error:
        if knows(url):
            return Requested(url)
        reason = "there is nothing" if isinstance(error, FileNotFoundError) else error.strerror or error
        raise UsageError(
            f"{os.fsdecode(url)} can't be indexed: {reason}; check the URL, and what its store wants to know"
            " you by"
        ) from error


def knows(session: Session, root_ids: Mapping[bytes, int]) -> Callable[[bytes], bool]:
    """Says whether the library has a root at an absolute path, or files at or below it."""

    def known(path: bytes) -> bool:
        return path in root_ids or any(
            files.count_below(session, root_id, relative(path, root))
            for root, root_id in root_ids.items()
            if contains(root, path)
        )

    return known


def known_files(session: Session, targets: Iterable[Target], root_ids: Mapping[bytes, int]) -> KnownFiles:
    """What the catalog has below each target, also where a new root is about to absorb older ones."""
    known: KnownFiles = {}
    for target in targets:
        known[target] = {}
        if target.root in root_ids:
            known[target].update(files.files_below(session, root_ids[target.root], target.scope))
        for inner in absorbed(target.root, list(root_ids)):
            prefix = relative(inner, target.root)
            for path, row in files.files_below(session, root_ids[inner]).items():
                joined = os.path.join(prefix, path)
                if not target.scope or contains(target.scope, joined):
                    known[target][joined] = row
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
