"""`imgsearch describe`: pictures in, a sentence about each out; kept in the library if that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from searchengine.cli import output
from searchengine.cli.display import count, printable, short
from searchengine.cli.options import format_option
from searchengine.cli.subjects import conclude, present, subject_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from searchengine.cli.place import Place
    from searchengine.understanding.describe import Description


@click.command()
@subject_arguments
@click.option(
    "--save", is_flag=True,
    help="Keep what is said in the library, so that searches find its words. What people said stays.",
)  # fmt: skip
@format_option("json", "csv", explained="json also has the objects, and how sure each part is.")
@click.pass_obj
def describe(
    place: Place, /, *, images: tuple[str, ...], where: str | None, save: bool, format_: str
) -> None:
    """Say in a sentence what pictures show.

    \b
      imgsearch describe photo.jpg
      imgsearch describe photo.jpg --format json
      imgsearch describe --where after:2024 --save

    IMAGE is a file or a folder, indexed or not. A captioning model (open_clip's
    CoCa) writes the sentence. With any other it is composed of everyday things,
    their numbers and places: what the picture goes with best, which isn't always
    what it shows. How sure each part is stands beside it.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    with place.open() as library:
        found = library.describe(images, where=where)
    present(found.results, format_, csv=_csv, table=_print_table)
    if save:
        from indexer.captioning import save_captions

        kept = save_captions(place.library, found.results)
        output.note(f"Kept what was said of {count(kept, 'picture')}.")
        if strangers := sum(each.id is None for each in found.results):
            output.note(f"{count(strangers, 'picture')} isn't in the library: index first.")
    conclude(len(found.results), found.failures)


def _csv(results: Sequence[Description]) -> Iterator[bytes]:
    yield output.csv_row(["path", "text", "method"])
    for each in results:
        yield output.csv_row([each.path, each.text, each.method])


def _print_table(results: Sequence[Description]) -> None:
    from searchengine.cli.table import plain_table, show

    table = plain_table("file", "description", "how sure")
    for each in results:
        parts = ", ".join(f"{part.text} {part.probability:.0%}" for part in each.parts)
        table.add_row(short(each.path), printable(each.text), printable(parts or each.method))
    show(table)
