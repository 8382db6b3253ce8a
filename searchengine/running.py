"""The server that answers for a library on this machine, as `server.json` in the library's folder says.

It is written once searches are answered and deleted at the end. One that was killed leaves it behind: then
nobody listens at that address, or somebody who doesn't know the key and answers it with 421.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from searchengine import __version__

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "server.json"
KEY_PREFIX = "run-"
"""What every key begins with: a server tells another one's key from a token that it doesn't know."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server of this library.

    Attributes:
        address: Where it listens, as this machine reaches it: ``http://127.0.0.1:8420``.
        key: To be sent as ``Authorization: Bearer``. Made anew each time; whoever may read the library's
            folder as its owner may use it, whatever the server's token is.
        pid: Its process.
        host: Its machine; several may share a network folder.
        version: Of imgsearch: another one may answer in another way.
    """

    address: str
    key: str
    pid: int
    host: str
    version: str

    @classmethod
    def this(cls, address: str) -> Running:
        """This process, with a new key."""
        import secrets
        import socket

        key = KEY_PREFIX + secrets.token_urlsafe(24)
        return cls(address, key, os.getpid(), socket.gethostname(), __version__)

    @property
    def is_here(self) -> bool:
        """Whether it runs on this machine and in this version, as far as the record says."""
        import socket

        return self.host == socket.gethostname() and self.version == __version__


def read(library: Path) -> Running | None:
    """The server that was last announced for a library, which may have ended without a word; or None."""
    try:
        values = json.loads((library / FILE_NAME).read_bytes())
        found = Running(**values)
    except (OSError, ValueError, TypeError):
        return None
    texts = (found.address, found.key, found.host, found.version)
    return found if all(isinstance(text, str) for text in texts) else None


class Announcement:
    """A record in a library's folder for as long as its server runs.

    Args:
        library: The library's folder.
        running: What to say in it.
    """

    def __init__(self, library: Path, running: Running) -> None:
        self.running = running
        self._path = library / FILE_NAME
        self._lock = threading.Lock()
        self._withdrawn = False

    def publish(self) -> None:
        """Write it, for its owner alone to read; where the folder can't be written to, there is none."""
        new = self._path.with_name(f".{FILE_NAME}.{os.getpid()}")
        with self._lock, contextlib.suppress(OSError):
            if self._withdrawn:
                return
            new.unlink(missing_ok=True)  # of a process that was killed and had the same number
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(asdict(self.running), file)
            os.replace(new, self._path)

    def withdraw(self) -> None:
        """Delete it, unless another server has put its own in its place; it isn't written again."""
        with self._lock, contextlib.suppress(OSError):
            self._withdrawn = True
            there = json.loads(self._path.read_bytes() or b"{}")
            if there.get("key") == self.running.key:
                self._path.unlink()
