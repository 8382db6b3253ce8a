"""The command `roots`: which folders the library has, and where they lie now."""

from __future__ import annotations

import os
from datetime import UTC
from typing import TYPE_CHECKING

import click

from searchengine.as_json import to_json
from searchengine.cli.display import count, printable, short

if TYPE_CHECKING:
    from searchengine.catalog.roots import RootReport
    from searchengine.cli.place import Place


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@click.pass_context
def roots(ctx: click.Context, /, *, as_json: bool) -> None:
    """List the library's folders: how much is in them, and whether they can be reached.

    \b
      imgsearch roots
      imgsearch roots move /media/disk /mnt/photos

    Pictures in a folder that can't be reached are still found, marked offline,
    until it is back or is forgotten (imgsearch forget FOLDER).
    """  # noqa: D301 - \b is how click is told to leave lines alone
    if ctx.invoked_subcommand is not None:
        return
    from searchengine.catalog import roots as catalog_roots
    from searchengine.catalog.catalog import Catalog
    from searchengine.cli import output
    from searchengine.layout import Layout
    from searchengine.reach import Reach

    with Catalog.open(Layout(ctx.obj.library).catalog) as catalog, catalog.read() as session:
        found = catalog_roots.report(session)
    is_reachable = Reach(patience=2.0)  # nobody is in a hurry here, and a disk may have to spin up
    reachable = [is_reachable(root.path) for root in found]
    if as_json:
        rows = [_values(root, now) for root, now in zip(found, reachable, strict=True)]
        output.write([to_json(rows, indent=2) + b"\n"])
        return
    if not found:
        output.note("The library has no folders yet. Add some: imgsearch index FOLDER")
        return
    from searchengine.cli.table import plain_table, show

    table = plain_table("folder", "files", "", "last seen", right=("files",))
    for root, now in zip(found, reachable, strict=True):
        seen = f"{root.seen_at.replace(tzinfo=UTC).astimezone():%Y-%m-%d %H:%M}" if root.seen_at else "?"
        table.add_row(short(os.fsdecode(root.path)), f"{root.files:,}", "" if now else "out of reach", seen)
    show(table)


@roots.command()
@click.argument("old", type=click.Path())
@click.argument("new", type=click.Path())
@click.option("--force", is_flag=True, help="Also where NEW doesn't hold the files that were indexed.")
@click.pass_obj
def move(place: Place, /, old: str, new: str, *, force: bool) -> None:
    """Say that the folder OLD lies at NEW now.

    \b
      imgsearch roots move /media/disk /mnt/photos

    Nothing is read or embedded again: some of the files are looked up at the
    new place, and must have the size and time that they were indexed with.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    from indexer.upkeep.rehome import rehome

    done = rehome(place.library, old, new, force=force)
    click.echo(
        f"{printable(os.fsdecode(done.old))} is {printable(os.fsdecode(done.new))} now, "
        f"with {count(done.files, 'file')}."
    )


def _values(root: RootReport, reachable: bool) -> dict[str, object]:  # noqa: FBT001 - a value, not a switch
    return {
        "path": os.fsdecode(root.path),
        "files": root.files,
        "missing": root.missing,
        "reachable": reachable,
        "last_seen": root.seen_at.replace(tzinfo=UTC).isoformat() if root.seen_at else None,
    }
