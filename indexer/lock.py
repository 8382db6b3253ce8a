"""One writer at a time: who changes a library holds its lock, and says who it is.

The lock is the operating system's, on an open file, so it ends with the process, also by `kill -9`: what
is left behind is a file that locks nobody out. Where the catalog is on a server, the server has one as well.
Searching never takes either.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

from searchengine.catalog.sqlite.place import Disk, disk_of
from searchengine.errors import LibraryBusyError, LibraryError, LibraryNotFoundError
from searchengine.holder import Holder, holder
from searchengine.layout import Layout, make_folder
from searchengine.lock import WRITER, try_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 5.0
"""Seconds that a second writer waits: enough for a small run to end, too short to look like a hang."""

_INTERVAL = 0.1


@contextmanager
def writing(
    library: Path, command: str, *, patience: float | None = None, name: str = WRITER
) -> Iterator[None]:
    """Be the only one who changes the library, for as long as the block lasts.

    Args:
        library: Its folder, which must be there.
        command: What this process does, as others are told: ``imgsearch index``.
        patience: Seconds to wait for another one; None for `PATIENCE`.
        name: Which lock, where a library has several.

    Raises:
        LibraryBusyError: Somebody else holds it; the message says who.
        LibraryNotFoundError: There is no such folder.
        LibraryError: The folder can't be written to.
    """
    patience = PATIENCE if patience is None else patience
    catalog = Layout(library).catalog
    if isinstance(catalog, str):  # it is made elsewhere, and this machine may not have had a part in that
        make_folder(library)
    path = library / name
    descriptor = _open(path)
    try:
        _wait_for(descriptor, path, patience)
        _sign(descriptor, Holder.this(command))
        try:
            with _elsewhere(catalog, name, command, patience) if isinstance(catalog, str) else nullcontext():
                yield
        finally:
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


@contextmanager
def _elsewhere(catalog: str, name: str, command: str, patience: float) -> Iterator[None]:
    """The same against other machines, which have folders of their own but the same catalog."""
    from searchengine.catalog.postgres.database import PostgreSQL

    who = f"`{command}` (process {os.getpid()} on {socket.gethostname()})"
    database = PostgreSQL(catalog, busy_timeout=patience)
    try:
        with database.locked(name, who, patience):
            yield
    finally:
        database.close()


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except FileNotFoundError as error:
        raise LibraryNotFoundError(
            f"there is no library at {path.parent}; make one with: "
            f"imgsearch --library {path.parent} index FOLDER"
        ) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            cause = "its disk is full: free some space and run the command again"
        elif error.errno == errno.EROFS:
            frozen = disk_of(path.parent) is Disk.FROZEN
            cause = (
                "its disk is read-only; it can be searched. Copy it to another disk to change it"
                if frozen
                else "its folder is mounted read-only here. Mount it writable, or copy the library elsewhere"
            )
        else:
            cause = f"{error.strerror}; check the permissions of the folder"
        raise LibraryError(f"the library {path.parent} can't be written to: {cause}") from error


def _wait_for(descriptor: int, path: Path, patience: float) -> None:
    until = time.monotonic() + patience
    while not try_lock(descriptor):
        if time.monotonic() >= until:
            who = holder(path.parent, name=path.name)
            if who is None:
                raise LibraryBusyError(
                    f"another process is changing the library {path.parent}; wait for it to end and try again"
                )
            raise LibraryBusyError(
                f"the library {path.parent} is being changed by {who.in_words()}; {who.remedy()}"
            )
        time.sleep(_INTERVAL)


def _sign(descriptor: int, who: Holder) -> None:
    """Say who holds it. On a full disk it stays unsaid: the lock holds all the same."""
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, json.dumps(asdict(who)).encode())
