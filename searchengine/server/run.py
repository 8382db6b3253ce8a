"""Listening: a socket, uvicorn, and an orderly end."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

from searchengine.errors import UsageError
from searchengine.running import Announcement, Running
from searchengine.server.app import application
from searchengine.server.observe import access

if TYPE_CHECKING:
    from collections.abc import Callable

    from searchengine.library import Library
    from searchengine.server.settings import Settings

PATIENCE = 10
"""Seconds that requests get to come to their end when the server is told to stop."""


def serve(library: Library, settings: Settings, port: int, *, on_ready: Callable[[str], None]) -> None:
    """Answer until a signal says to stop.

    Args:
        library: Open.
        settings: How to serve it.
        port: Where to listen; 0 for any that is free.
        on_ready: Told the server's address once it listens.

    Raises:
        UsageError: The settings are unsafe, or nobody can listen there.
    """
    settings.check()
    _log_to_stderr()
    listening = _listen(settings.host, port)
    announcement = Announcement(library.path, Running.this(_local_address(listening)))
    config = uvicorn.Config(
        application(library, settings, announcement=announcement),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=PATIENCE,
        h11_max_incomplete_event_size=65_536,
    )
    on_ready(_address(listening))
    uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on; they wait until the application has started."""
    listening = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
        )[0]
        # Not `socket.create_server`: without the protocol's number asyncio doesn't switch Nagle's algorithm
        # off, and every answer of two packets waits 40 ms for the receipt of the first.
        listening = socket.socket(family, kind, protocol)
        if os.name == "posix":  # elsewhere it would let two servers share the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except OSError as error:
        if listening is not None:
            listening.close()
        raise UsageError(
            f"can't listen on {host} port {port}: {error.strerror}; choose another with --port or --host"
        ) from error
    return listening


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _local_address(listening: socket.socket) -> str:
    """The same as this machine reaches it: nobody connects to "all addresses"."""
    host, port = listening.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        return f"http://[::1]:{port}" if ":" in host else f"http://127.0.0.1:{port}"
    return _address(listening).rstrip("/")


def _log_to_stderr() -> None:
    """Requests as bare JSON lines, everything else from warnings on."""
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(logging.Formatter("%(message)s"))
    access.handlers = [lines]
    access.setLevel(logging.INFO)
    access.propagate = False
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
