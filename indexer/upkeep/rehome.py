"""Say that a folder lies elsewhere now: nothing is read, nothing is embedded again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.disk.listing import has_folder, status_of
from indexer.disk.roots import contains
from indexer.lock import writing
from indexer.planning.plan import HELD_BACK_SHARE
from searchengine.catalog import files, removal, roots
from searchengine.catalog.catalog import Catalog
from searchengine.errors import UsageError
from searchengine.images.remote import folder_url, is_url
from searchengine.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from searchengine.catalog.files import FileRow

# Enough to tell a folder from another one; on a disk that has to seek it takes about a second.
SAMPLE = 100


@dataclass(frozen=True, slots=True)
class Rehomed:
    """What was done.

    Attributes:
        old: The root's path before.
        new: And now; symlinks resolved.
        files: How many files went along.
    """

    old: bytes
    new: bytes
    files: int


def rehome(
    library: Path, old: str | os.PathLike[str], new: str | os.PathLike[str], *, force: bool = False
) -> Rehomed:
    """Move one of the library's folders, which somebody has moved on disk or mounted elsewhere.

    Args:
        library: The library's folder.
        old: The root as the library has it; it need not be there any more.
        new: Where it lies now.
        force: Move it also where the files at the new place aren't those that were indexed.

    Raises:
        UsageError: There is no such root, the new place overlaps another one, or it holds other files.
        LibraryError: The library can't be written.
    """
    layout = Layout(library)
    with writing(library, "imgsearch roots move"), Catalog.open(layout.catalog) as catalog:
        with catalog.read() as session:
            root_ids = {root.path: root.id for root in roots.all_roots(session)}
            source = find_root(os.fsencode(old), root_ids)
            target = _place(os.fsencode(new))
            refuse_overlap(target, root_ids.keys() - {source})
            rows = list(files.files_below(session, root_ids[source]).values())
        if not force:
            refuse_strangers(sample(rows), target)
        with catalog.write() as session:
            roots.move_root(session, root_ids[source], target)
            if not force:
                roots.mark_seen(session, [root_ids[source]])
                removal.mark_present(session, [row.id for row in rows if row.state == "missing"])
    return Rehomed(source, target, len(rows))


def _place(path: bytes) -> bytes:
    """A folder as the library names it: absolute, links resolved; or a URL without a slash at its end."""
    return folder_url(path) if is_url(path) else os.path.realpath(path)


def find_root(path: bytes, known: Collection[bytes]) -> bytes:
    """The root that is meant by a path.

    Raises:
        UsageError: There is none.
    """
    absolute = folder_url(path) if is_url(path) else os.path.abspath(path)
    for place in (absolute, _place(path)):
        if place in known:
            return place
    outer = next((root for root in known if contains(root, absolute)), None)
    if outer is not None:
        raise UsageError(
            f"{os.fsdecode(absolute)} is a part of {os.fsdecode(outer)}, and only whole folders can be "
            "re-homed; index both places instead: files that moved are recognised and cost no inference"
        )
    raise UsageError(
        f"{os.fsdecode(absolute)} isn't one of the library's folders; imgsearch roots lists them"
    )


def refuse_overlap(target: bytes, others: Collection[bytes]) -> None:
    """Roots don't lie within each other.

    Raises:
        UsageError: The target lies in one of the others, or around it.
    """
    for other in others:
        if contains(other, target) or contains(target, other):
            raise UsageError(
                f"{os.fsdecode(target)} overlaps {os.fsdecode(other)}, which the library has already; index "
                "that instead (known files cost no inference), and then forget the old place"
            )


def sample(rows: Sequence[FileRow]) -> list[FileRow]:
    """At most `SAMPLE` of the files that could be read, evenly spread."""
    known = [row for row in rows if row.content_id is not None and row.mtime_ns >= 0]
    step = -(-len(known) // SAMPLE) or 1
    return known[::step]


def refuse_strangers(rows: Sequence[FileRow], folder: bytes) -> None:
    """See whether the files are in the folder; as many may be gone as an indexing run would believe.

    Raises:
        UsageError: It isn't a folder, or other files are in it.
    """
    name = os.fsdecode(folder)
    if not has_folder(folder):
        raise UsageError(f"there is no folder {name}; check the path, or move it anyway with --force")
    strange = {row.path: why for row in rows if (why := _difference(row, os.path.join(folder, row.path)))}
    if len(strange) > HELD_BACK_SHARE * len(rows):
        path, why = next(iter(strange.items()))
        raise UsageError(
            f"{name} doesn't hold the same files: of {len(rows):,} that were looked for {len(strange):,} "
            f"aren't as they were indexed (the first: {os.fsdecode(path)} {why}). Check the path; or move it "
            "anyway with --force, and index it then: a file whose time alone differs is not embedded again"
        )


def _difference(row: FileRow, path: bytes) -> str | None:
    try:
        status = status_of(path)
    except OSError:
        return "isn't there"
    if status.st_size != row.size:
        return "has another size"
    return None if status.st_mtime_ns == row.mtime_ns else "has another time"
