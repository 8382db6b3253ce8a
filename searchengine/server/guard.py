"""Who gets an answer: the right host name, no foreign page, the token, and no more bytes than are allowed."""

from __future__ import annotations

import hashlib
import hmac
import re
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from searchengine.running import KEY_PREFIX
from searchengine.server.problems import problem
from searchengine.server.settings import may_be_addressed_as

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from searchengine.server.settings import Settings

COOKIE = "imgsearch_session"
SIGN_IN = "/api/session"

# What tells nothing about any picture: the page's own files, how one signs in, and that the server lives.
OPEN_PATHS = ("/", "/favicon.ico", "/healthz", SIGN_IN)
OPEN_FOLDER = "/page/"
# Where the server embeds for others: those can't show a token.
EMBEDDING_PATHS = ("/ping", "/predict")


class Guard:
    """Lets through what may have an answer; the rest gets a problem document.

    Args:
        app: What it stands before.
        settings: With the token, if there is one.
        key: What the server's record in the library's folder lets in besides; see `searchengine.running`.
    """

    def __init__(self, app: ASGIApp, settings: Settings, key: str | None = None) -> None:
        self._app = app
        self._settings = settings
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope["method"], scope["path"], Headers(scope=scope))
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._bounded(scope, receive, send)

    def _refusal(self, method: str, path: str, headers: Headers) -> Response | None:
        if not may_be_addressed_as(headers.get("host", ""), self._settings):
            return problem(
                HTTPStatus.MISDIRECTED_REQUEST,
                "this server doesn't go by that name; to have it do so, start it with --allow-host NAME",
            )
        # Browsers say whether another site's page is asking; following a link to the page itself is fine.
        foreign = headers.get("sec-fetch-site", "none") not in ("same-origin", "none")
        if foreign and not (headers.get("sec-fetch-mode") == "navigate" and method == "GET" and path == "/"):
            return problem(HTTPStatus.FORBIDDEN, "pages of other sites get no answers here")
        given = bearer(headers.get("authorization", ""))
        if given.startswith(KEY_PREFIX) and (self._key is None or not is_token(given, self._key)):
            return problem(HTTPStatus.MISDIRECTED_REQUEST, "this key is that of a server that has ended")
        if not (self._is_open(path) or self._may_enter(given, headers)):
            return problem(
                HTTPStatus.UNAUTHORIZED,
                "this server asks for its token: Authorization: Bearer TOKEN, or sign in on the page",
                headers={"WWW-Authenticate": "Bearer"},
            )
        length = headers.get("content-length", "")
        # Digits only, and not more of them than any length has: what isn't so, counting finds out.
        if re.fullmatch(r"[0-9]{1,18}", length) and int(length) > self._settings.upload_bytes:
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self._limit())
        return None

    def _is_open(self, path: str) -> bool:
        if path in EMBEDDING_PATHS:
            return self._settings.embedding_api
        return path in OPEN_PATHS or path.startswith(OPEN_FOLDER)

    def _may_enter(self, given: str, headers: Headers) -> bool:
        token = self._settings.token
        # A key has been looked at before.
        if token is None or given.startswith(KEY_PREFIX) or is_token(given, token):
            return True
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and hmac.compare_digest(
            cookie.value.encode(), session_value(token).encode()
        )

    def _limit(self) -> str:
        return f"at most {self._settings.upload_bytes / 1e6:g} MB can be sent; search with a smaller copy"

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on at most as many bytes as are allowed, whatever length was announced."""
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._settings.upload_bytes:
                # Raised where the application reads: it answers with a problem document, as to any of these.
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, self._limit())
            return message

        await self._app(scope, counted, send)


def bearer(authorization: str) -> str:
    """What stands in Authorization: Bearer; nothing where there is none."""
    scheme, _, given = authorization.partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def is_token(given: str, token: str) -> bool:
    """Whether this is the token, found out in a time that tells nothing about it."""
    return hmac.compare_digest(
        given.encode("utf-8", "surrogateescape"), token.encode("utf-8", "surrogateescape")
    )


def session_value(token: str) -> str:
    """What the cookie holds: proof of having known the token, but not the token."""
    return hmac.new(token.encode("utf-8", "surrogateescape"), COOKIE.encode(), hashlib.sha256).hexdigest()
