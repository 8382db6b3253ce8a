"""The progress line of a run, on a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from indexer.progress import silent
from searchengine.cli.display import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.progress import OnProgress, Progress


@contextmanager
def shown_progress(*, quiet: bool) -> Iterator[OnProgress]:
    """A callback that draws a run's progress on standard error, where that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
        console=Console(file=sys.stderr),
        transient=True,
    )
    task = bar.add_task("starting", total=None, pace="")

    def draw(progress: Progress) -> None:
        bar.update(
            task,
            description=progress.stage,
            completed=progress.done,
            total=progress.total,
            pace=in_words(progress),
        )

    with bar:
        yield draw


def in_words(progress: Progress) -> str:
    """Rate, time to go and failures, as far as they are known."""
    parts = []
    if progress.rate is not None:
        parts.append(f"{progress.rate:,.1f}/s")
    if progress.eta is not None:
        parts.append(f"{duration(progress.eta)} to go")
    if progress.failed:
        parts.append(f"{progress.failed:,} failed")
    return " · ".join(parts)
