"""What a run has to read, as the pipeline takes it."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from indexer.pipeline.job import Job
from indexer.planning.plan import shared_sizes
from searchengine.catalog import files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from indexer.planning.survey import Survey
    from searchengine.catalog.catalog import Catalog


def jobs(catalog: Catalog, found: Survey, root_ids: Mapping[bytes, int], *, rehash: bool) -> list[Job]:
    """One for each file that is new or changed, in the order the scan met them.

    Args:
        catalog: The library's.
        found: What has to be read.
        root_ids: Every root's key, by path.
        rehash: Read what pictures say in words anew: an older version may not have.
    """
    entries = [
        (target, is_new, entry)
        for target, plan in found.plans.items()
        for is_new, group in ((True, plan.new), (False, plan.changed))
        for entry in group
    ]
    sizes = Counter(entry.size for _, _, entry in entries)
    with catalog.read() as session:
        shared = shared_sizes(sizes.elements(), files.known_sizes(session, sizes.keys()))
    made = []
    for target, is_new, entry in entries:
        row = None if is_new else found.known[target][entry.path]
        made.append(
            Job(
                root_id=root_ids[target.root],
                absolute=os.path.join(target.root, entry.path),
                path=entry.path,
                size=entry.size,
                mtime_ns=entry.mtime_ns,
                is_new=is_new,
                hash_first=entry.size in shared,
                sidecar=entry.sidecar,
                describe=rehash,
                shows=row.id if row is not None and row.content_id is not None else None,
            )
        )
    return made
