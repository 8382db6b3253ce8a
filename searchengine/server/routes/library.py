"""The library as a whole: its state, what there is to filter by, its duplicates, what failed."""

# No `from __future__ import annotations`: FastAPI reads the annotations.
from typing import Annotated

from fastapi import APIRouter, Query, Response

from searchengine.as_json import to_json
from searchengine.duplicates.results import LEVELS, Group, Level
from searchengine.server import cursors
from searchengine.server.limits import MOST_RESULTS
from searchengine.server.schemas import (
    DuplicateGroups,
    Facets,
    Failures,
    LibraryStatus,
    PathsOf,
    PathsWanted,
    ProgressNow,
)
from searchengine.server.service import Served, addresses, counted
from searchengine.status import Failure

router = APIRouter(prefix="/api", tags=["library"])

_JSON = "application/json"
HowMany = Annotated[int, Query(ge=1, le=MOST_RESULTS, description="How many of them.")]
After = Annotated[
    str | None,
    Query(max_length=cursors.LONGEST, description="`next` of the page before; leave it out for the first."),
]


@router.get("/status", response_model=LibraryStatus)
def status(service: Served) -> Response:
    """What is indexed, by which model, and how the last run went."""
    return Response(to_json(service.library.status().to_dict()), media_type=_JSON)


@router.get("/progress", response_model=ProgressNow)
def progress(service: Served) -> Response:
    """How many pictures there are, and how far a run is: cheap, for whoever asks every other second."""
    return Response(to_json(service.library.progress().to_dict()), media_type=_JSON)


@router.get("/failures", response_model=Failures)
def failures(service: Served, k: HowMany = 50, cursor: After = None) -> Response:
    """The files that couldn't be indexed, and why."""
    after = None
    if cursor is not None:
        root, path = cursors.decode(cursor, "failures", 2)
        after = Failure(path, "", root)
    found = service.library.failures(k=k + 1, after=after)
    page, more = found[:k], len(found) > k
    answer = {
        "total": service.library.progress().failed,
        "next": cursors.encode("failures", [page[-1].root, page[-1].path]) if more else None,
        "failures": [{"path": each.path, "reason": each.reason} for each in page],
    }
    return Response(to_json(answer), media_type=_JSON)


@router.get("/facets", response_model=Facets)
def facets(
    service: Served,
    folder: Annotated[
        str, Query(max_length=4096, description="Whose folders are counted; without it, the outermost.")
    ] = "",
) -> Response:
    """Cameras, lenses, types, years, folders and labels, with how many pictures have them."""
    found = {name: counted(values) for name, values in service.library.facets(folder).items()}
    return Response(to_json(found), media_type=_JSON)


@router.get("/duplicates", response_model=DuplicateGroups)
async def duplicates(
    service: Served,
    level: Annotated[Level, Query(description="How alike; each takes in the ones before it.")] = "exact",
    k: HowMany = 50,
    cursor: After = None,
) -> Response:
    """Files that are the same picture, or nearly, and which one to keep. Nothing is ever deleted.

    All levels but `exact` compare pixels, which takes minutes in a large library, the first time. Only a
    first page looks whether anything has changed; the following ones go on with what it found.
    """
    after = None
    if cursor is not None:
        loosest, keep = cursors.decode(cursor, f"duplicates {level}", 2)
        after = loosest, keep
    found = await service.duplicates(level, fresh=cursor is None)
    rest = [group for group in found.groups if after is None or _place(group) > after]
    page, more = rest[:k], len(rest) > k
    hashes = service.library.hashes({member.id for group in page for member in group.members})
    answer = {
        "total": len(found.groups),
        "unreadable": found.unreadable,
        "next": cursors.encode(f"duplicates {level}", _place(page[-1])) if more else None,
        "groups": [_with_addresses(group, hashes) for group in page],
    }
    return Response(to_json(answer), media_type=_JSON)


@router.post("/paths", response_model=PathsOf)
def paths(service: Served, wanted: PathsWanted) -> Response:
    """Where pictures lie, in the order asked; those that aren't there are left out."""
    found = service.library.paths(wanted.ids)
    answer = [
        {"id": image, "path": found[image][0], "copies": found[image][1:]}
        for image in dict.fromkeys(wanted.ids)
        if image in found
    ]
    return Response(to_json({"paths": answer}), media_type=_JSON)


def _place(group: Group) -> tuple[str, str]:
    """What groups are sorted by, as texts."""
    return str(LEVELS.index(group.level)), group.keep


def _with_addresses(group: Group, hashes: dict[int, str]) -> dict[str, object]:
    values = group.to_dict()
    members = [each | addresses(each["id"], hashes.get(each["id"], "")) for each in values["members"]]
    return values | {"members": members}
