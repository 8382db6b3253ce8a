"""The command `import`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from indexer.cli.options import quiet_option
from searchengine.cli.display import count, printable
from searchengine.interrupt import INTERRUPTED

if TYPE_CHECKING:
    from indexer.import_files import Imported
    from searchengine.cli.place import Place


@click.command("import")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
@quiet_option
@click.pass_obj
def import_files(place: Place, /, files: tuple[Path, ...], *, as_json: bool, quiet: bool) -> None:
    """Take in embeddings and metadata that export wrote, from any library of the same model.

    \b
      imgsearch import photos.parquet
      imgsearch --library ~/new import part-*.parquet

    Creates the library where there is none. What it knows already stays as it
    is, so the same file may come again: after Ctrl-C or a power cut, that is how
    to go on. Then index the folders as usual: what hasn't changed isn't read.
    If they lie elsewhere on this machine, say so first: imgsearch roots move.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    from indexer.cli.terminal import shown_progress
    from indexer.import_files import Import

    with shown_progress(quiet=quiet or as_json) as on_progress:
        done = Import(place.library, on_progress=on_progress).run(files)
    if as_json:
        click.echo(json.dumps(done.to_dict()))
    elif not quiet:
        click.echo(printable(in_words(done)))
    if done.uncalibrated:
        click.echo(
            printable(f"What is relevant isn't measured yet, the next index does: {done.uncalibrated}"),
            err=True,
        )
    if done.outcome == "interrupted":
        click.echo("Stopped. What was done is kept; run the same command again to go on.", err=True)
        click.get_current_context().exit(INTERRUPTED)


def in_words(done: Imported) -> str:
    """What an import did, in a sentence."""
    known = done.pictures - done.added
    return (
        f"{count(done.pictures, 'picture')} of {done.model}: {done.added:,} new, {known:,} known already; "
        f"{count(done.embeddings, 'new embedding')}, {count(done.files, 'new file')}"
    )
