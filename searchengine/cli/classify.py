"""`imgsearch classify`: pictures and labels in, probabilities out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TextIO

import click

from searchengine.as_json import to_json
from searchengine.cli import output
from searchengine.cli.display import printable, short
from searchengine.cli.subjects import conclude, lines, subject_arguments
from searchengine.understanding.prompts import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from searchengine.cli.place import Place
    from searchengine.understanding.classify import Classification


# Labels of a picture that the table shows: all of a hundred would be a page each.
SHOWN = 3


@click.command()
@subject_arguments
@click.option("--labels", metavar="A,B,C", help="What they may show, with commas between.")
@click.option(
    "--labels-from", metavar="FILE", type=click.File(encoding="utf-8"),
    help="The same from a text file, one label a line.",
)  # fmt: skip
@click.option(
    "--template", "templates", metavar="TEXT", multiple=True,
    help='A prompt, with {} for the label, as in "a photo of a {}"; may be given several times, and the mean'
    " counts. Default: a few plain ones.",
)  # fmt: skip
@click.option("--top", metavar="N", type=click.IntRange(min=1), help="Only each picture's N best labels.")
@click.option(
    "--format", "format_", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True,
    help="csv: one row a picture, one column a label.",
)  # fmt: skip
@click.pass_obj
def classify(
    place: Place,
    *,
    images: tuple[str, ...],
    where: str | None,
    labels: str | None,
    labels_from: TextIO | None,
    templates: tuple[str, ...],
    top: int | None,
    format_: str,
) -> None:
    """Say which of your labels pictures go with, and how surely. Nothing has to be taught first.

    \b
      imgsearch classify photo.jpg --labels "cat,dog,neither cat nor dog"
      imgsearch classify ~/Pictures/scans --labels "letter,photo,drawing" --format csv
      imgsearch classify --where path:2021/* --labels "indoors,outdoors"

    IMAGE is a file or a folder, indexed or not. --where takes the library's
    pictures that a query finds; nothing is decoded for those.

    With CLIP models the probabilities of a picture sum to 1, so name all that it
    may show; with SigLIP models each label is asked for by itself.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    if (labels is None) == (labels_from is None):
        raise click.UsageError('Say what they may show, with --labels "a,b,c" or with --labels-from FILE.')
    asked = (labels or "").split(",") if labels_from is None else lines(labels_from)
    with place.open() as library:
        found = library.classify(images, asked, where=where, templates=templates or TEMPLATES)
    if format_ == "json":
        output.write([to_json([_cut(each, top) for each in found.results], indent=2) + b"\n"])
    elif format_ == "csv":
        output.write(_csv(found.results))
    elif found.results:
        _print_table(found.results, top or SHOWN)
    conclude(len(found.results), found.failures)


def _cut(each: Classification, top: int | None) -> dict[str, Any]:
    return replace(each, labels=each.labels[:top]).to_dict()


def _csv(results: Sequence[Classification]) -> Iterator[bytes]:
    """A column for each label, in the order of their names."""
    if results:
        names = sorted(label.label for label in results[0].labels)
        yield output.csv_row(["path", "label", "probability", *names])
        for each in results:
            of = {label.label: round(label.probability, 6) for label in each.labels}
            best = each.labels[0].label
            yield output.csv_row([each.path, best, of[best], *(of[name] for name in names)])


def _print_table(results: Sequence[Classification], top: int) -> None:
    from searchengine.cli.table import plain_table, show

    table = plain_table("file", "label", "probability", right=("probability",))
    for each in results:
        for place, label in enumerate(each.labels[:top]):
            first = place == 0
            table.add_row(
                short(each.path) if first else "",
                printable(label.label),
                f"{label.probability:.1%}",
                style="" if first else "dim",
            )
    show(table)
