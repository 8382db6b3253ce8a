"""What a scan means: which files are new, changed, as before, or gone. Values in, values out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from indexer.disk.scan import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from indexer.planning.unmet import Fate
    from searchengine.catalog.files import FileRow

# A disk that is unplugged leaves an empty folder behind: so many files don't vanish in a day's tidying.
HELD_BACK_SHARE = 0.2
HELD_BACK_COUNT = 20


@dataclass(slots=True)
class Plan:
    """What is to be done in one scope.

    Attributes:
        new: Files the catalog has never seen at this path.
        changed: Files whose size or mtime isn't what the catalog has, or all known ones with `rehash`.
        described: Files that are as they were, but what is said beside them isn't.
        unchanged: How many are as they were.
        still_failed: How many failed before and haven't changed since: not tried again.
        returned: Ids of unchanged files that had been marked missing.
        vanished: Files the catalog has that aren't there any more, by path relative to the root.
        unreachable: Files below folders that couldn't be read: not seen, but not gone either.
        excluded: Files the catalog has that the user wants left out from now on.
    """

    new: list[Entry] = field(default_factory=list)
    changed: list[Entry] = field(default_factory=list)
    described: list[Entry] = field(default_factory=list)
    unchanged: int = 0
    still_failed: int = 0
    returned: list[int] = field(default_factory=list)
    vanished: dict[bytes, FileRow] = field(default_factory=dict)
    unreachable: dict[bytes, FileRow] = field(default_factory=dict)
    excluded: dict[bytes, FileRow] = field(default_factory=dict)


def plan_scope(
    entries: Iterable[Entry],
    known: Mapping[bytes, FileRow],
    fate: Callable[[FileRow], Fate],
    *,
    rehash: bool = False,
) -> Plan:
    """Compare what the disk has with what the catalog has.

    Args:
        entries: What the scan met.
        known: The catalog's files in the same scope, by path relative to the root.
        fate: What became of a known file that the scan didn't meet; see `Unmet`.
        rehash: Read every file, whatever its size and mtime say.
    """
    plan = Plan()
    there: dict[bytes, Entry] = {}
    for entry in entries:
        if entry.path in known:
            there[entry.path] = entry
        else:
            plan.new.append(entry)
    absent = {"gone": plan.vanished, "excluded": plan.excluded, "unreachable": plan.unreachable}
    for path, file in known.items() if len(there) < len(known) else ():
        if path not in there:
            what = fate(file)
            if isinstance(what, Entry):
                there[path] = what
            else:
                absent[what][path] = file
    for path, entry in there.items():
        file = known[path]
        # Nothing at all to do, as with nearly all files of nearly all runs.
        if (
            file.mtime_ns == entry.mtime_ns
            and file.size == entry.size
            and file.state == "indexed"
            and file.sidecar == entry.sidecar
            and not rehash
        ):
            plan.unchanged += 1
        else:
            _compare(plan, entry, file, rehash=rehash)
    return plan


def _compare(plan: Plan, entry: Entry, file: FileRow, *, rehash: bool) -> None:
    """Put a file that is known and there where it belongs."""
    if rehash or (file.size, file.mtime_ns) != (entry.size, entry.mtime_ns):
        plan.changed.append(entry)
    elif file.state == "failed":
        plan.still_failed += 1
    else:
        if file.sidecar == entry.sidecar:
            plan.unchanged += 1
        else:
            plan.described.append(entry)
        if file.state == "missing":
            plan.returned.append(file.id)


def is_held_back(vanished: int, known: int) -> bool:
    """Whether so many of a root's files are gone at once that it looks like a missing disk.

    Args:
        vanished: Files gone, moves not counted.
        known: All the files the catalog had below the root, also where only a part of it was looked at.
    """
    return vanished >= HELD_BACK_COUNT and vanished > HELD_BACK_SHARE * known


def shared_sizes(sizes: Iterable[int], known: AbstractSet[int]) -> set[int]:
    """Which of the sizes may belong to bytes that are known already, or twice among the new files.

    Only files of one size can be copies of each other. These are hashed first, and decoded only when
    their bytes turn out to be new; any other file is read, hashed and decoded in one go.

    Args:
        sizes: Bytes of each file that has to be read.
        known: Sizes in bytes of the contents that already have an embedding.
    """
    counts = Counter(sizes)
    return {size for size, count in counts.items() if count > 1 or size in known}
