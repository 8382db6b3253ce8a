"""`imgsearch similar`: a picture in, its likes out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from searchengine.cli.picture import STDIN, picture
from searchengine.cli.results import Wanted, present, result_options
from searchengine.errors import ImageError

if TYPE_CHECKING:
    from searchengine.cli.place import Place


@click.command()
@click.argument("image", metavar="IMAGE|URL|-")
@result_options
@click.pass_obj
def similar(place: Place, image: str, wanted: Wanted) -> None:
    """Find the likes of a picture, and its copies.

    \b
      imgsearch similar photo.jpg
      imgsearch similar https://example.org/cat.jpg --open
      curl -s https://example.org/cat.jpg | imgsearch similar -

    The picture is a file, an address on the web, or - for standard input; it
    need not be in the library, and one that is finds itself too.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    with place.open() as library:
        given = picture(image)
        try:
            results = library.similar(
                given,
                k=wanted.k,
                offset=wanted.offset,
                collapse=wanted.collapse,
                strictness=wanted.strictness,
            )
        except ImageError as error:
            name = "standard input" if image == STDIN else image
            raise type(error)(f"{name}: {error}") from error
        present(results, wanted, library.thumbnail, title=title(image))


def title(image: str) -> str:
    """Heading of the contact sheet."""
    return "Like the picture given" if image == STDIN else f"Like {os.path.basename(image) or image}"
