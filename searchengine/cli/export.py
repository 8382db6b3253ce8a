"""`imgsearch export`: embeddings and metadata, for another library or another program."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from searchengine.cli.display import count, printable, size
from searchengine.cli.output import note
from searchengine.errors import UsageError

if TYPE_CHECKING:
    from searchengine.cli.place import Place
    from searchengine.exchange.formats import Format

FORMATS = ("jsonl", "parquet", "npz")


@click.command()
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="Default: what FILE's name ends in, else jsonl. parquet takes the extra parquet.",
)
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Default: standard output."
)
@click.pass_obj
def export(place: Place, /, *, format_: Format | None, output: Path | None) -> None:
    """Write every picture's embeddings and metadata to a file.

    \b
      imgsearch export -o photos.parquet
      imgsearch --library ~/elsewhere import photos.parquet
      imgsearch export --format npz -o vectors.npz      # numpy.load("vectors.npz")["vectors"]

    Vectors are written as they are stored, float16, so nothing is lost and
    nothing is embedded again on the other side. Files that couldn't be indexed
    aren't part of it. The file appears when it is complete, or not at all.

    What a query finds, without embeddings: imgsearch search QUERY --all --format jsonl
    """  # noqa: D301 - \b is how click is told to leave lines alone
    from searchengine.exchange.formats import format_of
    from searchengine.vectors.files import replacing

    chosen: Format = format_ or (output and format_of(output.name)) or "jsonl"
    with place.open() as library:
        if output is None:
            if chosen != "jsonl" and sys.stdout.isatty():
                raise UsageError(f"{chosen} isn't for the screen: name a file with -o FILE")
            library.export(sys.stdout.buffer, chosen)
            sys.stdout.buffer.flush()
            return
        try:
            with replacing(output) as file:
                done = library.export(file, chosen)
        except OSError as error:
            raise UsageError(f"{output} can't be written: {error.strerror}; name another place") from error
    note(
        printable(
            f"{output}: {count(done.embeddings, 'embedding')} of {count(done.pictures, 'picture')}, "
            f"{size(output.stat().st_size)}"
        )
    )
