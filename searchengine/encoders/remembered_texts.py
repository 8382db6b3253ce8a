"""Vectors of texts that were embedded before, in the user's cache: who asks again waits for no model.

One small SQLite file a model. It holds the texts' hashes, not the texts. Whatever is wrong with it costs an
embedding, never an answer.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

MOST = 10_000
"""Texts that are kept, 20 MB at dimension 512; the oldest go first."""

_TABLE = "CREATE TABLE IF NOT EXISTS text (number INTEGER PRIMARY KEY, key BLOB UNIQUE, vector BLOB)"
_KEEP = "INSERT OR IGNORE INTO text (key, vector) VALUES (?, ?)"
_FORGET = "DELETE FROM text WHERE number <= (SELECT max(number) FROM text) - ?"
_TOGETHER = 16  # texts that are written at once where they may wait
_SECONDS = 0.2  # nobody waits longer for another process than for the model


class RememberedTexts:
    """A model's texts and their vectors. Threads and processes may share the file.

    Args:
        path: Of the file, which need not exist.
        dim: Length of a vector.
    """

    def __init__(self, path: str, dim: int) -> None:
        self._path = path
        self._dim = dim
        self._lock = threading.Lock()
        self._waiting: dict[str, NDArray[np.float32]] = {}
        # Kept open: to open it takes five times as long as to look a text up and put another in.
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def get(self, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors, float32 (dim,), of those of the texts that are known."""
        import numpy as np

        with self._lock:
            known = {text: self._waiting[text] for text in texts if text in self._waiting}
            keys = {_key(text): text for text in texts if text not in known}
            if not keys or self._present() is None:
                return known
            marks = ",".join("?" * len(keys))
            try:
                rows = (
                    self._opened()
                    .execute(
                        f"SELECT key, vector FROM text WHERE key IN ({marks})",  # noqa: S608 - question marks
                        list(keys),
                    )
                    .fetchall()
                )
            except sqlite3.Error:
                return known
        return known | {
            keys[key]: np.frombuffer(vector, "<f4") for key, vector in rows if len(vector) == 4 * self._dim
        }

    def keep(self, vectors: dict[str, NDArray[np.float32]], *, later: bool = False) -> None:
        """Remember these, float32 (dim,) each.

        Args:
            vectors: By text.
            later: Whether they may wait for others, to be written together: a process that ends meanwhile
                hasn't remembered them.
        """
        with self._lock:
            self._waiting |= vectors
            if later and len(self._waiting) < _TOGETHER:
                return
            waiting, self._waiting = self._waiting, {}
            rows = [(_key(text), vector.astype("<f4").tobytes()) for text, vector in waiting.items()]
            try:
                os.makedirs(os.path.dirname(self._path), exist_ok=True)
                with self._opened() as connection:
                    connection.execute(_TABLE)
                    connection.executemany(_KEEP, rows)
                    connection.execute(_FORGET, (MOST,))
            except sqlite3.DatabaseError as error:
                if not isinstance(error, sqlite3.OperationalError):  # damaged: begin anew
                    self._let_go()
                    with suppress(OSError):
                        os.unlink(self._path)
            except OSError:
                pass  # a cache that can't be written to remembers nothing

    def _opened(self) -> sqlite3.Connection:
        """The file that has the path now: another process, or a user, may have deleted the one before."""
        if self._connection is None or self._file != self._present():
            self._let_go()
            self._connection = sqlite3.connect(self._path, timeout=_SECONDS, check_same_thread=False)
            # What is written can be lost: waiting for the disk would take longer than embedding a text.
            self._connection.execute("PRAGMA synchronous=OFF")
            self._file = self._present()
        return self._connection

    def _present(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def __del__(self) -> None:
        self._let_go()

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
