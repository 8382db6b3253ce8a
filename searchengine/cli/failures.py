"""`imgsearch failures`: what couldn't be indexed, and why."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from searchengine.as_json import to_json
from searchengine.cli import output
from searchengine.cli.display import count, printable, short
from searchengine.cli.options import format_option

if TYPE_CHECKING:
    from searchengine.cli.place import Place


@click.command()
@format_option("json", "paths")
@click.pass_obj
def failures(place: Place, format_: str) -> None:
    """List the files that couldn't be indexed, and why.

    \b
      imgsearch failures
      imgsearch failures --format paths > damaged.txt

    A file that failed is tried again when it changes, or with index --rehash.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    with place.open() as library:
        found = library.failures()
    if format_ == "json":
        rows = [{"path": failure.path, "reason": failure.reason} for failure in found]
        output.write([to_json(rows, indent=2) + b"\n"])
    elif format_ == "paths":
        output.write(os.fsencode(failure.path) + b"\n" for failure in found)
    elif found:
        from searchengine.cli.table import plain_table, show

        table = plain_table("file", "reason")
        for failure in found:
            table.add_row(short(failure.path), printable(failure.reason))
        show(table)
    if format_ == "table":
        output.note(f"{count(len(found), 'file')} failed." if found else "Every file could be indexed.")
