"""What SQLite complains about, in this project's words: the thing, the cause, the next step."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from searchengine.catalog.sqlite.place import is_read_only
from searchengine.errors import LibraryBusyError, LibraryDamagedError, LibraryError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FULL = "can't grow because the disk is full: free some space and run the command again"
_HELPERS = (
    "Even a search has to write two small files beside it; who may not, asks through `imgsearch serve`, run "
    "by who may, or copies the library to a folder of their own"
)
_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_NEXT_STEP = {
    "SQLITE_CORRUPT": "is damaged: restore it from a backup, or move it away and index again",
    "SQLITE_NOTADB": "is not a catalog: restore it from a backup, or move it away and index again",
    "SQLITE_FULL": _FULL,
    "SQLITE_IOERR_SHMSIZE": _FULL,
    "SQLITE_READONLY": f"can't be written to: check the permissions of the file and its folder. {_HELPERS}",
    "SQLITE_PERM": "can't be used: check the permissions of the file and its folder",
    "SQLITE_AUTH": "can't be used: check the permissions of the file and its folder",
    "SQLITE_CANTOPEN": f"can't be opened: check the permissions of the file and its folder. {_HELPERS}",
    "SQLITE_IOERR": "can't be read or written: check the disk it lies on, and that it isn't full",
    "SQLITE_PROTOCOL": "can't be locked, which its disk doesn't do: move the library to another disk",
}
# A container's volume, say. Read without those two files, it could change in the middle of an answer.
_READ_ONLY_VIEW = (
    "can't be opened: the folder is mounted read-only here, while others may write to it. Even a search has "
    "to write two small files beside it: mount it writable, or copy the library to a folder of your own"
)


def damaged(path: Path) -> LibraryDamagedError:
    """What is said of a file that a check found damaged."""
    return LibraryDamagedError(f"{path} {_NEXT_STEP['SQLITE_CORRUPT']}")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the database's errors about the file at `path` into ours; others pass.

    Raises:
        LibraryBusyError: Another process has held the lock for too long.
        LibraryDamagedError: The file is damaged or foreign.
        LibraryError: It is read-only, or its disk is full or failing.
    """
    try:
        yield
    except Exception as error:
        cause = getattr(error, "orig", error)  # SQLAlchemy's errors carry the driver's
        if not isinstance(cause, sqlite3.Error):
            raise
        # Extended codes refine the primary one: SQLITE_IOERR_WRITE, SQLITE_BUSY_SNAPSHOT.
        name = str(getattr(cause, "sqlite_errorname", ""))
        code = name if name in _NEXT_STEP else "_".join(name.split("_")[:2])
        if code in ("SQLITE_BUSY", "SQLITE_LOCKED"):
            raise LibraryBusyError(
                f"{path}: another process is writing to this library; wait for it to end and try again"
            ) from error
        if code in _NEXT_STEP:
            kind = LibraryDamagedError if code in _DAMAGE else LibraryError
            is_view = code == "SQLITE_CANTOPEN" and is_read_only(path.parent)
            raise kind(f"{path} {_READ_ONLY_VIEW if is_view else _NEXT_STEP[code]} ({cause})") from error
        raise
