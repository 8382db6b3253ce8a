"""`imgsearch serve`: the page and the API."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from searchengine.cli.place import Place


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Name or address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8420, show_default=True, help="0: any free one."
)
@click.option(
    "--allow-host",
    metavar="NAME",
    multiple=True,
    help="A name the server may be addressed by; may be repeated.",
)
@click.option("--access-log", is_flag=True, help="Write a JSON line for each request to standard error.")
@click.option(
    "--allow-fetch", is_flag=True, help="Fetch pictures from the public internet for who asks with a url."
)
@click.option(
    "--embedding-api", is_flag=True, help="Embed for a gallery too: Immich's POST /predict, without a token."
)
@click.option("--open", "open_page", is_flag=True, help="Show the page in the browser.")
@click.pass_obj
def serve(
    place: Place,
    *,
    host: str,
    port: int,
    allow_host: tuple[str, ...],
    access_log: bool,
    allow_fetch: bool,
    embedding_api: bool,
    open_page: bool,
) -> None:
    """Search in the browser, and over HTTP.

    \b
      imgsearch serve
      imgsearch serve --open
      IMGSEARCH_TOKEN=… imgsearch serve --host 0.0.0.0 --allow-host photos.lan
      imgsearch serve --embedding-api

    Nobody but this machine can reach it, unless --host says otherwise; then it
    asks for the token in IMGSEARCH_TOKEN. Traffic isn't encrypted: beyond your
    own network put a proxy with TLS in front. The API is described at
    /openapi.json. Nothing can be changed through the server but labels, and those
    only with a token. Ctrl-C stops it.
    """  # noqa: D301 - \b is how click is told to leave lines alone
    from searchengine.cli.display import short
    from searchengine.cli.output import note
    from searchengine.errors import UsageError

    try:
        from searchengine.server.run import serve as run
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the server needs the extra server: pip install 'imgsearch[server]' ({error})"
        ) from error
    from searchengine.server.settings import BUSY_PATIENCE, TOKEN_VARIABLE, Settings

    settings = Settings(
        host=host,
        token=os.environ.get(TOKEN_VARIABLE) or None,
        allowed_hosts=allow_host,
        access_log=access_log,
        allow_fetch=allow_fetch,
        embedding_api=embedding_api,
    )

    def ready(address: str) -> None:
        note(f"Serving {short(str(place.library))} at {address} (Ctrl-C stops)")
        if open_page:
            import webbrowser

            webbrowser.open(address)

    with place.open(patience=BUSY_PATIENCE) as library:
        run(library, settings, port, on_ready=ready)
