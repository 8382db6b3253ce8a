"""What became of a file that the catalog knows and a walk didn't meet.

Not every one of them is gone. A picture that was indexed by its own name stays as long as its file does,
also where no walk looks (a hidden one, say); what `--exclude` names leaves, whether it is there or not; and
what lies behind a folder that can't be read is only out of reach.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from indexer.disk import sidecars
from indexer.disk.excludes import compile_globs
from indexer.disk.listing import entries
from indexer.disk.scan import Entry
from searchengine.images.candidates import kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.disk.listing import FolderEntry
    from indexer.disk.scan import Scan
    from searchengine.catalog.files import FileRow

_SEP = os.fsencode(os.sep)

Fate = Entry | Literal["gone", "excluded", "unreachable"]


class Unmet:
    """Says of each such file what became of it.

    Args:
        root: Absolute path of the root.
        scope: What of it was walked.
        found: The walk, at its end.
        exclude: The user's globs.
    """

    def __init__(self, root: bytes, scope: bytes, found: Scan, exclude: Sequence[str]) -> None:
        self._root = root
        self._scope = scope
        self._found = found
        self._excluded = compile_globs(exclude)
        self._companions = {companion.path for companion in found.companions}
        self._listings: dict[bytes, dict[bytes, FolderEntry]] = {}

    def __call__(self, row: FileRow) -> Fate:
        """The entry of one that is still there, as a walk would have given it; else why it isn't met."""
        if self._is_excluded(row.path):
            return "excluded"
        if row.path in self._companions:
            return "excluded"  # it is where it was; the still beside it is shown for both
        try:
            entry = self._still_there(row)
        except OSError:
            return "unreachable"
        if entry is not None:
            return entry
        return "unreachable" if self._found.could_not_see(row.path) else "gone"

    def _is_excluded(self, path: bytes) -> bool:
        """Whether a walk would have passed by the path, or by a folder on the way to it, for a glob."""
        if self._excluded is None:
            return False
        while len(path) > len(self._scope):
            if self._excluded(path):
                return True
            path = path.rpartition(_SEP)[0]
        return False

    def _still_there(self, row: FileRow) -> Entry | None:
        folder, _, name = row.path.rpartition(_SEP)
        found = self._list(folder).get(name)
        if found is None or not found.is_file():
            return None
        status = found.stat()
        beside = sidecars.stamp(found.path, sidecars.status_of)
        entry = Entry(row.path, status.st_size, status.st_mtime_ns, beside)
        as_before = (row.size, row.mtime_ns) == (entry.size, entry.mtime_ns)
        return entry if as_before or kind_of(found.path) else None

    def _list(self, folder: bytes) -> dict[bytes, FolderEntry]:
        """A folder's entries by name; none where there is no such folder.

        Names are compared with what the folders list, byte for byte: where case doesn't count, `stat`
        finds a file by its former name, too. A linked folder counts as none: what is in it goes by the
        path that the walk met it at.
        """
        listing = self._listings.get(folder)
        if listing is None:
            listing = {}
            if not folder or self._is_real_folder(folder):
                path = os.path.join(self._root, folder) if folder else self._root
                listing = {entry.name: entry for entry in entries(path)}
            self._listings[folder] = listing
        return listing

    def _is_real_folder(self, folder: bytes) -> bool:
        above, _, name = folder.rpartition(_SEP)
        entry = self._list(above).get(name)
        return entry is not None and entry.is_dir(follow_symlinks=False)
