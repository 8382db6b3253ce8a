"""Walking a folder for pictures: names, sizes and times, as fast as the system lists them."""

from __future__ import annotations

import errno
import os
import stat
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from indexer.disk import sidecars
from indexer.disk.companions import find_companions
from indexer.disk.excludes import LIBRARY_MARKS, OURS, compile_globs, is_skipped_file, is_skipped_folder
from indexer.disk.listing import entries, has_folder, status_of
from searchengine.images.candidates import kind_of
from searchengine.images.formats import VIDEO_FORMATS
from searchengine.images.readers import missing_readers
from searchengine.images.remote import is_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from indexer.disk.listing import FolderEntry

_SEP = os.fsencode(os.sep)

# What `stat` and `open` say of something that isn't there, a link that leads nowhere or in a circle included.
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


class Entry(NamedTuple):
    """A candidate; a tuple, because a scan makes a million of them.

    Attributes:
        path: Relative to the root, as `os.fsencode` gives it.
        size: Bytes.
        mtime_ns: Modification time in nanoseconds.
        sidecar: Sizes and times of the ``.xmp`` files beside it, see `sidecars.stamp`.
    """

    path: bytes
    size: int
    mtime_ns: int
    sidecar: str | None = None


# Calling the class itself takes twice as long, which a hundred thousand files notice.
_entry: Callable[[tuple[bytes, int, int, None]], Entry] = partial(tuple.__new__, Entry)


class Companion(NamedTuple):
    """A file that isn't a candidate because it is another form of one beside it; see `companions`.

    Attributes:
        path: Relative to the root.
        still: The candidate, relative to the root.
    """

    path: bytes
    still: bytes


class Problem(NamedTuple):
    """Something that couldn't be looked at. What lies at or below it isn't known to be gone.

    Attributes:
        path: Relative to the root; empty for the root itself.
        reason: In words.
    """

    path: bytes
    reason: str


class Scan:
    """Candidates below a folder, in a fixed order: a folder's files by name, then its folders.

    Iterate once; `problems`, `companions` and `videos` fill meanwhile, and are complete when that is over.
    """

    def __init__(self, root: bytes, scope: bytes = b"", *, exclude: Sequence[str] = ()) -> None:
        """Nothing is read before the iteration.

        Args:
            root: Absolute, symlinks resolved.
            scope: The part of the root to look at, relative to it: a folder, or a file, which is a
                candidate whatever its name and content. Empty for all.
            exclude: Globs, see `compile_globs`; they and the default excludes hold below the scope.
        """
        self.problems: list[Problem] = []
        self.companions: list[Companion] = []
        self.videos: list[bytes] = []
        """Videos that would be candidates if they could be read here; relative to the root."""
        self._reads_videos = VIDEO_FORMATS.isdisjoint(missing_readers())
        self._root = root
        self._is_remote = is_url(root)
        self._scope = scope
        self._excluded = compile_globs(exclude)
        self._seen: set[tuple[int, int]] = set()

    def __iter__(self) -> Iterator[Entry]:
        for found in self.folders():
            yield from found

    def folders(self) -> Iterator[list[Entry]]:
        """The same, a folder at a time: to hand on each by itself takes as long as to look at it."""
        start = os.path.join(self._root, self._scope) if self._scope else self._root
        try:
            status = status_of(start)
        except OSError as error:
            # A scope that is gone is gone; a root that is gone may be a disk that isn't plugged in.
            if not (self._scope and error.errno in _GONE and has_folder(self._root)):
                self._problem(self._scope, error)
            return
        if stat.S_ISREG(status.st_mode):
            beside = sidecars.stamp(start, sidecars.status_of)
            yield [Entry(self._scope, status.st_size, status.st_mtime_ns, beside)]
        elif stat.S_ISDIR(status.st_mode):
            yield from self._walk(self._scope)
        else:
            self.problems.append(Problem(self._scope, "not a file or a folder"))

    def could_not_see(self, path: bytes) -> bool:
        """Whether a path that wasn't met lies at or below a problem, so that it may well still be there.

        Args:
            path: Relative to the root.
        """
        troubled = {problem.path for problem in self.problems}
        if not troubled:
            return False
        while path:
            if path in troubled:
                return True
            path = path.rpartition(_SEP)[0]
        return b"" in troubled

    def _walk(self, scope: bytes) -> Iterator[list[Entry]]:
        """Real folders depth first; links to folders last, so that a real path wins over a linked one."""
        folders, links = [scope], list[bytes]()
        while folders or links:
            folder = folders.pop() if folders else links.pop(0)
            prefix = folder + _SEP if folder else b""
            listed = self._list(folder)
            below: list[bytes] = []
            candidates: dict[bytes, Entry] = {}
            videos = len(self.videos)
            for entry in listed:
                try:
                    if entry.is_dir():
                        if not self._is_skipped_folder(entry.name, prefix):
                            (links if entry.is_symlink() else below).append(prefix + entry.name)
                    elif (found := self._look_at(entry, prefix)) is not None:
                        candidates[entry.name] = found
                except OSError as error:
                    if error.errno not in _GONE:
                        self._problem(prefix + entry.name, error)
            folders += reversed(below)
            companions = find_companions(candidates, [entry.name for entry in listed])
            self.companions += [Companion(prefix + name, prefix + companions[name]) for name in companions]
            self.videos[videos:] = [
                path for path in self.videos[videos:] if path[len(prefix) :] not in companions
            ]
            beside = self._sidecars(listed, prefix)
            for name in companions.keys() & candidates.keys():
                del candidates[name]
            for name in candidates if beside else ():
                candidates[name] = candidates[name]._replace(sidecar=sidecars.stamp(name, beside.get))
            yield list(candidates.values())

    def _sidecars(self, listed: list[FolderEntry], prefix: bytes) -> dict[bytes, os.stat_result]:
        """What may be the sidecars of a folder's pictures, by name."""
        found = {}
        for entry in listed:
            name = entry.name
            if name.endswith(sidecars.ENDINGS) and not (self._excluded and self._excluded(prefix + name)):
                status = sidecars.status_of(entry.path)
                if status is not None:
                    found[name] = status
        return found

    def _list(self, folder: bytes) -> list[FolderEntry]:
        """A folder's entries by name; none if it was seen before or can't be read."""
        path = os.path.join(self._root, folder) if folder else self._root
        try:
            if not self._is_remote:  # else there are no links, and every look is a request
                status = os.stat(path)
                if (status.st_dev, status.st_ino) in self._seen and status.st_ino:
                    return []
                self._seen.add((status.st_dev, status.st_ino))
            listed = sorted(entries(path), key=attrgetter("name"))
        except OSError as error:
            # It was there a moment ago. Should it be gone for good, the next run will say so.
            self._problem(folder, error)
            return []
        if any(entry.name in LIBRARY_MARKS for entry in listed):
            return [entry for entry in listed if entry.name not in OURS]
        return listed

    def _is_skipped_folder(self, name: bytes, prefix: bytes) -> bool:
        if is_skipped_folder(name):
            return True
        return self._excluded is not None and self._excluded(prefix + name)

    def _look_at(self, entry: FolderEntry, prefix: bytes) -> Entry | None:
        """The entry of a file that is a candidate; None for all else. One `stat` a file."""
        name = entry.name
        if is_skipped_file(name) or not entry.is_file():
            return None
        path = prefix + name
        if self._excluded is not None and self._excluded(path):
            return None
        status = entry.stat()
        kind = kind_of(entry.path, empty=not status.st_size)
        if kind is None:
            return None
        if kind == "video" and not self._reads_videos:
            self.videos.append(path)
            return None
        return _entry((path, status.st_size, status.st_mtime_ns, None))

    def _problem(self, path: bytes, error: OSError) -> None:
        self.problems.append(Problem(path, _in_words(error)))


def scan(root: bytes, scope: bytes = b"", *, exclude: Sequence[str] = ()) -> Scan:
    """Look for pictures and videos below a folder; see `Scan`.

    A candidate is a file with the extension of a picture or a video, or, with another or none, one whose
    first bytes are such a file's; a RAW file beside its JPEG isn't one, see `Scan.companions`, nor is a
    video where videos can't be read, see `Scan.videos`. Links are
    followed, each folder is visited once. Hidden names, bins, system folders and what photo programs
    and this one derive are passed by. Never raises for what it meets: `Scan.problems` says what
    couldn't be read.
    """
    return Scan(root, scope, exclude=exclude)


def _in_words(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "no permission to read it"
    if error.errno in _GONE:
        return "it isn't there"
    return (error.strerror or type(error).__name__).lower()
