"""How a server is to run, and which ways to run one are refused."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from searchengine.errors import UsageError
from searchengine.running import KEY_PREFIX

TOKEN_VARIABLE = "IMGSEARCH_TOKEN"  # noqa: S105  the variable's name, not a token
SHORTEST_TOKEN = 16
"""Characters. Whoever can reach a port can guess at it as fast as it answers."""

BUSY_PATIENCE = 5.0
"""Seconds that who teaches a label waits for a transaction of another process, such as an indexing run's."""

_MAKE_ONE = (
    f"make one: export {TOKEN_VARIABLE}=$(python3 -c 'import secrets; print(secrets.token_urlsafe())')"
)

LOOPBACK_NAMES = ("localhost", "ip6-localhost", "ip6-loopback")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the server is told when it starts.

    Attributes:
        host: Name or address to listen on.
        token: What everyone has to show who wants an answer; None for nobody.
        allowed_hosts: Names, besides loopback's, by which the server may be addressed.
        upload_bytes: Most bytes of a request.
        upload_pixels: Most pixels of an uploaded picture.
        access_log: Whether to write a line for each request.
        decode_seconds: Most that decoding an uploaded picture may take.
        allow_fetch: Whether pictures are fetched from the web for whoever asks.
        embedding_api: Whether the model answers for others as well, to everyone who reaches the server.
    """

    host: str = "127.0.0.1"
    token: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    upload_bytes: int = 50_000_000
    upload_pixels: int = 100_000_000
    access_log: bool = False
    decode_seconds: float = 20.0
    allow_fetch: bool = False
    embedding_api: bool = False

    def check(self) -> None:
        """Refuse what would lay the pictures open.

        Raises:
            UsageError: Others could reach the server, and there is no token, or one that is easily guessed.
        """
        if self.token is not None and len(self.token) < SHORTEST_TOKEN:
            raise UsageError(
                f"the token in {TOKEN_VARIABLE} has fewer than {SHORTEST_TOKEN} characters and can be "
                f"guessed; {_MAKE_ONE}"
            )
        if self.token is not None and self.token.startswith(KEY_PREFIX):
            raise UsageError(
                f"a token that begins with {KEY_PREFIX} is taken for a server's own key; {_MAKE_ONE}"
            )
        if self.token is None and not is_loopback(self.host):
            raise UsageError(
                f"{self.host} can be reached from other machines, and then needs a token; {_MAKE_ONE}"
            )


def is_loopback(host: str) -> bool:
    """Whether a name or address leads to this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() in LOOPBACK_NAMES


def may_be_addressed_as(header: str, settings: Settings) -> bool:
    """Whether the Host header of a request names this server.

    A page of another site can have its own name resolve to our address (DNS rebinding) and would then count
    as ours to the browser. It can't do so with an address in digits, which nobody resolves.
    """
    name = header.rsplit(":", 1)[0] if not header.endswith("]") else header
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        known = {host.lower() for host in (*LOOPBACK_NAMES, *settings.allowed_hosts, settings.host)}
        return name.lower().rstrip(".") in known
    return True
