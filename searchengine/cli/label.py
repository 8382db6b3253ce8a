"""The command `label`: concepts taught by example."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from searchengine.as_json import to_json
from searchengine.cli import output
from searchengine.cli.display import count, printable, short
from searchengine.cli.options import format_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from searchengine.catalog.labels import LabelRow
    from searchengine.cli.place import Place


@click.group()
def label() -> None:
    """Teach the library what you mean by a name, with a handful of pictures.

    \b
      imgsearch label add rex rex-in-the-garden.jpg rex-asleep.jpg
      imgsearch label add rex --not another-dog.jpg
      imgsearch label suggest rex
      imgsearch search label:rex on a beach

    PICTURE is a file that is indexed, or the id of a result. Five that show it and
    twenty that don't are plenty; those that look alike and aren't it teach most,
    and `suggest` finds them. What was taught outlives a change of the model.
    """  # noqa: D301 - \b is how click is told to leave lines alone


@label.command()
@click.argument("name")
@click.argument("pictures", metavar="PICTURE…", nargs=-1, required=True)
@click.option("--not", "shows_not", is_flag=True, help="These pictures don't show it.")
@click.pass_obj
def add(place: Place, /, name: str, pictures: tuple[str, ...], *, shows_not: bool) -> None:
    """Say that pictures show NAME, or --not; it is learned at once.

    \b
      imgsearch label add rex rex1.jpg rex2.jpg 17
      imgsearch label add rex --not wolf.jpg
    """  # noqa: D301 - \b is how click is told to leave lines alone
    with place.open() as library:
        _tell(library.teacher.add(name, _named(pictures), shows=not shows_not))


@label.command()
@click.argument("name")
@click.argument("pictures", metavar="[PICTURE…]", nargs=-1)
@click.pass_obj
def remove(place: Place, /, name: str, pictures: tuple[str, ...]) -> None:
    """Take back what was said of pictures, or of NAME altogether.

    \b
      imgsearch label remove rex blurred.jpg
      imgsearch label remove rex
    """  # noqa: D301 - \b is how click is told to leave lines alone
    with place.open() as library:
        left = library.teacher.remove(name, _named(pictures))
    if left is None:
        click.echo(f"Forgot {printable(name)}.")
    else:
        _tell(left)


@label.command()
@click.argument("name")
@click.argument("new")
@click.pass_obj
def rename(place: Place, /, name: str, new: str) -> None:
    """Let NAME be called NEW.

    \b
      imgsearch label rename rex "rex the dog"
    """  # noqa: D301 - \b is how click is told to leave lines alone
    with place.open() as library:
        _tell(library.teacher.rename(name, new))


@label.command()
@click.argument("name", required=False)
@click.pass_obj
def train(place: Place, /, name: str | None) -> None:
    """Learn NAME, or everything that was taught, anew.

    \b
      imgsearch label train

    `add`, `remove` and switch-model do that by themselves; it is of use after
    examples have left the library.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    with place.open() as library:
        learned = library.teacher.train(name)
    for row in learned:
        _tell(row)
    if not learned:
        output.note("Nothing has been taught yet; begin with: imgsearch label add NAME PICTURE…")


@label.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@click.pass_obj
def list_(place: Place, /, *, as_json: bool) -> None:
    """List what was taught, and by how many pictures.

    \b
      imgsearch label list

    As many are recognised, and told apart, as would be had nobody said what they
    show: each is left out of the learning in turn.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    with place.open() as library:
        found = library.labels()
    if as_json:
        output.write([to_json([each.to_dict() for each in found], indent=2) + b"\n"])
    elif not found:
        output.note("Nothing has been taught yet; begin with: imgsearch label add NAME PICTURE…")
    else:
        from searchengine.cli.table import plain_table, show

        counts = ("show it", "recognised", "don't", "told apart")
        table = plain_table("label", *counts, "", right=counts)
        for each in found:
            todo = "" if each.learned else "not learned yet: imgsearch label train"
            recognised, told_apart = (
                "" if count is None else f"{count:,}" for count in (each.recognised, each.told_apart)
            )
            table.add_row(
                printable(each.name),
                f"{each.positives:,}",
                recognised,
                f"{each.negatives:,}",
                told_apart,
                todo,
            )
        show(table)


@label.command()
@click.argument("name")
@click.option("-k", metavar="N", type=click.IntRange(min=1), default=10, show_default=True, help="How many.")
@format_option("json", "paths")
@click.pass_obj
def suggest(place: Place, /, name: str, *, k: int, format_: str) -> None:
    """List the pictures that NAME is least sure of: label those next.

    \b
      imgsearch label suggest rex
      imgsearch label suggest rex --format paths | head -3 | xargs -d '\\n' imgsearch label add rex --not
    """  # noqa: D301 - \b is how click is told to leave lines alone
    with place.open() as library:
        found = library.suggest(name, k)
    if format_ == "json":
        output.write([to_json([each.to_dict() for each in found], indent=2) + b"\n"])
    elif format_ == "paths":
        output.write(os.fsencode(each.path) + b"\n" for each in found)
    elif found:
        from searchengine.cli.table import plain_table, show

        table = plain_table("id", "probability", "file", right=("id", "probability"))
        for each in found:
            table.add_row(str(each.id), f"{each.probability:.1%}", short(each.path))
        show(table)
    if not found:
        output.note("There is nothing left to ask: every picture is an example.")


def _named(pictures: Sequence[str]) -> list[str | int]:
    """Files, and ids where no file has that name."""
    return [int(each) if each.isdecimal() and not os.path.lexists(each) else each for each in pictures]


def _tell(row: LabelRow) -> None:
    shows = f"{count(row.positives, 'picture')} that {'shows' if row.positives == 1 else 'show'} it"
    click.echo(
        f"{printable(row.name)}: {shows}, {row.negatives:,} that {'do' if row.negatives != 1 else 'does'}n't."
    )
