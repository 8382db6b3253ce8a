"""Which Milvus is meant."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from searchengine.errors import UsageError

TOKEN_VARIABLE = "IMGSEARCH_VECTORS_TOKEN"  # noqa: S105  the variable's name

FOLDER = "milvus+file:"

_HOW = f"write {FOLDER}FOLDER, which needs no server, or http://HOST:19530"


@dataclass(frozen=True, slots=True)
class Address:
    """A Milvus server, or a folder that Milvus Lite has.

    Attributes:
        uri: As pymilvus takes it.
        shown: As people may see it, without any secret.
        is_folder: Whether it is a folder.
        token: ``user:password`` or an API key; empty where none is asked for.
        database: Which of a server's databases; empty for its default one.
    """

    uri: str
    shown: str
    is_folder: bool
    token: str = field(default="", repr=False)
    database: str = ""


def parse(text: str) -> Address:
    """Understand what ``--vectors`` takes.

    The token is what $IMGSEARCH_VECTORS_TOKEN says, or else what stands before the host:
    ``http://user:password@host``, or ``http://:key@host``.

    Raises:
        UsageError: It is neither form, or a user's password isn't known.
    """
    if text.startswith(FOLDER):
        folder = Path(text.removeprefix(FOLDER)).expanduser().absolute()
        if folder == Path("/") or not text.removeprefix(FOLDER):
            raise UsageError(f"--vectors {text} names no folder; {_HOW}")
        # pymilvus takes what ends like this for a folder of Milvus Lite's, and anything else for a server.
        return Address(str(folder / "milvus.db"), f"{FOLDER}{folder}", is_folder=True)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"--vectors: the address can't be read ({error}); {_HOW}") from error
    if not host:
        raise UsageError(f"--vectors names no host; {_HOW}")
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token and parts.password:
        token = ":".join(unquote(each) for each in (parts.username, parts.password) if each)
    if parts.username and not token:
        raise UsageError(
            f"the password of {unquote(parts.username)} on {host} isn't known, as it isn't kept with the "
            f"library: put {unquote(parts.username)}:PASSWORD into ${TOKEN_VARIABLE}"
        )
    database = parts.path.strip("/")
    place = f"{parts.scheme}://[{host}]" if ":" in host else f"{parts.scheme}://{host}"
    uri = f"{place}:{port or 19530}"
    return Address(
        uri,
        f"{uri}/{database}" if database else uri,
        is_folder=False,
        token=token,
        database=database,
    )
