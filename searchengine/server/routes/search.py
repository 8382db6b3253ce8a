"""Searching: by words, by pictures sent along, by pictures in the library."""

# No `from __future__ import annotations`: FastAPI reads the annotations.
import json
from http import HTTPStatus
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from searchengine.query.relevance import STRICTNESS
from searchengine.results import SearchResults
from searchengine.server.schemas import (
    Collapse,
    Count,
    CursorText,
    ImageId,
    QueryText,
    SearchAnswer,
    SearchRequest,
    SortName,
    Strictness,
)
from searchengine.server.service import Served, Service, details
from searchengine.server.uploads import References, only_picture, open_form

router = APIRouter(tags=["search"])

_JSON = "application/json"
_MULTIPART = "multipart/form-data"
# What a form can say: of a request all but its lists, and none of it as null.
_FIELDS = {
    name: kind.get("anyOf", [kind])[0]
    for name, kind in SearchRequest.model_json_schema()["properties"].items()
    if name not in ("more", "less")
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            _JSON: {"schema": {"$ref": "#/components/schemas/SearchRequest"}},
            _MULTIPART: {
                "schema": {
                    "type": "object",
                    "properties": {**_FIELDS, "image": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}


@router.get("/api/search", response_model=SearchAnswer)
async def search(
    service: Served,
    *,
    q: QueryText = "",
    k: Count = 10,
    cursor: CursorText = None,
    sort: SortName = "relevance",
    strictness: Strictness = STRICTNESS,
    collapse: Collapse = False,
) -> Response:
    """Find pictures. `image:` in the query takes the id of a picture."""
    asked = SearchRequest(q=q, k=k, cursor=cursor, sort=sort, strictness=strictness, collapse=collapse)
    return await _answer(service, asked, {})


@router.post("/api/search", response_model=SearchAnswer, openapi_extra=_BODY)
async def search_by_body(service: Served, request: Request) -> Response:
    """Find pictures: the likes of one that is sent, or what `q` makes of `image:PART`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _JSON:
        return await _answer(service, _asked(_json(await request.body()), strict=True), {})
    if kind != _MULTIPART:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send {_JSON} or {_MULTIPART}")
    async with open_form(request) as (texts, uploads), service.uploads:
        asked = _asked(texts, strict=False)  # of a form, numbers are texts
        with service.metrics.stage("read"):
            files = {name: await upload.read() for name, upload in uploads.items()}
        return await _answer(service, asked, files)


@router.get("/api/images/{image}/similar", response_model=SearchAnswer)
async def similar(
    service: Served,
    image: ImageId,
    *,
    k: Count = 10,
    cursor: Annotated[CursorText, Query()] = None,
    strictness: Strictness = STRICTNESS,
    collapse: Collapse = False,
) -> Response:
    """Find the likes of a picture in the library; it finds itself too."""
    await anyio.to_thread.run_sync(details, service, image)  # not there is 404 here, and 400 in a query
    asked = SearchRequest(q=f"image:{image}", k=k, cursor=cursor, strictness=strictness, collapse=collapse)
    return await _answer(service, asked, {})


async def _answer(service: Service, asked: SearchRequest, files: dict[str, bytes]) -> Response:
    if asked.url is not None:
        if "url" in files:
            raise HTTPException(HTTPStatus.BAD_REQUEST, "send a picture named url, or the address of one")
        files = files | {"url": await service.fetching(asked.url, fresh=asked.cursor is None)}

    def run() -> SearchResults:
        alone = only_picture(files)
        if alone is not None and not asked.q.strip():
            return service.library.similar(
                files[alone],
                k=asked.k,
                cursor=asked.cursor,
                collapse=asked.collapse,
                strictness=asked.strictness,
            )
        return service.library.search(
            asked.q,
            k=asked.k,
            cursor=asked.cursor,
            sort=asked.sort,
            collapse=asked.collapse,
            strictness=asked.strictness,
            pictures=References(files),
            more=asked.more,
            less=asked.less,
        )

    return Response(await service.searching(run), media_type=_JSON)


def _asked(values: Any, *, strict: bool) -> SearchRequest:
    try:
        return SearchRequest.model_validate(values, strict=strict)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "the body isn't JSON") from error
