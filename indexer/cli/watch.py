"""The command `watch`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from indexer.cli.options import exclude_option, quiet_option, runtime_option
from indexer.cli.report import counts_in_words, remarks
from searchengine.cli.display import printable

if TYPE_CHECKING:
    from indexer.summary import Summary
    from searchengine.cli.place import Place
    from searchengine.encoders.encoder import Encoder
    from searchengine.encoders.load import Runtime


@click.command()
@click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=click.Path(readable=False))
@click.option("--model", metavar="SPEC", help="Which model embeds, for a library that is new.")
@runtime_option
@exclude_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line for each time.")
@quiet_option
@click.pass_obj
def watch(
    place: Place,
    /,
    paths: tuple[str, ...],
    *,
    model: str | None,
    runtime: Runtime,
    exclude: tuple[str, ...],
    as_json: bool,
    quiet: bool,
) -> None:
    """Index folders, then follow what changes in them, until Ctrl-C.

    \b
      imgsearch watch ~/Pictures
      imgsearch watch ~/Pictures /mnt/archive --exclude '*.psd' --quiet

    Only folders in which something changed are looked at again, a moment after
    the last change; everything is, once an hour. The model stays loaded. Disks
    may come and go. Network shares don't tell of changes: they are looked
    through every ten seconds (WATCHFILES_POLL_DELAY_MS says otherwise;
    WATCHFILES_FORCE_POLLING=1 has any folder looked through).
    """  # noqa: D301 - \b is how click is told to leave lines alone
    from indexer.cli.terminal import shown_progress
    from indexer.update import Update
    from indexer.watching.watch import Watch

    def index(folders: list[bytes], encoder: Encoder | None) -> tuple[Summary, Encoder | None]:
        with shown_progress(quiet=quiet or as_json) as on_progress:
            update = Update(
                place.library,
                model=model,
                runtime=runtime,
                exclude=exclude,
                encoder=encoder,
                on_progress=on_progress,
            )
            return update.run(folders), update.encoder

    is_first = True

    def report(summary: Summary) -> None:
        nonlocal is_first
        if is_first or summary.changed:
            if as_json:
                click.echo(json.dumps(summary.to_dict()))
            elif not quiet:
                click.echo(counts_in_words(summary))
            for remark in remarks(summary):
                tell(remark)
        is_first = False

    def tell(text: str) -> None:
        click.echo(printable(text), err=True)

    Watch(place.library, index, exclude=exclude, on_summary=report, tell=tell).run(paths)
