"""`imgsearch search`: words in, pictures out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from searchengine.cli.ask_server import ask_server, can_ask
from searchengine.cli.profile import Profile
from searchengine.cli.query_arguments import QueryCommand
from searchengine.cli.results import Wanted, present, result_options
from searchengine.errors import QueryError
from searchengine.query.grammar import parse

if TYPE_CHECKING:
    from searchengine.answering.pages import Sort
    from searchengine.cli.place import Place


@click.command(cls=QueryCommand)
@click.argument("query", nargs=-1, required=True)
@result_options
@click.option(
    "--sort",
    type=click.Choice(["relevance", "newest", "oldest"]),
    default="relevance",
    show_default=True,
    help="Order of the results, by the time the pictures were taken.",
)
@click.option(
    "--more",
    metavar="ID",
    type=int,
    multiple=True,
    help="A result's id: that is what I mean; may be given several times.",
)
@click.option("--less", metavar="ID", type=int, multiple=True, help="A result's id: that isn't.")
@click.option("--no-server", is_flag=True, help="Search here, also where the library's server runs.")
@click.option("--profile", is_flag=True, help="Say on standard error where the time went.")
@click.pass_obj
def search(
    place: Place,
    *,
    query: tuple[str, ...],
    sort: Sort,
    more: tuple[int, ...],
    less: tuple[int, ...],
    wanted: Wanted,
    no_server: bool,
    profile: bool,
) -> None:
    """Find pictures by what is in them.

    \b
      imgsearch search a dog on a beach
      imgsearch search red car at night -k 30 --open
      imgsearch search birthday cake -0 | xargs -0 ls -l

    \b
    In a query
      -people  -(new york)       away from it
      image:./ref.jpg^0.5        a picture, with a weight
      "exact words"              must stand in name, folder, caption or keywords
      camera:canon  type:heic  after:2021-06  before:2022  lens:50mm
      path:2021/*  name:IMG_*  width:>2000  mp:>12  size:<2mb
      near:48.85,2.35,10km  orientation:portrait  rating:>3
      keyword:beach
      label:rex                  what you taught with imgsearch label add
      key:a|b is "a or b", -key:value is "not", \\ takes the next letter as it is

    --more 12 --less 40 names results (by the id in --format json) that are, or
    aren't, what you mean; the others are ranked anew.

    Quotes are not needed around words: they are joined by one space. Options may
    stand anywhere, but only when they are written as below: -k 5 is one, any
    other -word is part of the query, and after -- everything is.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    text = as_query(query)
    asked = parse(text)
    laps = Profile()
    here = no_server or more or less or not can_ask(asked, wanted)
    answered = None if here else ask_server(place.library, text, wanted, sort)
    if answered is not None:
        laps.lap("ask the server")
        present(answered, wanted, title=text)
        laps.lap("show")
    else:
        from searchengine.encoders.ahead import embed_ahead
        from searchengine.layout import Layout

        # NumPy would start threads for products that a query hasn't got: a twentieth of a cold one.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        ahead = embed_ahead(Layout(place.library).catalog, [words.text for words in asked.words])
        from searchengine.library import Library  # noqa: F401 - here, so that the thread has time

        laps.lap("imports")
        # Only such answers may ask the model more than once.
        with place.open(keep_model=wanted.collapse or sort != "relevance") as library:
            laps.lap("open the catalog")
            library.on_stage = laps.stage
            ahead.join()
            laps.lap("wait for the model")
            results = library.search(
                text,
                k=wanted.k,
                offset=wanted.offset,
                sort=sort,
                collapse=wanted.collapse,
                strictness=wanted.strictness,
                more=more,
                less=less,
            )
            laps.lap("search")
            present(results, wanted, library.thumbnail, title=text)
            laps.lap("show")
    if profile:
        for line in laps.lines():
            click.echo(line, err=True)


def as_query(words: tuple[str, ...]) -> str:
    """The words as one query.

    Raises:
        QueryError: There is nothing in them, or bytes that aren't text.
    """
    text = " ".join(words)
    if not text.strip():
        raise QueryError("the query is empty; say what the picture shows")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise QueryError("this isn't text in UTF-8", query=text, start=error.start, end=error.end) from error
    return text
