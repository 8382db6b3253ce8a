"""`imgsearch cluster`: the library in groups of pictures that look alike."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from searchengine.as_json import to_json
from searchengine.cli import output
from searchengine.cli.display import count, printable
from searchengine.cli.options import format_option
from searchengine.cli.subjects import lines

if TYPE_CHECKING:
    from searchengine.cli.place import Place
    from searchengine.understanding.clusters import Cluster


@click.command()
@click.option("--count", "groups", metavar="N", type=click.IntRange(min=1),
              help="How many groups. Default: what suits the size of the library, 40 at most.")  # fmt: skip
@click.option("--map", "map_", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="Also draw a map, like beside like: an .html file, or a .png, .jpg or .webp.")  # fmt: skip
@click.option("--names-from", metavar="FILE", type=click.File(encoding="utf-8"),
              help="What groups may be called, one phrase a line, instead of everyday words.")  # fmt: skip
@click.option("--members", is_flag=True, help="With --format json: also every picture of each group.")
@format_option("json")
@click.pass_obj
def cluster(
    place: Place,
    *,
    groups: int | None,
    map_: Path | None,
    names_from: TextIO | None,
    members: bool,
    format_: str,
) -> None:
    """Group the library by what the pictures look like, and name the groups.

    \b
      imgsearch cluster
      imgsearch cluster --count 12 --map library.html
      imgsearch cluster --format json --members

    A name is the word that is probable in a group and not elsewhere in the library:
    a guess from some 500 everyday words, or from those in --names-from. The same
    library always falls into the same groups.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    from searchengine.cli.cluster_map import check_name, write_map

    if map_ is not None:
        check_name(map_)
    phrases = lines(names_from) if names_from is not None else None
    with place.open() as library:
        found = library.cluster(groups, phrases=phrases)
        if format_ == "json":
            rows = [each.to_dict() for each in found]
            if members:
                for row, each in zip(rows, found, strict=True):
                    row["members"] = [paths[0] for paths in library.paths(each.ids).values()]
            output.write([to_json(rows, indent=2) + b"\n"])
        elif found:
            _print_table(found)
        if not found:
            output.note("No pictures are indexed yet. Add some: imgsearch index FOLDER")
        elif map_ is not None:
            total = sum(each.size for each in found)
            write_map(found, library.map(found), library.thumbnail, map_, total=total)
            output.note(f"Map: {printable(str(map_.absolute()))}")


def _print_table(found: tuple[Cluster, ...]) -> None:
    from searchengine.cli.table import plain_table, show

    table = plain_table("pictures", "name", "also", "for example", right=("pictures",))
    for each in found:
        examples = ", ".join(printable(os.path.basename(one.path)) for one in each.examples[:3])
        table.add_row(
            f"{each.size:,}", printable(each.name), printable(", ".join(each.phrases[1:])), examples
        )
    show(table)
    output.note(f"{count(sum(each.size for each in found), 'picture')} in {count(len(found), 'group')}.")
