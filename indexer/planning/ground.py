"""What a run is about, and what the catalog knows of it beforehand."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.disk.roots import Requested, Target, absorbed, contains, locate, relative
from searchengine.catalog import files, roots
from searchengine.errors import UsageError
from searchengine.images.remote import folder_url, is_url, status_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.orm import Session

    from searchengine.catalog.files import FileRow

Paths = Iterable[str | bytes | os.PathLike[str]]
"""Folders, files and URLs as a user names them."""

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


def without_library(paths: Paths) -> KnownFiles:
    """What a run would be about where there is no library yet, which knows nothing.

    Raises:
        UsageError: A path leads nowhere.
    """
    return {target: {} for target in locate(_requested(paths, lambda _: False), ())}


def known_files(session: Session, paths: Paths) -> KnownFiles:
    """What the catalog has of what a run would be about.

    Raises:
        UsageError: A path that neither is there nor belongs to the library.
    """
    root_ids = {root.path: root.id for root in roots.all_roots(session)}
    return _known_files(session, locate(_requested(paths, knows(session, root_ids)), root_ids), root_ids)


def prepare(session: Session, paths: Paths) -> Ground:
    """Add the roots that are new, and let them absorb those below them.

    Raises:
        UsageError: A path that neither is there nor belongs to the library.
    """
    root_ids = {root.path: root.id for root in roots.all_roots(session)}
    targets = locate(_requested(paths, knows(session, root_ids)), root_ids)
    for target in targets:
        roots.include_root(session, target.root)
    root_ids = {root.path: root.id for root in roots.all_roots(session)}
    totals = {target.root: files.count_below(session, root_ids[target.root]) for target in targets}
    return Ground(root_ids, totals, _known_files(session, targets, root_ids))


def _requested(paths: Paths, knows: Callable[[bytes], bool]) -> list[Requested]:
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


def _known_files(session: Session, targets: Iterable[Target], root_ids: Mapping[bytes, int]) -> KnownFiles:
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
