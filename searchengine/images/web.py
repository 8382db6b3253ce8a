"""A picture behind an address on the web."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from functools import partial
from typing import TYPE_CHECKING, Any

from searchengine import __version__
from searchengine.errors import ImageError, ImageLimitError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 100_000_000
TIMEOUT = 30.0
_CHUNK = 1 << 16
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def fetch(url: str, *, limit: int = MOST_BYTES, timeout: float = TIMEOUT, public_only: bool = False) -> bytes:
    """The bytes behind an http(s) address.

    Args:
        url: The address; spaces and letters beyond ASCII are quoted.
        limit: Most bytes.
        timeout: Seconds for everything together.
        public_only: Connect to addresses of the public internet alone, wherever names and redirects lead, and
            through no proxy: for whoever fetches in the name of strangers, who may not reach what this
            machine can.

    Raises:
        ImageError: Nothing answers, the answer is an error, or it is a web page.
        ImageLimitError: It is too big, or takes too long.
        UsageError: It isn't an http(s) address, or leads to one that isn't public.
    """
    deadline = time.monotonic() + timeout
    too_slow = f"{url} took longer than {timeout:g} seconds; download it and search with the file"
    try:
        request = urllib.request.Request(_quoted(url), headers={"User-Agent": f"imgsearch/{__version__}"})  # noqa: S310 - http(s) only, see _opener
        with _opener(public_only=public_only).open(request, timeout=timeout) as answer:
            if answer.headers.get_content_type() in ("text/html", "application/xhtml+xml"):
                raise ImageError(f"{url} is a web page, not a picture; use the address of the picture in it")
            parts: list[bytes] = []
            size = 0
            # A server that sends a byte now and then never runs into the socket's own timeout.
            while size <= limit and (part := answer.read1(_CHUNK)):
                if time.monotonic() > deadline:
                    raise ImageLimitError(too_slow)
                parts.append(part)
                size += len(part)
            if size <= limit and answer.length:
                raise ImageError(f"{url} broke off in the middle; try again")
    except TimeoutError as error:
        raise ImageLimitError(too_slow) from error
    except urllib.error.HTTPError as error:
        with error:
            raise ImageError(f"{url} can't be had: the server answers {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise ImageLimitError(too_slow) from error
        reason = (error.reason.strerror if isinstance(error.reason, OSError) else None) or error.reason
        raise ImageError(f"{url} can't be reached: {reason}") from error
    except (http.client.HTTPException, OSError, ValueError) as error:
        raise ImageError(f"{url} can't be had: {str(error) or type(error).__name__}") from error
    return within_limit(b"".join(parts), url, limit)


def within_limit(data: bytes, what: str, limit: int = MOST_BYTES) -> bytes:
    """The same bytes.

    Raises:
        ImageLimitError: There are more of them than may be.
    """
    if len(data) > limit:
        raise ImageLimitError(f"{what} is bigger than {limit / 1e6:g} MB, which is the limit")
    return data


def is_public(address: str) -> bool:
    """Whether an IP address is of the public internet: not of this machine, its network or its provider."""
    ip = ipaddress.ip_address(address)
    return all(each.is_global and not each.is_multicast for each in (ip, *_inside(ip)))


def _inside(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    """The IPv4 addresses that an IPv6 one leads to, where it is one of those that do."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            yield ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        yield from (each for each in (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())) if each)


def _connect_publicly(
    place: tuple[str, int], timeout: float, source: tuple[str, int] | None = None
) -> socket.socket:
    """Connect to a name's address, the very one that was looked at: looked up again it may be another."""
    host, port = place
    addresses = [found[4][0] for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for address in addresses:
        if not is_public(str(address)):
            raise UsageError(f"{host} isn't on the public internet, and nothing else is fetched from here")
    failed: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((str(address), port), timeout, source)
        except OSError as error:
            failed = error
    raise failed or OSError(f"{host} has no address")


class _PublicHTTP(urllib.request.HTTPHandler):
    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_public, http.client.HTTPConnection), request)


class _PublicHTTPS(urllib.request.HTTPSHandler):
    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_public, http.client.HTTPSConnection), request)


def _public(kind: type[http.client.HTTPConnection], host: str, **options: Any) -> http.client.HTTPConnection:
    connection = kind(host, **options)
    connection._create_connection = _connect_publicly  # type: ignore[attr-defined]  # noqa: SLF001  the one place where it connects
    return connection


def _opener(*, public_only: bool) -> urllib.request.OpenerDirector:
    """What opens addresses: http and https alone, so that no redirect leads to a file or to FTP."""
    opener = urllib.request.OpenerDirector()
    ways: tuple[type[urllib.request.BaseHandler], ...] = (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
    )
    if public_only:
        ways = (_PublicHTTP, _PublicHTTPS)
    for handler in (
        *ways,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
    ):
        opener.add_handler(handler())
    return opener


def _quoted(url: str) -> str:
    """The address as it goes over the wire; raises UsageError when it isn't one."""
    if not url.lower().startswith(("http://", "https://")):
        raise UsageError(f"{url} isn't an http or https address")
    parts = urllib.parse.urlsplit(url)
    host = parts.netloc.encode("idna").decode() if not parts.netloc.isascii() else parts.netloc
    path, query = (urllib.parse.quote(text, safe="/%:@!$&'()*+,;=?~") for text in (parts.path, parts.query))
    return urllib.parse.urlunsplit((parts.scheme, host, path, query, ""))
