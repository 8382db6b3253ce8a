"""`imgsearch classify`: pictures and labels in, probabilities out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from searchengine.cli import output
from searchengine.cli.display import printable, short
from searchengine.cli.options import format_option
from searchengine.cli.subjects import conclude, labels_options, present, subject_arguments
from searchengine.understanding.prompts import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from searchengine.cli.place import Place
    from searchengine.understanding.classify import Classification


# Labels of a picture that the table shows: all of a hundred would be a page each.
SHOWN = 3


@click.command()
@subject_arguments
@labels_options(explained="What they may show, with commas between.")
@click.option(
    "--template", "templates", metavar="TEXT", multiple=True,
    help='A prompt, with {} for the label, as in "a photo of a {}"; may be given several times, and the mean'
    " counts. Default: a few plain ones.",
)  # fmt: skip
@click.option("--top", metavar="N", type=click.IntRange(min=1), help="Only each picture's N best labels.")
@format_option("json", "csv", explained="csv: one row a picture, one column a label.")
@click.pass_obj
def classify(
    place: Place,
    *,
    images: tuple[str, ...],
    where: str | None,
    labels: list[str] | None,
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
    if labels is None:
        raise click.UsageError('Say what they may show, with --labels "a,b,c" or with --labels-from FILE.')
    with place.open() as library:
        found = library.classify(images, labels, where=where, templates=templates or TEMPLATES)
    results = found.results
    if format_ != "csv":
        best = top or (SHOWN if format_ == "table" else None)
        results = tuple(replace(each, labels=each.labels[:best]) for each in results)
    present(results, format_, csv=_csv, table=_print_table)
    conclude(len(found.results), found.failures)


def _csv(results: Sequence[Classification]) -> Iterator[bytes]:
    """A column for each label, in the order of their names."""
    if results:
        names = sorted(label.label for label in results[0].labels)
        yield output.csv_row(["path", "label", "probability", *names])
        for each in results:
            of = {label.label: round(label.probability, 6) for label in each.labels}
            best = each.labels[0].label
            yield output.csv_row([each.path, best, of[best], *(of[name] for name in names)])


def _print_table(results: Sequence[Classification]) -> None:
    from searchengine.cli.table import plain_table, show

    table = plain_table("file", "label", "probability", right=("probability",))
    for each in results:
        for place, label in enumerate(each.labels):
            first = place == 0
            table.add_row(
                short(each.path) if first else "",
                printable(label.label),
                f"{label.probability:.1%}",
                style="" if first else "dim",
            )
    show(table)
