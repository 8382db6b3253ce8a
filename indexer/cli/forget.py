"""The command `forget`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from searchengine.cli.display import count

if TYPE_CHECKING:
    from searchengine.cli.place import Place


@click.command()
@click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=click.Path())
@click.pass_obj
def forget(place: Place, /, paths: tuple[str, ...]) -> None:
    """Take files, or all that is below folders, out of the library.

    \b
      imgsearch forget ~/Pictures/private
      imgsearch forget /mnt/old-disk

    Their embeddings and thumbnails go too; the files themselves aren't touched.
    Index a folder that holds them again and they are back.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    from indexer.upkeep.forget import forget as forget_paths

    with place.open():
        pass  # a library that isn't there is an error, not something to make
    forgotten = forget_paths(place.library, paths)
    click.echo(
        f"Forgot {count(forgotten.files, 'file')}: {count(forgotten.images, 'picture')} left the library."
    )
