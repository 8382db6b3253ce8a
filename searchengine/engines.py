"""Which engines a library lies on: what its catalog is in, and what searches its vectors.

Unless somebody says otherwise these are SQLite and FAISS, in the library's own folder. What was said is kept
in `library.json` in that folder, so no later command has to say it again; but for what is secret, which stays
with whoever knows it: in the environment, or in PostgreSQL's own ``~/.pgpass``.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from searchengine.errors import LibraryError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

CATALOG_VARIABLE = "IMGSEARCH_CATALOG"
VECTORS_VARIABLE = "IMGSEARCH_VECTORS"

FILE_NAME = "library.json"
CATALOG_FILE = "catalog.sqlite3"
"""The catalog's name in the library's folder, where it is SQLite's."""

EMBEDDED_VECTORS = "faiss"
"""What brings a library back to FAISS that was on another engine."""

# What else than a password an address may hold and nobody else may read.
_SECRET_OPTIONS = ("password", "sslpassword", "token", "access_token", "api_key")


@dataclass(frozen=True, slots=True)
class Engines:
    """Where a library's parts are.

    Attributes:
        catalog: URL of its database; empty for SQLite in the library's folder.
        vectors: URL of its vector engine; empty for FAISS in the library's folder.
    """

    catalog: str = ""
    vectors: str = ""


def engines_of(folder: Path) -> Engines:
    """What a command is to use: what its environment says, else what the library keeps.

    Raises:
        UsageError: The environment names another catalog than the library has, or an engine nobody knows.
        LibraryError: What the library keeps can't be read.
    """
    asked = Engines(os.environ.get(CATALOG_VARIABLE, ""), os.environ.get(VECTORS_VARIABLE, ""))
    kept = recorded(folder)
    return Engines(_catalog(folder, asked.catalog, kept.catalog), _vectors(asked.vectors or kept.vectors))


def recorded(folder: Path) -> Engines:
    """What the library keeps, without what is secret.

    Raises:
        LibraryError: It can't be made sense of.
    """
    path = folder / FILE_NAME
    try:
        kept = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return Engines()
    except OSError as error:
        raise LibraryError(f"{path} can't be read ({error.strerror}): check its permissions") from error
    import json

    try:
        return Engines(**json.loads(kept))
    except (ValueError, TypeError) as error:
        raise LibraryError(
            f"{path} doesn't say where the library's catalog and vectors are, as {{\"catalog\": URL, "
            '"vectors": URL} does: put it right, or restore it from a backup'
        ) from error


def record(folder: Path, engines: Engines) -> None:
    """Keep with the library what it lies on; only for who holds the writer's lock.

    Raises:
        LibraryError: The folder can't be written to.
    """
    public = Engines(without_secrets(engines.catalog), without_secrets(engines.vectors))
    if public == recorded(folder):
        return
    import json

    path = folder / FILE_NAME
    new = folder / f".{FILE_NAME}.{os.getpid()}"
    try:
        new.write_text(json.dumps(asdict(public), indent=2) + "\n", encoding="utf-8")
        os.replace(new, path)
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        raise LibraryError(
            f"{path} can't be written ({error.strerror}): check the folder's disk and permissions"
        ) from error


def without_secrets(url: str) -> str:
    """An engine's address as it may be kept and shown: without passwords and tokens."""
    if "://" not in url:
        return url
    # Not `set`, to which None says "as it was".
    return _parsed(url).difference_update_query(_SECRET_OPTIONS)._replace(password=None).render_as_string()


def _parsed(url: str) -> URL:
    # Not urllib's: what stands for a password there need not be one here, and would then be shown.
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise UsageError(
            "the address of an engine can't be understood; it is written like "
            "postgresql+psycopg://USER@HOST:PORT/DATABASE"
        ) from None  # the cause would show it, with a password that may be in it


def _catalog(folder: Path, asked: str, kept: str) -> str:
    if not asked:
        return kept
    if not _parsed(asked).drivername.startswith("postgresql"):
        raise UsageError(
            f"the catalog can't be in {without_secrets(asked)}: it is in SQLite, where --catalog is left "
            "out, or in PostgreSQL: postgresql+psycopg://USER@HOST:PORT/DATABASE"
        )
    if kept:
        if _place(asked) == _place(kept):
            return asked  # which may bring a password along
        has = kept
        remedy = f'; or, if the database has moved there, say so in {folder / FILE_NAME}: "catalog"'
    elif (folder / CATALOG_FILE).exists():
        has, remedy = CATALOG_FILE, ""
    else:
        return asked
    raise UsageError(
        f"the library {folder} has its catalog in {has}, not in {without_secrets(asked)}; leave --catalog "
        f"out (and ${CATALOG_VARIABLE}), or name another --library{remedy}"
    )


def _place(url: str) -> tuple[object, ...]:
    """What tells one database from another, whoever connects to it."""
    parsed = _parsed(url)
    said = parsed.query
    host, port = parsed.host or said.get("host"), parsed.port or said.get("port", "5432")
    return host, str(port), parsed.database, said.get("options")


def _vectors(url: str) -> str:
    if url in ("", EMBEDDED_VECTORS):
        return ""
    from searchengine.vectors.milvus.address import FOLDER, parse

    if not url.startswith((FOLDER, "http://", "https://")):
        raise UsageError(
            f"there is no vector engine for {without_secrets(url)}; leave --vectors out "
            f"(and ${VECTORS_VARIABLE}) to search with FAISS, or give {FOLDER}FOLDER or http://HOST:19530"
        )
    address = parse(url)
    return address.shown if address.is_folder else url  # a folder is kept as an absolute one
