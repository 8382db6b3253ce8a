"""Having a search answered by the library's server, where one runs on this machine: it has everything loaded.

HTTP by hand, because `http.client` takes longer to import than the server to answer. Whatever isn't a plain
answer is as if there were no server: the search is then done here, and says itself what is wrong.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from searchengine import running
from searchengine.server.limits import LONGEST_QUERY, MOST_RESULTS

if TYPE_CHECKING:
    from pathlib import Path

    from searchengine.cli.results import Wanted
    from searchengine.query.terms import Query
    from searchengine.results import SearchResults

_CONNECT_SECONDS = 0.3
_ANSWER_SECONDS = 5.0


def can_ask(asked: Query, wanted: Wanted) -> bool:
    """Whether a server answers such a search as it would be answered here.

    A picture is named by its file here and by its id there, and a contact sheet wants thumbnails.
    """
    plain = not (wanted.offset or wanted.sheet or wanted.open or asked.examples)
    return plain and wanted.k is not None and wanted.k <= MOST_RESULTS


def ask_server(library: Path, text: str, wanted: Wanted, sort: str) -> SearchResults | None:
    """The server's answer; None where there is no server, or it doesn't give one.

    Args:
        library: The library's folder.
        text: The query, which has been understood.
        wanted: What `can_ask` has allowed.
        sort: `relevance`, `newest` or `oldest`.
    """
    server = running.read(library)
    if server is None or not server.is_here or len(text) > LONGEST_QUERY:
        return None
    values = {
        "q": text,
        "k": wanted.k,
        "sort": sort,
        "strictness": wanted.strictness,
        "collapse": str(wanted.collapse).lower(),
    }
    from searchengine.results import SearchResults

    try:
        return SearchResults.from_dict(json.loads(_get(server, f"/api/search?{urlencode(values)}")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _get(server: running.Running, target: str) -> bytes:
    """The body of an answer.

    Raises:
        OSError: Nobody answers.
        ValueError: It isn't a 200.
    """
    import socket

    place = urlsplit(server.address)
    if (
        place.scheme != "http"
        or place.hostname is None
        or not server.key.isascii()
        or not server.key.isprintable()
    ):
        raise ValueError(server.address)
    # Version 1.0: the answer ends with the connection, in one piece.
    request = (
        f"GET {target} HTTP/1.0\r\nHost: {place.netloc}\r\n"
        f"Authorization: Bearer {server.key}\r\nAccept: application/json\r\n\r\n"
    )
    with socket.create_connection((place.hostname, place.port or 80), _CONNECT_SECONDS) as connection:
        connection.settimeout(_ANSWER_SECONDS)
        connection.sendall(request.encode("ascii"))
        with connection.makefile("rb") as stream:
            answer = stream.read()
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b"\r\n", 1)[0].split()
    if status[1:2] != [b"200"]:
        raise ValueError(status)
    return body
