"""The picture a search begins with: a file, standard input, or an address on the web."""

from __future__ import annotations

import http.client
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from searchengine import __version__
from searchengine.errors import ImageError, ImageLimitError, UsageError

STDIN = "-"
MOST_BYTES = 100_000_000
TIMEOUT = 30.0
_CHUNK = 1 << 16


def picture(source: str) -> str | bytes:
    """What `Library.similar` should look at: the path of a file as it is, or the bytes of anything else.

    Args:
        source: A path, ``-`` for standard input, or an http(s) address.

    Raises:
        ImageError: The address doesn't answer with a picture.
        ImageLimitError: There is more of it than 100 MB, or it takes longer than 30 seconds.
        UsageError: Standard input is empty.
    """
    if source == STDIN:
        data = sys.stdin.buffer.read(MOST_BYTES + 1)
        if not data:
            raise UsageError("standard input is empty; pipe a picture into it")
        return _within_limit(data, "the picture on standard input")
    if source.lower().startswith(("http://", "https://")):
        return fetch(source)
    return source


def fetch(url: str, *, limit: int = MOST_BYTES, timeout: float = TIMEOUT) -> bytes:
    """The bytes behind an http(s) address.

    Args:
        url: The address; spaces and letters beyond ASCII are quoted.
        limit: Most bytes.
        timeout: Seconds for everything together.

    Raises:
        ImageError: Nothing answers, the answer is an error, or it is a web page.
        ImageLimitError: It is too big, or takes too long.
    """
    deadline = time.monotonic() + timeout
    too_slow = f"{url} took longer than {timeout:g} seconds; download it and search with the file"
    try:
        request = urllib.request.Request(_quoted(url), headers={"User-Agent": f"imgsearch/{__version__}"})  # noqa: S310 - http(s) only, see _opener
        with _opener().open(request, timeout=timeout) as answer:
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
    return _within_limit(b"".join(parts), url, limit)


def _within_limit(data: bytes, what: str, limit: int = MOST_BYTES) -> bytes:
    if len(data) > limit:
        raise ImageLimitError(f"{what} is bigger than {limit / 1e6:g} MB, which is the limit")
    return data


def _opener() -> urllib.request.OpenerDirector:
    """What opens addresses: http and https alone, so that no redirect leads to a file or to FTP."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
    ):
        opener.add_handler(handler())
    return opener


def _quoted(url: str) -> str:
    """The address as it goes over the wire."""
    parts = urllib.parse.urlsplit(url)
    host = parts.netloc.encode("idna").decode() if not parts.netloc.isascii() else parts.netloc
    path, query = (urllib.parse.quote(text, safe="/%:@!$&'()*+,;=?~") for text in (parts.path, parts.query))
    return urllib.parse.urlunsplit((parts.scheme, host, path, query, ""))
