"""Pictures that are as they were, with something else said beside them: only their words change."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from indexer.disk.scan import Problem
from indexer.disk.sidecars import read_sidecars, unreadable_sidecar
from searchengine.catalog.bulk import chunks
from searchengine.catalog.record import FileAt, SidecarText, record_sidecars
from searchengine.catalog.visibility import settle

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from indexer.disk.roots import Target
    from indexer.disk.scan import Entry
    from searchengine.catalog.catalog import Catalog

BATCH_SIZE = 1000


def describe(
    catalog: Catalog, root_ids: Mapping[bytes, int], files: Iterable[tuple[Target, Entry]]
) -> list[Problem]:
    """Read the sidecars of these files and commit what they say.

    Returns:
        Files of which that couldn't be read. They keep what was said, and the next run tries again.
    """
    problems: list[Problem] = []
    for batch in chunks(files, BATCH_SIZE):
        places, texts = [], []
        for target, entry in batch:
            absolute = os.path.join(target.root, entry.path)
            try:
                text = entry.sidecar and SidecarText(entry.sidecar, read_sidecars(absolute))
            except OSError as error:
                problems.append(Problem(absolute, unreadable_sidecar(error)))
                continue
            places.append(FileAt(root_ids[target.root], entry.path, entry.size, entry.mtime_ns))
            texts.append(text or None)
        with catalog.write() as session:
            settle(session, record_sidecars(session, places, texts))
    return problems
