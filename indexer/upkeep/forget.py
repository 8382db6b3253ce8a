"""Take files out of a library, and every trace of them with them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.disk.roots import contains, relative
from indexer.lock import writing
from indexer.snapshot import keep_snapshot
from searchengine.catalog import files, images, removal, roots
from searchengine.catalog.catalog import Catalog
from searchengine.errors import UsageError
from searchengine.images.remote import folder_url, is_url
from searchengine.images.thumbnails import delete_thumbnails
from searchengine.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was taken out.

    Attributes:
        files: Paths.
        images: Distinct pictures of which no file is left in the library, with their embeddings and
            thumbnails.
    """

    files: int
    images: int


def forget(library: Path, paths: Iterable[str | os.PathLike[str]]) -> Forgotten:
    """Take these files, and all below these folders, out of the library; the files themselves stay.

    A folder that is forgotten whole is no longer a root.

    Raises:
        UsageError: A path of which the library knows nothing; then nothing is forgotten.
        LibraryBusyError: Somebody else is changing the library.
    """
    layout = Layout(library)
    with writing(library, "imgsearch forget"), Catalog.open(layout.catalog) as catalog:
        with catalog.write() as session:
            known = {root.path: root.id for root in roots.all_roots(session)}
            doomed: set[int] = set()
            contents: set[int] = set()
            touched: set[bytes] = set()
            for path in paths:
                scopes = _scopes(os.fsencode(path), known)
                rows = [
                    row
                    for root, scope in scopes
                    for row in files.files_below(session, known[root], scope).values()
                ]
                if not rows and all(scope for _, scope in scopes):
                    raise UsageError(
                        f"the library has nothing at {os.fsdecode(path)}; imgsearch roots lists its folders"
                    )
                touched.update(root for root, _ in scopes)
                doomed.update(row.id for row in rows)
                contents.update(row.content_id for row in rows if row.content_id is not None)
            before = images.images(session, contents)
            purged = removal.forget_files(session, doomed)
            left = images.images(session, contents)
            for root in touched:
                if not files.count_below(session, known[root]):
                    roots.remove_root(session, known[root])
        for content in before.keys() - left.keys():
            delete_thumbnails(library, before[content].hash)
        keep_snapshot(catalog, layout)
    return Forgotten(len(doomed), purged)


def _scopes(path: bytes, known: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
    """The roots that a path touches, each with the part of it that is meant."""
    if is_url(path):
        return _touched({folder_url(path)}, known)
    absolute = os.path.abspath(path)
    # The folder's symlinks are resolved, as when it was indexed; the file may be gone, or be a link itself.
    resolved = {
        os.path.realpath(absolute),
        os.path.join(os.path.realpath(os.path.dirname(absolute)), os.path.basename(absolute)),
    }
    return _touched(resolved, known)


def _touched(places: Iterable[bytes], known: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
    return [
        (root, relative(place, root) if contains(root, place) else b"")
        for place in sorted(places)
        for root in known
        if contains(root, place) or contains(place, root)
    ]
