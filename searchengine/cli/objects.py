"""`imgsearch objects`: pictures in, what is where in them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from searchengine.cli import output
from searchengine.cli.display import printable, short
from searchengine.cli.options import format_option
from searchengine.cli.subjects import conclude, labels_options, present, subject_arguments
from searchengine.understanding.objects import LEAST_SCORE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from searchengine.cli.place import Place
    from searchengine.images.tiles import Box
    from searchengine.understanding.objects import Objects


@click.command()
@subject_arguments
@labels_options(explained="What to look for, instead of some 300 everyday things.")
@click.option(
    "--least", metavar="SCORE", type=click.FloatRange(0, 1), default=LEAST_SCORE, show_default=True,
    help="Leave out what is less sure.",
)  # fmt: skip
@format_option("json", "csv", explained="csv: one row an object.")
@click.pass_obj
def objects(
    place: Place,
    *,
    images: tuple[str, ...],
    where: str | None,
    labels: list[str] | None,
    least: float,
    format_: str,
) -> None:
    """Say what is where in pictures. Nothing has to be taught first.

    \b
      imgsearch objects photo.jpg
      imgsearch objects photo.jpg --labels "dog,ball,leash" --format json
      imgsearch objects --where path:2021/* --format csv > objects.csv

    IMAGE is a file or a folder, indexed or not. A box is left, top, right and
    bottom in shares of the picture's width and height. Each picture is looked at
    in some 150 windows, which takes as long as to index so many pictures; boxes
    are as exact as windows are, which is roughly.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    with place.open() as library:
        found = library.objects(images, labels, where=where, least=least)
    present(found.results, format_, csv=_csv, table=_print_table)
    conclude(len(found.results), found.failures)


def _csv(results: Sequence[Objects]) -> Iterator[bytes]:
    yield output.csv_row(["path", "label", "score", "left", "top", "right", "bottom"])
    for each in results:
        for one in each.objects:
            yield output.csv_row(
                [each.path, one.label, round(one.score, 4), *(round(edge, 4) for edge in one.box)]
            )


def _print_table(results: Sequence[Objects]) -> None:
    from searchengine.cli.table import plain_table, show

    table = plain_table("file", "object", "score", "where", right=("score",))
    for each in results:
        if not each.objects:
            table.add_row(short(each.path), "nothing sure", "", "", style="dim")
        for number, one in enumerate(each.objects):
            file = "" if number else short(each.path)
            table.add_row(file, printable(one.label), f"{one.score:.1%}", in_percent(one.box))
    show(table)


def in_percent(box: Box) -> str:
    """Where a box is: ``12-40 % across, 30-75 % down``."""
    left, top, right, bottom = (round(100 * edge) for edge in box)
    return f"{left}-{right} % across, {top}-{bottom} % down"
