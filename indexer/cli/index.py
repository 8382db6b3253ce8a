"""The command `index`."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from indexer.cli.options import exclude_option, quiet_option, runtime_option
from indexer.cli.report import counts_in_words, remarks, stages_in_words
from searchengine.cli.display import count, duration, printable
from searchengine.cli.outcome import SOME_FAILED
from searchengine.encoders.precision import PRECISIONS
from searchengine.errors import UsageError
from searchengine.interrupt import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.update import Update
    from searchengine.cli.place import Place


@click.command()
@click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=click.Path(readable=False))
@click.option(
    "--model", metavar="SPEC", help="Which model embeds; the library keeps it. See: imgsearch models."
)
@runtime_option
@click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default="auto",
    show_default=True,
    help="Arithmetic of a new library: the fastest that stays faithful, or this one.",
)
@exclude_option
@click.option("--accept-removals", is_flag=True, help="Believe that files are gone, however many at once.")
@click.option("--rehash", is_flag=True, help="Read every file, also those of the same size and time.")
@click.option(
    "--regions/--no-regions",
    default=None,
    help="Embed parts of pictures too, now and from now on, so that small things are found; or drop them.",
)
@click.option(
    "--ocr/--no-ocr",
    default=None,
    help="Read the text in pictures too, now and from now on; or drop it. Takes the extra ocr.",
)
@click.option(
    "--ray",
    metavar="ADDRESS",
    help="Decode and embed on a Ray cluster: local, auto, HOST:PORT or ray://HOST:PORT. Takes the extra ray.",
)
@click.option(
    "--shards",
    metavar="URL",
    help="With --ray: a folder or bucket that all its machines reach, for results on their way here.",
)
@click.option(
    "--dry-run", is_flag=True, help="Say what would be done, how long it would take, and do nothing."
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as one JSON object.")
@quiet_option
@click.pass_obj
def index(
    place: Place,
    /,
    paths: tuple[str, ...],
    *,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Bring the library up to date with folders and files of pictures.

    \b
      imgsearch index ~/Pictures
      imgsearch index /mnt/archive --exclude '*.psd' --exclude 'scans/**'
      imgsearch index ~/Pictures --model builtin --dry-run

    New and changed files are embedded; moved and copied ones are recognised by
    their bytes and cost nothing; those that are gone leave the results. Run it
    again at any time: what hasn't changed isn't read. Ctrl-C keeps what is done.

    Exit code 3: done, but some files couldn't be read (see imgsearch failures).
    """  # noqa: D301 - \b is how click is told to leave lines alone
    from indexer.ahead import open_ahead
    from searchengine.encoders import DEFAULT_MODEL

    ahead = None
    new = all(map(os.path.exists, paths)) and not place.library.exists()
    if new and not dry_run and not options["ray"]:  # then it is certain to be wanted
        ahead = open_ahead(options["model"] or DEFAULT_MODEL, options["runtime"], options["precision"])
    from indexer.cli.terminal import shown_progress
    from indexer.update import Update

    if options["shards"] and not options["ray"]:
        raise UsageError(
            "--shards says where a cluster leaves its results; name the cluster too: --ray ADDRESS"
        )
    with shown_progress(quiet=quiet or as_json) as on_progress:
        update = Update(place.library, ahead=ahead, on_progress=on_progress, **options)
        if dry_run:
            forecast = _forecast(update, paths)
        else:
            summary = update.run(paths)
    if dry_run:
        click.echo(json.dumps(forecast) if as_json else "\n".join(_forecast_in_words(forecast)))
        return
    if as_json:
        click.echo(json.dumps(summary.to_dict()))
    elif not quiet:
        click.echo(counts_in_words(summary))
        click.echo(stages_in_words(summary))
    for remark in remarks(summary):
        click.echo(printable(remark), err=True)
    if summary.outcome == "interrupted":
        click.get_current_context().exit(INTERRUPTED)
    if summary.failed:
        click.get_current_context().exit(SOME_FAILED)


def _forecast(update: Update, paths: tuple[str, ...]) -> dict[str, Any]:
    """What a run would do, as JSON values."""
    found = update.survey(paths)
    plans = found.plans.values()
    source = update.model()
    values: dict[str, Any] = {
        "new": sum(len(plan.new) for plan in plans),
        "changed": sum(len(plan.changed) for plan in plans),
        "described": len(found.to_describe),
        "unchanged": sum(plan.unchanged for plan in plans),
        "failed": sum(plan.still_failed for plan in plans),
        "vanished": sum(len(plan.vanished) for plan in plans),
        "model": source.name,
        "download_bytes": source.download_bytes,
        "eta_s": None,
    }
    if found.to_read and source.exported:  # what still has to be downloaded or exported isn't timed
        from indexer.planning.estimate import estimate
        from searchengine.cores import available_cores
        from searchengine.encoders import load_encoder

        files = [
            os.path.join(target.root, entry.path)
            for target, plan in found.plans.items()
            for entry in (*plan.new, *plan.changed)
        ]
        measured = estimate(files, load_encoder(source.name), regions=update.embeds_regions())
        if measured is not None:
            values["eta_s"] = round(measured.seconds(found.to_read, available_cores()), 3)
    return values


def _forecast_in_words(values: dict[str, Any]) -> Iterator[str]:
    fresh = count(values["new"] + values["changed"], "file")
    yield (
        f"Would read {fresh}: {values['new']:,} new or moved, {values['changed']:,} changed. "
        f"{values['unchanged']:,} unchanged, {values['vanished']:,} gone."
    )
    if values["described"]:
        yield f"Would read the .xmp files beside {count(values['described'], 'picture')} that are as before."
    size = values["download_bytes"]
    if size != 0:
        amount = f": {size / 1e6:,.0f} MB" if size else ""
        yield f"The model {values['model']} has to be downloaded first{amount}."
    if values["eta_s"] is not None:
        yield f"About {duration(values['eta_s'])} with {values['model']}, measured on a few of them."
