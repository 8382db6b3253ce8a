"""`imgsearch duplicates`: groups of files that are the same picture, or nearly."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from searchengine.as_json import to_json
from searchengine.cli import output
from searchengine.cli.display import count, printable, short
from searchengine.cli.options import format_option
from searchengine.duplicates.results import LEVELS

if TYPE_CHECKING:
    from searchengine.cli.place import Place
    from searchengine.duplicates.results import Duplicates, Level


@click.command()
@click.option(
    "--level", type=click.Choice(LEVELS), default="edited",
    show_default=True, help="How alike; each takes in the ones before it.",
)  # fmt: skip
@format_option("json", "paths", explained="paths: all but the ones to keep.")
@click.option("-0", "nul", is_flag=True, help="Print paths, each ended by a NUL byte: for xargs -0.")
@click.pass_obj
def duplicates(place: Place, level: Level, format_: str, nul: bool) -> None:  # noqa: FBT001  click's way
    """Group the files that are the same picture. Nothing is ever deleted.

    \b
    exact    the same bytes
    edited   the same picture: saved anew, resized, cropped up to a tenth,
             turned by 90 degrees, mirrored, recoloured, with a small overlay
    burst    shots of the same within ten seconds
    similar  what the model can hardly tell apart

    \b
      imgsearch duplicates
      imgsearch duplicates --level exact --format json
      imgsearch duplicates --format paths > look-at-these.txt

    Of each group the best file comes first, with the reason: more pixels, less
    compression, the camera's data, older. The paths printed by --format paths
    are the others: look at them before you delete any.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    if nul and format_ == "json":
        raise click.UsageError("-0 separates paths: it doesn't go with --format json.")
    with place.open() as library:
        found = library.duplicates(level)
    if format_ == "json":
        output.write([to_json([group.to_dict() for group in found.groups], indent=2) + b"\n"])
    elif nul or format_ == "paths":
        end = b"\0" if nul else b"\n"
        output.write(os.fsencode(member.path) + end for group in found.groups for member in group.members[1:])
    else:
        _print_table(found)
    if found.unreadable:
        output.note(
            f"{count(found.unreadable, 'picture')} couldn't be read now, so only identical copies of "
            "them were found. Connect their disks, or see what is wrong with: imgsearch verify"
        )


def _print_table(found: Duplicates) -> None:
    if found.groups:
        from searchengine.cli.table import plain_table, show

        table = plain_table("group", "level", "score", "file", "why keep it", right=("group", "score"))
        for number, group in enumerate(found.groups, 1):
            for place, member in enumerate(group.members):
                first = place == 0
                table.add_row(
                    str(number) if first else "",
                    "keep" if first else member.level,
                    "" if first else f"{member.score:.2f}",
                    short(member.path),
                    printable(group.why) if first else "",
                    style="" if first else "dim",
                )
        show(table)
        spare = sum(len(group.members) - 1 for group in found.groups)
        output.note(f"{count(len(found.groups), 'group')}, {count(spare, 'file')} besides the ones to keep.")
    else:
        output.note("No duplicates at this level.")
