"""`imgsearch tag`: pictures in, everyday words out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

import click

from searchengine.cli import output
from searchengine.cli.display import printable, short
from searchengine.cli.options import format_option
from searchengine.cli.subjects import conclude, lines, present, subject_arguments
from searchengine.query.relevance import STRICTNESS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from searchengine.cli.place import Place
    from searchengine.understanding.tags import Tags


@click.command()
@subject_arguments
@click.option(
    "--vocabulary", metavar="FILE", type=click.File(encoding="utf-8"),
    help="The words to choose from, one a line, instead of some 500 everyday ones.",
)  # fmt: skip
@click.option(
    "--strictness", metavar="SHARE", type=click.FloatRange(0, 1), default=STRICTNESS, show_default=True,
    help="As for search: fewer and surer tags towards 1, more towards 0.",
)  # fmt: skip
@format_option("json", "csv", explained="csv: one row a picture, its tags joined by |.")
@click.pass_obj
def tag(
    place: Place,
    *,
    images: tuple[str, ...],
    where: str | None,
    vocabulary: TextIO | None,
    strictness: float,
    format_: str,
) -> None:
    """Say which words hold of pictures. A picture that none suits has none.

    \b
      imgsearch tag photo.jpg
      imgsearch tag --where path:2021/* --format csv > tags.csv
      imgsearch tag ~/Pictures/garden --vocabulary plants.txt

    IMAGE is a file or a folder, indexed or not. A word holds of a picture where a
    search for the word would call it relevant, measured on your own library.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    words = lines(vocabulary) if vocabulary is not None else None
    with place.open() as library:
        found = library.tag(images, where=where, vocabulary=words, strictness=strictness)
    present(found.results, format_, csv=_csv, table=_print_table)
    conclude(len(found.results), found.failures)


def _csv(results: Sequence[Tags]) -> Iterator[bytes]:
    yield output.csv_row(["path", "tags"])
    for each in results:
        yield output.csv_row([each.path, output.JOINT.join(one.tag for one in each.tags)])


def _print_table(results: Sequence[Tags]) -> None:
    from searchengine.cli.table import plain_table, show

    table = plain_table("file", "tags")
    for each in results:
        table.add_row(short(each.path), printable(", ".join(one.tag for one in each.tags)))
    show(table)
