"""`imgsearch models`: what there is to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from searchengine.as_json import to_json
from searchengine.cli import output
from searchengine.cli.display import size

if TYPE_CHECKING:
    from rich.table import Table

    from searchengine.encoders.registry import KnownModel


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
def models(*, as_json: bool) -> None:
    """List the models worth choosing between.

    \b
      imgsearch models
      imgsearch index ~/Pictures --model ViT-B-32/laion2b_s34b_b79k

    R@1 is how often, in per cent, the right one of 5,000 photos (COCO) comes
    first for its caption, as the model's authors published it. Any other model
    of open_clip can be used too: by NAME/PRETRAINED, hf-hub:ORG/NAME, a folder
    in open_clip's layout, or NAME=CHECKPOINT.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    from searchengine.encoders.registry import MODELS, downloaded

    rows = [(model, downloaded(model)) for model in MODELS]
    if as_json:
        output.write([to_json([_values(*row) for row in rows], indent=2) + b"\n"])
        return
    from searchengine.cli.table import NARROW, WIDE, console, show

    target = console()
    show(models_table(rows, notes=target.width >= WIDE, licences=target.width >= NARROW), on=target)
    output.note("* is what a new library gets. Choose another when you make one: index --model NAME")


def models_table(rows: list[tuple[KnownModel, bool]], *, notes: bool, licences: bool) -> Table:
    """The models, one a row.

    Args:
        rows: Each model, and whether its weights are on this machine.
        notes: Whether there is room for remarks.
        licences: Whether there is room for the licences.
    """
    from searchengine.cli.table import plain_table

    heads = [
        "model",
        "dim",
        "download",
        "R@1",
        *(["licence"] if licences else []),
        *(["note"] if notes else []),
    ]
    table = plain_table(*heads, right=("dim", "download", "R@1"))
    for model, here in rows:
        recall = model.recall[0]
        table.add_row(
            model.name + (" *" if model.default else ""),
            str(model.dim),
            "here" if here else size(model.download_bytes) if model.download_bytes else "?",
            "-" if recall is None else f"{recall:.1f}",
            *([model.licence] if licences else []),
            *([model.note] if notes else []),
            style="bold" if model.default else "",
        )
    return table


def _values(model: KnownModel, here: bool) -> dict[str, Any]:  # noqa: FBT001 - a row's second half
    return {
        "name": model.name,
        "default": model.default,
        "downloaded": here,
        "dim": model.dim,
        "image_parameters": round(model.image_parameters * 1e6),
        "input_size": model.input_size,
        "download_bytes": model.download_bytes,
        "recall": dict(zip(("1", "5", "10"), model.recall, strict=True)),
        "licence": model.licence,
        "note": model.note,
    }
