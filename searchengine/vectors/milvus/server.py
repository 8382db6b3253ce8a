"""Talking to Milvus: connected once, tried again where that helps, errors in words that help.

What fails for a moment (the network, a server that restarts) is tried again with longer and longer pauses,
by pymilvus as far as it can, and here where it can't: it gives up at once on a server that isn't there, and a
server that was killed takes its time to load what it had.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from searchengine.errors import UsageError, VectorStoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from searchengine.vectors.milvus.address import Address

Result = TypeVar("Result")

# Seconds to pause before a server that isn't there is tried again.
_PAUSES = (0.2, 0.5, 1.0)

PATIENCE = 20.0
"""Seconds that an answer may take, tries and pauses included."""

LONG_PATIENCE = 600.0
"""Seconds for what Milvus does with all vectors at once: an index of many takes minutes."""

_LONG = frozenset({"flush", "create_index", "load_collection"})

# After a server was killed the first try to load takes half a minute and fails; the second works.
_LOADING_TRIES = 3

# A collection that is gone or not in memory: an alias may just have turned, or the server been restarted.
_READING = frozenset({"search", "query"})


@cache
def server_at(address: Address) -> Server:
    """The server, or folder, with this address: one for the whole process, which is all that a folder allows.

    Raises:
        UsageError: The extra isn't installed.
    """
    return Server(address)


class Server:
    """A Milvus server, or a folder of Milvus Lite's. Threads may share it; it connects when first asked.

    Args:
        address: Where it is.
    """

    def __init__(self, address: Address) -> None:
        try:
            import pymilvus  # noqa: F401
        except ImportError as error:
            raise UsageError(
                f"Milvus needs the extra milvus: pip install 'imgsearch[milvus]' ({error})"
            ) from error
        # They would print every error that is raised here as well, and some that aren't.
        for name in ("pymilvus", "pymilvus.milvus_client", "milvus_lite", "grpc._server"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._address = address
        self._client: Any = None
        self._connecting = threading.Lock()

    @property
    def is_lite(self) -> bool:
        """Whether it is Milvus Lite, also as a server.

        Raises:
            VectorStoreError: It can't be reached.
        """
        if self._address.is_folder:
            return True
        version: str = self.call("get_server_version")
        return version.startswith("milvus_lite")

    def call(self, what: str, **about: Any) -> Any:
        """Call one of MilvusClient's methods.

        Raises:
            VectorStoreError: It can't be reached, or refuses.
        """
        about.setdefault("timeout", LONG_PATIENCE if what in _LONG else PATIENCE)
        try:
            return self._persistently(what, about)
        except _failures() as error:
            if what not in _READING or _is_away(error):
                raise self._explained(error) from error
        self.load(about["collection_name"])
        return self.patiently(lambda: self._persistently(what, about))

    def _persistently(self, what: str, about: dict[str, Any]) -> Any:
        """Call a method of MilvusClient; again after pauses, while nothing answers at the address."""
        for pause in (*_PAUSES, None):
            try:
                return getattr(self._connected(), what)(**about)
            except _failures() as error:
                if pause is None or not _is_away(error):
                    raise
                time.sleep(pause)
        raise AssertionError  # the last try returns or raises

    def patiently(self, ask: Callable[[], Result]) -> Result:
        """Ask something that isn't one of the client's methods.

        Raises:
            VectorStoreError: It can't be reached, or refuses.
        """
        try:
            return ask()
        except _failures() as error:
            raise self._explained(error) from error

    def load(self, collection: str) -> None:
        """Have a collection in the server's memory.

        Raises:
            VectorStoreError: It can't be reached, or doesn't manage to.
        """
        for left in reversed(range(_LOADING_TRIES)):
            try:
                self.call("load_collection", collection_name=collection)
            except VectorStoreError:
                if not left:
                    raise
                time.sleep(_PAUSES[0])
            else:
                return

    def _connected(self) -> Any:
        with self._connecting:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> Any:
        from pymilvus import MilvusClient

        address = self._address
        if address.is_folder:
            try:
                os.makedirs(os.path.dirname(address.uri), exist_ok=True)
            except OSError as error:
                raise VectorStoreError(
                    f"{address.shown} can't be made ({error.strerror}); name another folder with --vectors"
                ) from error
        return MilvusClient(address.uri, token=address.token, db_name=address.database, timeout=PATIENCE)

    def _explained(self, error: Exception) -> VectorStoreError:
        said = str(getattr(error, "message", "") or error).strip().partition("\n")[0]
        shown = self._address.shown
        if self._address.is_folder and "Open local milvus failed" in said:
            return VectorStoreError(
                f"the vectors in {shown} can't be opened: another process may have them open, as Milvus Lite "
                "serves one at a time. Wait for it to end, or let all share a server: "
                f"milvus-lite server --host 127.0.0.1 --data-dir {self._address.uri}"
            )
        return VectorStoreError(
            f"Milvus at {shown} can't be used: {said}. See that it runs and can be reached from here; or "
            "give another address with --vectors, or --vectors faiss to search without it from now on"
        )


def _failures() -> tuple[type[Exception], ...]:
    import grpc
    from pymilvus import MilvusException

    return MilvusException, grpc.RpcError, grpc.FutureTimeoutError


def _is_away(error: Exception) -> bool:
    """Whether nothing answered, as while a server starts again."""
    import grpc

    if isinstance(error, grpc.RpcError):
        return bool(error.code() == grpc.StatusCode.UNAVAILABLE)
    return "Fail connecting to server" in str(error)
