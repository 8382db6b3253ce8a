"""The whole answer to a query as a download, however long it is."""

# No `from __future__ import annotations`: FastAPI reads the annotations.
import os
from collections.abc import AsyncIterator
from itertools import takewhile
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from starlette.responses import StreamingResponse

from searchengine.as_json import to_json
from searchengine.query.relevance import STRICTNESS
from searchengine.results import SearchResult, SearchResults
from searchengine.server.schemas import Collapse, QueryText, SortName, Strictness
from searchengine.server.service import Served
from searchengine.server.uploads import References

router = APIRouter(tags=["search"])

PAGE = 5000
"""Results in memory at once: some megabytes. Each page ranks anew what comes before it."""

_TYPES = {"paths": "text/plain; charset=utf-8", "jsonl": "application/x-ndjson"}
_CONTENT = {"text/plain": {"schema": {"type": "string"}}, "application/x-ndjson": {"schema": {}}}


@router.get(
    "/api/export",
    response_class=Response,
    responses={200: {"description": "A line for each picture", "content": _CONTENT}},
)
async def export(
    service: Served,
    *,
    q: QueryText = "",
    sort: SortName = "relevance",
    strictness: Strictness = STRICTNESS,
    collapse: Collapse = False,
    relevant: Annotated[bool, Query(description="Only what is above the relevance line.")] = True,
    format: Annotated[  # noqa: A002  as on the command line
        Literal["paths", "jsonl"], Query(description="A path a line, or a result as JSON.")
    ] = "paths",
) -> StreamingResponse:
    """All that a query finds, as `search --all` prints it: a path a line, or a JSON object a line."""

    def page(cursor: str | None) -> SearchResults:
        return service.library.search(
            q,
            k=PAGE,
            cursor=cursor,
            sort=sort,
            collapse=collapse,
            strictness=strictness,
            pictures=References({}),
        )

    # Before the answer begins: what is wrong with the query can't be said later.
    first = await service.in_turn(lambda: page(None))

    async def lines() -> AsyncIterator[bytes]:
        results = first
        while True:
            kept = [*takewhile(lambda each: not relevant or each.relevant is not False, results)]
            yield b"".join(_line(each, format) for each in kept)
            cursor = results.next
            if cursor is None or len(kept) < len(results):
                return
            results = await service.in_turn(lambda: page(cursor))  # noqa: B023  awaited at once

    name = "pictures.txt" if format == "paths" else "pictures.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(lines(), media_type=_TYPES[format], headers=headers)


def _line(result: SearchResult, format_: str) -> bytes:
    return (os.fsencode(result.path) if format_ == "paths" else to_json(result.to_dict())) + b"\n"
