"""The library as a whole: its state, what there is to filter by, its duplicates."""

# No `from __future__ import annotations`: FastAPI reads the annotations.
from typing import Annotated

from fastapi import APIRouter, Query, Response

from searchengine.as_json import to_json
from searchengine.duplicates.results import Level
from searchengine.server.schemas import MOST_RESULTS, DuplicateGroups, Facets, LibraryStatus
from searchengine.server.service import Served, counted

router = APIRouter(prefix="/api", tags=["library"])


@router.get("/status", response_model=LibraryStatus)
def status(service: Served) -> Response:
    """What is indexed, by which model, and how the last run went."""
    return Response(to_json(service.library.status().to_dict()), media_type="application/json")


@router.get("/facets", response_model=Facets)
def facets(service: Served) -> Response:
    """Cameras, lenses, types and years, with how many pictures have them."""
    found = {name: counted(values) for name, values in service.library.facets().items()}
    return Response(to_json(found), media_type="application/json")


@router.get("/duplicates", response_model=DuplicateGroups)
async def duplicates(
    service: Served,
    level: Annotated[Level, Query(description="How alike; each takes in the ones before it.")] = "exact",
    k: Annotated[int, Query(ge=1, le=MOST_RESULTS, description="How many groups.")] = 50,
    offset: Annotated[int, Query(ge=0, le=10**9, description="How many groups to pass over.")] = 0,
) -> Response:
    """Files that are the same picture, or nearly, and which one to keep. Nothing is ever deleted.

    All levels but `exact` compare pixels, which takes minutes in a large library, the first time.
    """
    found = await service.duplicates(level)
    answer = {
        "total": len(found.groups),
        "unreadable": found.unreadable,
        "groups": [group.to_dict() for group in found.groups[offset : offset + k]],
    }
    return Response(to_json(answer), media_type="application/json")
