"""`imgsearch status`: what is indexed, by which model, and how the last run went."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import click

from searchengine.as_json import to_json
from searchengine.cli import output
from searchengine.cli.display import count, duration, printable, short, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from searchengine.cli.place import Place
    from searchengine.status import RunProgress, RunStatus, Status

# What a run did, in the order it is told; what is zero isn't told.
_DEEDS = ("added", "updated", "moved", "removed", "missing", "unchanged", "failed")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
@click.pass_obj
def status(place: Place, *, as_json: bool) -> None:
    """Show what is indexed, by which model, and how the last run went.

    \b
      imgsearch status
      imgsearch status --json | jq .images
    """  # noqa: D301 - \b is how click is told to leave lines alone
    with place.open() as library:
        found = library.status()
    if as_json:
        output.write([to_json(found.to_dict(), indent=2) + b"\n"])
        return
    from rich.table import Table

    from searchengine.cli.table import show

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for head, text in lines(found):
        table.add_row(head, text)
    show(table)


def lines(status: Status) -> Iterator[tuple[str, str]]:
    """Heads and what there is to say under each."""
    yield "Library", f"{short(status.library)}, {size(status.bytes)}"
    if "://" in status.catalog:
        yield "Catalog", printable(status.catalog)
    for number, root in enumerate(status.roots):
        away = " (can't be reached now)" if root in status.offline_roots else ""
        yield "" if number else "Folders", short(root) + away
    yield "Pictures", f"{status.images:,} in {count(status.files, 'file')}"
    if status.missing:
        yield "", f"{count(status.missing, 'file')} out of reach at present: still found, marked offline"
    if status.failed:
        yield "", f"{count(status.failed, 'file')} couldn't be indexed; why: imgsearch failures"
    if status.space is None:
        yield "Model", "none yet; index some pictures: imgsearch index FOLDER"
    else:
        yield "Model", f"{printable(status.space)}, {status.dim} dimensions"
    yield from (("", text) for text in _about_spaces(status))
    if status.index is not None:
        yield "Search", status.index.reason
        if status.index.note:
            yield "", printable(status.index.note)
    if status.last_run is not None:
        yield "Last run", _run(status.last_run)


def _about_spaces(status: Status) -> Iterator[str]:
    """Whether the model that answers has seen regions; the others, and what to do with their embeddings."""
    for space in status.spaces:
        model = printable(space.model)
        if space.state == "active" and space.regions:
            yield f"with regions: {count(space.embeddings, 'embedding')}, {size(space.bytes)}"
        elif space.state == "building":
            yield (
                f"{model} is being built: {count(space.embeddings, 'embedding')} so far, "
                f"{size(space.bytes)}; to go on: imgsearch switch-model {model}"
            )
        elif space.state == "retired":
            yield (
                f"{model} is kept from before, {size(space.bytes)}; "
                "to drop it: imgsearch switch-model --drop-old"
            )


def _run(run: RunStatus) -> str:
    started = run.started_at if run.started_at.tzinfo else run.started_at.replace(tzinfo=UTC)
    seconds = run.counts.get("duration_s")
    took = f" in {duration(seconds)}" if seconds is not None else ""
    if run.progress is not None:
        took = f": {_progress(run.progress)}"
    if why := run.counts.get("error"):
        took += f": {printable(' '.join(why.split()))}"
    deeds = [f"{run.counts[deed]:,} {deed}" for deed in _DEEDS if run.counts.get(deed)]
    told = f": {', '.join(deeds)}" if deeds else ""
    return f"{started.astimezone():%Y-%m-%d %H:%M}, {run.outcome}{took}{told}"


def _progress(progress: RunProgress) -> str:
    if progress.total is None:
        return f"{printable(progress.stage)}, {count(progress.done, 'file')}"
    left = f", {duration(progress.eta_s)} to go" if progress.eta_s is not None else ""
    return f"{printable(progress.stage)}, {progress.done:,} of {count(progress.total, 'file')}{left}"
