"""Every error as a problem document (RFC 9457): what went wrong, in the same words as on the command line."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response

from searchengine.as_json import to_json
from searchengine.errors import (
    ImageError,
    ImageLimitError,
    ImgsearchError,
    LibraryError,
    ModelError,
    QueryError,
    UnsupportedImageError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEDIA_TYPE = "application/problem+json"

# The first that fits counts.
STATUSES: tuple[tuple[type[ImgsearchError], HTTPStatus], ...] = (
    (UsageError, HTTPStatus.BAD_REQUEST),
    (UnsupportedImageError, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (ImageLimitError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (ImageError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (LibraryError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ModelError, HTTPStatus.SERVICE_UNAVAILABLE),
)


def problem(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
) -> Response:
    """An answer that says what went wrong.

    Args:
        status: HTTP's.
        detail: For people.
        headers: To send besides.
        members: More, for programs.
    """
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        **members,
    }
    return Response(to_json(body), status, headers, MEDIA_TYPE)


def of_error(error: ImgsearchError) -> Response:
    """The problem document of an error that the packages raise on purpose."""
    status = next((code for kind, code in STATUSES if isinstance(error, kind)), None)
    members: dict[str, Any] = {}
    headers = None
    if isinstance(error, QueryError):
        members = {"query": error.query, "start": error.start, "end": error.end}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers = {"Retry-After": "5"}
    return problem(status or HTTPStatus.INTERNAL_SERVER_ERROR, str(error), headers=headers, **members)


def _of_validation(error: RequestValidationError) -> Response:
    # What was sent isn't repeated: it may be anything, also what no JSON can hold.
    errors = [
        {"where": ".".join(str(part) for part in each["loc"]), "message": each["msg"]}
        for each in error.errors()
    ]
    said = "; ".join(f"{each['where']}: {each['message']}" for each in errors)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, said, errors=errors)


class NothingButProblems:
    """Puts a problem document in the place of errors in plain text, as libraries below answer with some."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        replaced: Response | None = None

        async def checked(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] >= HTTPStatus.BAD_REQUEST:
                headers = MutableHeaders(raw=list(message["headers"]))
                if headers.get("content-type", "").startswith("text/plain"):
                    del headers["content-type"], headers["content-length"]
                    status = message["status"]
                    replaced = problem(status, HTTPStatus(status).description, headers=dict(headers))
                    await replaced(scope, receive, send)
            if replaced is None:
                await send(message)

        await self._app(scope, receive, checked)


def explain_errors(app: FastAPI) -> None:
    """Have an application answer every error with a problem document."""

    @app.exception_handler(ImgsearchError)
    def _(_: Request, error: ImgsearchError) -> Response:
        return of_error(error)

    @app.exception_handler(RequestValidationError)
    def _(_: Request, error: RequestValidationError) -> Response:
        return _of_validation(error)

    @app.exception_handler(HTTPException)
    def _(request: Request, error: HTTPException) -> Response:
        detail = error.detail
        if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
            detail = "there is nothing at this path; /openapi.json lists what there is"
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            detail = f"{request.method} isn't possible here"
        return problem(error.status_code, detail, headers=error.headers)

    @app.exception_handler(Exception)
    def _(_: Request, __: Exception) -> Response:
        return problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "the server made a mistake; what led to it is in its log. Please report it",
        )
