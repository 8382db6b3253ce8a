"""Concepts taught by example: what there is, what to label next; teaching is for who shows the token."""

# No `from __future__ import annotations`: FastAPI reads the annotations.
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from starlette.exceptions import HTTPException

from searchengine.as_json import to_json
from searchengine.errors import UsageError
from searchengine.running import KEY_PREFIX
from searchengine.server import cursors
from searchengine.server.guard import bearer
from searchengine.server.limits import MOST_RESULTS
from searchengine.server.schemas import (
    ExamplesGiven,
    ImageId,
    Label,
    LabelExamples,
    LabelList,
    LabelSuggestion,
    NewName,
)
from searchengine.server.service import Served, Service, addresses, details
from searchengine.server.settings import TOKEN_VARIABLE
from searchengine.server.shapes import many
from searchengine.understanding.taught import LabelledPicture, Suggestion

router = APIRouter(prefix="/api/labels", tags=["labels"])

_JSON = "application/json"
_ON_A_CARD = 4
_SIDES = {True: "shows", False: "shows not"}

Name = Annotated[str, Path(min_length=1, max_length=100, description="A label's name; `/` may stand in it.")]


async def _teaching(
    service: Served, authorization: Annotated[str, Header(include_in_schema=False)] = ""
) -> Service:
    """The service, for who may change labels: whoever has shown the token, not only the server's own key.

    Raises:
        HTTPException: The server has none.
    """
    if not service.may_teach:
        raise HTTPException(
            HTTPStatus.FORBIDDEN,
            "labels can be changed here once the server has a token: start it with "
            f"{TOKEN_VARIABLE} set; or on its machine with: imgsearch label",
        )
    if bearer(authorization).startswith(KEY_PREFIX):
        raise HTTPException(
            HTTPStatus.FORBIDDEN, "the server's own key changes no labels: show its token instead"
        )
    return service


Teaching = Annotated[Service, Depends(_teaching)]


@router.get("", response_model=LabelList)
async def labels(service: Served) -> Response:
    """What was taught, by how many pictures, and whether it can be taught here."""

    def listed() -> dict[str, Any]:
        library = service.library
        found = [
            each.to_dict() | {"thumbnails": _thumbnails(service, each.name)} for each in library.labels()
        ]
        return {"writable": service.may_teach, "labels": found}

    return Response(to_json(await service.in_turn(listed)), media_type=_JSON)


@router.get("/{name:path}/suggest", response_model=many(LabelSuggestion))
async def suggest(
    service: Served,
    name: Name,
    k: Annotated[int, Query(ge=1, le=MOST_RESULTS, description="How many of them.")] = 10,
) -> Response:
    """The pictures that would teach a label most, those it is least sure of; the least sure comes first."""

    def suggested() -> list[dict[str, Any]]:
        _known(service, name)
        return _with_addresses(service, service.library.suggest(name, k))

    return Response(to_json(await service.in_turn(suggested)), media_type=_JSON)


@router.get("/{name:path}/examples", response_model=LabelExamples)
async def examples(
    service: Served,
    name: Name,
    k: Annotated[int, Query(ge=1, le=MOST_RESULTS, description="How many of them.")] = 50,
    cursor: Annotated[
        str | None,
        Query(
            max_length=cursors.LONGEST, description="`next` of the page before; leave it out for the first."
        ),
    ] = None,
) -> Response:
    """The pictures that a label was taught by: those that show it, then those that don't."""
    after = None if cursor is None else _place(cursors.decode(cursor, f"examples {name}", 2))

    def listed() -> dict[str, Any]:
        known = _known(service, name)
        found = service.library.examples(name, k=k + 1, after=after)
        page, more = found[:k], len(found) > k
        last = [_SIDES[page[-1].shows], str(page[-1].id)] if more else None
        return {
            "label": known,
            "next": last and cursors.encode(f"examples {name}", last),
            "examples": _with_addresses(service, page),
        }

    return Response(to_json(await service.in_turn(listed)), media_type=_JSON)


@router.post("/{name:path}/examples", response_model=Label)
async def teach(service: Teaching, name: Name, given: ExamplesGiven) -> Response:
    """Say that pictures show a label, or don't; it is made where there is none, and learned at once."""

    def taught() -> dict[str, Any]:
        row = service.library.teacher.add(name, given.ids, shows=given.shows)
        return _known(service, row.name)

    return Response(to_json(await service.teaching(taught)), media_type=_JSON)


@router.post("/{name:path}/train", response_model=Label)
async def train(service: Teaching, name: Name) -> Response:
    """Learn a label anew; needed only after examples have left the library."""

    def learned() -> dict[str, Any]:
        _known(service, name)
        service.library.teacher.train(name)
        return _known(service, name)

    return Response(to_json(await service.teaching(learned)), media_type=_JSON)


@router.delete("/{name:path}/examples/{image}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
async def take_back(service: Teaching, name: Name, image: ImageId) -> Response:
    """Take back what was said of a picture. A label that no picture shows any more is gone."""

    def take() -> None:
        known = _known(service, name)["name"]
        if known not in {each.name for each in details(service, image).labels}:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"picture {image} is no example of {known}")
        service.library.teacher.remove(known, [image])

    await service.teaching(take)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.patch("/{name:path}", response_model=Label)
async def rename(service: Teaching, name: Name, given: NewName) -> Response:
    """Let a label go by another name, with all its examples."""

    def renamed() -> dict[str, Any]:
        row = service.library.teacher.rename(_known(service, name)["name"], given.name)
        return _known(service, row.name)

    return Response(to_json(await service.teaching(renamed)), media_type=_JSON)


@router.delete("/{name:path}", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
async def forget(service: Teaching, name: Name) -> Response:
    """Forget a label with all its examples; the pictures stay."""

    def remove() -> None:
        service.library.teacher.remove(_known(service, name)["name"])

    await service.teaching(remove)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _place(key: Sequence[str]) -> tuple[bool, int]:
    """What a cursor says of the last example of the page before."""
    side, image = key
    if side not in _SIDES.values() or not re.fullmatch(r"[0-9]{1,15}", image):
        raise UsageError("this isn't a cursor that a page of this list gave; leave it out to begin anew")
    return side == _SIDES[True], int(image)


def _known(service: Service, name: str) -> dict[str, Any]:
    """A label as it is now.

    Raises:
        HTTPException: There is none of this name.
    """
    wanted = name.strip().lower()
    for each in service.library.labels():
        if each.name == wanted:
            return each.to_dict()
    raise HTTPException(HTTPStatus.NOT_FOUND, f"no label is called {name}; /api/labels lists those there are")


def _thumbnails(service: Service, name: str) -> list[str]:
    shown = [each for each in service.library.examples(name, k=_ON_A_CARD) if each.shows]
    return [each["thumbnail"] for each in _with_addresses(service, shown)]


def _with_addresses(
    service: Service, pictures: Sequence[Suggestion | LabelledPicture]
) -> list[dict[str, Any]]:
    hashes = service.library.hashes([each.id for each in pictures])
    return [each.to_dict() | addresses(each.id, hashes.get(each.id, "")) for each in pictures]
