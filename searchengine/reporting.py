"""What a library says of itself, read from its catalog and its folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from searchengine.catalog import details, report, roots, runs, spaces
from searchengine.lock import WRITER
from searchengine.status import Failure, IndexReport, Progress, RunProgress, RunStatus, SpaceReport, Status

if TYPE_CHECKING:
    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.runs import RunRow
    from searchengine.layout import Layout
    from searchengine.open_space import OpenSpace
    from searchengine.reach import Reach


def status(catalog: Catalog, layout: Layout, space: OpenSpace | None, reach: Reach) -> Status:
    """What is indexed, by which model, and how the last run went.

    Args:
        catalog: The library's.
        layout: Its folder.
        space: The space that answers now; None before the first run of the indexer.
        reach: Tells which roots can be reached.
    """
    with catalog.read() as session:
        counts = report.counts(session)
        last = runs.last_run(session)
        folders = [root.path for root in roots.all_roots(session)]
        known, embeddings = spaces.all_spaces(session), spaces.embedding_counts(session)
    index = space.index.status if space else None
    return Status(
        library=str(layout.folder),
        images=counts.images,
        files=counts.files,
        failed=counts.failed,
        missing=counts.missing,
        space=space.name if space else None,
        dim=space.dim if space else None,
        spaces=tuple(
            SpaceReport(
                each.spec.name,
                each.state,
                each.spec.dim,
                count := embeddings.get(each.id, 0),
                count * 2 * each.spec.dim + layout.size(f"vectors/space-{each.id}[-.]*"),
                each.regions,
            )
            for each in known
        ),
        index=IndexReport(
            index.kind, index.reason, index.count, index.snapshot_count, index.note, index.recall
        )
        if index
        else None,
        last_run=_run_status(last, catalog) if last else None,
        roots=tuple(map(os.fsdecode, folders)),
        offline_roots=tuple(os.fsdecode(folder) for folder in folders if not reach(folder)),
        bytes=layout.size("**/*") + catalog.database.size_elsewhere,
        catalog=catalog.name,
    )


def progress(catalog: Catalog) -> Progress:
    """How many pictures there are and how far a run is."""
    with catalog.read() as session:
        counts = report.counts(session)
        change = details.last_change(session)
        last = runs.last_run(session)
    return Progress(counts.images, counts.failed, change, _run_status(last, catalog) if last else None)


def failures(catalog: Catalog, k: int | None, after: Failure | None) -> tuple[Failure, ...]:
    """At most k files that couldn't be indexed, after one of them, in order of path within their folders."""
    place = None if after is None else (os.fsencode(after.root), os.fsencode(after.path))
    with catalog.read() as session:
        rows = report.failures(session, limit=k, after=place)
    return tuple(Failure(os.fsdecode(row.path), row.error, os.fsdecode(row.root)) for row in rows)


def _run_status(run: RunRow, catalog: Catalog) -> RunStatus:
    if run.outcome != "running":
        return RunStatus(run.started_at, run.finished_at, run.outcome, run.counts)
    if not catalog.is_locked(WRITER):
        return RunStatus(run.started_at, None, "interrupted", {})  # it was killed
    progress = RunProgress(**run.counts) if run.counts else None
    return RunStatus(run.started_at, None, "running", {}, progress)
