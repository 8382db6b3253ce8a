"""Who holds a library's lock: the holder signs the file, and whoever has to wait reads it."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from searchengine.lock import WRITER

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock.

    Attributes:
        pid: Its process.
        host: The machine it runs on; several may share a network folder.
        since: When it began, UTC, ISO 8601.
        command: What it does.
    """

    pid: int
    host: str
    since: str
    command: str

    @classmethod
    def this(cls, command: str) -> Holder:
        """This process, now."""
        since = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(os.getpid(), socket.gethostname(), since, command)

    def in_words(self) -> str:
        """Who, where, since when: for people."""
        since = datetime.fromisoformat(self.since).astimezone()
        return f"`{self.command}` (process {self.pid} on {self.host}, since {since:%Y-%m-%d %H:%M:%S})"

    def remedy(self) -> str:
        """How to get past it: for people."""
        if self.pid == os.getpid() and self.host == socket.gethostname():
            return "this very process holds it in another place: let one end before the other begins"
        if self.host == socket.gethostname():
            stop = f"taskkill /PID {self.pid}" if os.name == "nt" else f"kill -INT {self.pid}"
            return f"wait for it to end, or stop it with: {stop}"
        return f"wait for it to end, or stop it on {self.host}"


def holder(library: Path, *, name: str = WRITER) -> Holder | None:
    """Who signed the lock; it may have ended without a word. None when nobody did."""
    try:
        values = json.loads((library / name).read_bytes())
        return Holder(**values)
    except (OSError, ValueError, TypeError):
        return None
