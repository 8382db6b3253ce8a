"""The command `switch-model`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from indexer.cli.options import quiet_option, runtime_option
from searchengine.cli.display import count, duration, printable
from searchengine.cli.outcome import SOME_FAILED
from searchengine.interrupt import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.switching.switch import Switched
    from searchengine.cli.place import Place
    from searchengine.encoders.load import Runtime


@click.command("switch-model")
@click.argument("spec", metavar="SPEC", required=False)
@runtime_option
@click.option(
    "--leave-out", is_flag=True, help="Switch although many pictures can't be read now; they come back later."
)
@click.option("--drop-old", is_flag=True, help="Delete the embeddings of every model but the one in use.")
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
@quiet_option
@click.pass_obj
def switch_model(
    place: Place,
    /,
    spec: str | None,
    *,
    runtime: Runtime,
    leave_out: bool,
    drop_old: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Embed all pictures with another model, then let that one answer.

    \b
      imgsearch switch-model ViT-B-16-SigLIP2/webli
      imgsearch switch-model builtin --drop-old
      imgsearch switch-model --drop-old

    Until every picture is embedded the old model answers, and the library can
    be searched and indexed. Stop it at any time: the same command goes on where
    it was. The old embeddings are kept, so that switching back is quick, until
    they are dropped with --drop-old. SPEC is as for index; see imgsearch models.

    Exit code 3: done, but some pictures couldn't be read (see imgsearch failures).
    """  # noqa: D301 - \b is how click is told to leave lines alone
    from indexer.cli.terminal import shown_progress
    from indexer.switching import switch

    if spec is None and not drop_old:
        raise click.UsageError("name the model to switch to, or say --drop-old; see: imgsearch models")
    switched = None
    if spec is not None:
        with shown_progress(quiet=quiet or as_json) as on_progress:
            run = switch.Switch(
                place.library, spec, runtime=runtime, leave_out=leave_out, on_progress=on_progress
            )
            switched = run.run()
    interrupted = switched is not None and switched.outcome == "interrupted"
    dropped = []
    if drop_old and not interrupted:
        dropped = [space.spec.name for space in switch.drop_old(place.library)]
    if as_json:
        click.echo(json.dumps({**(asdict(switched) if switched else {}), "dropped": dropped}))
    elif not quiet:
        for line in lines(switched, dropped if drop_old and not interrupted else None):
            click.echo(printable(line))
    if interrupted:
        click.get_current_context().exit(INTERRUPTED)
    if switched is not None and switched.left_out:
        click.echo(
            f"{count(switched.left_out, 'picture')} couldn't be read and can't be found for now. Index their "
            "folders again when they can be reached; which they are: imgsearch failures",
            err=True,
        )
        click.get_current_context().exit(SOME_FAILED)


def lines(switched: Switched | None, dropped: list[str] | None) -> Iterator[str]:
    """What was done, for people.

    Args:
        switched: What the switch did; None where none was asked for.
        dropped: Models whose embeddings were dropped; None where that wasn't asked for.
    """
    if switched is not None:
        yield in_words(switched)
    if dropped:
        yield (
            f"Dropped the embeddings of {', '.join(dropped)}. "
            "To give their space back to the disk: imgsearch optimize"
        )
    elif dropped is not None:
        yield "There are no other embeddings to drop."
    elif switched is not None and switched.before != switched.model and switched.outcome == "done":
        yield f"The embeddings of {switched.before} are kept; to drop them: imgsearch switch-model --drop-old"


def in_words(switched: Switched) -> str:
    """What a switch did, in a sentence or two."""
    embedded = f"{count(switched.embedded, 'picture')} embedded in {duration(switched.duration_s)}"
    if switched.outcome == "interrupted":
        return (
            f"Stopped: {embedded}. What was done is kept; run the same command again to go on. "
            f"Until then {switched.before} answers."
        )
    if switched.before == switched.model:
        return f"{switched.model} is the library's model already: there is nothing to do."
    return f"{switched.model} answers now instead of {switched.before}: {embedded}."
