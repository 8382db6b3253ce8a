"""What pictures show, in words: labels, objects and sentences, and groups of the whole library."""

# No `from __future__ import annotations`: FastAPI reads the annotations.
from typing import Annotated

from fastapi import APIRouter, Query, Response

from searchengine.as_json import to_json
from searchengine.server.schemas import (
    ClassifyRequest,
    ClusterGroup,
    DescribeRequest,
    ObjectsRequest,
    PictureDescription,
    PictureLabels,
    PictureObjects,
)
from searchengine.server.service import Served, addresses
from searchengine.server.shapes import many
from searchengine.understanding.classify import Classification
from searchengine.understanding.objects import Objects
from searchengine.understanding.pictures import Answers
from searchengine.understanding.prompts import TEMPLATES

router = APIRouter(prefix="/api", tags=["understanding"])


@router.post("/classify", response_model=many(PictureLabels))
async def classify(service: Served, asked: ClassifyRequest) -> Response:
    """Say which of some labels pictures of the library go with, and how surely."""

    def run() -> Answers[Classification]:
        return service.library.classify(asked.ids, asked.labels, templates=asked.templates or TEMPLATES)

    found = await service.classifying(run)
    return Response(to_json([each.to_dict() for each in found.results]), media_type="application/json")


@router.post("/objects", response_model=many(PictureObjects))
async def objects(service: Served, asked: ObjectsRequest) -> Response:
    """Say what is where in pictures of the library: boxes, with how sure they are."""

    def run() -> Answers[Objects]:
        return service.library.objects(asked.ids, asked.labels, least=asked.least)

    found = await service.looking(run)
    return Response(to_json([each.to_dict() for each in found.results]), media_type="application/json")


@router.post("/describe", response_model=many(PictureDescription))
async def describe(service: Served, asked: DescribeRequest) -> Response:
    """Say in a sentence what pictures of the library show."""
    found = await service.looking(lambda: service.library.describe(asked.ids))
    return Response(to_json([each.to_dict() for each in found.results]), media_type="application/json")


@router.get("/clusters", response_model=many(ClusterGroup))
async def clusters(
    service: Served,
    count: Annotated[
        int | None, Query(ge=1, le=1000, description="How many groups; by default what suits the library.")
    ] = None,
) -> Response:
    """Groups of pictures that look alike, the largest first, each with its most typical pictures."""
    found = await service.clusters(count)
    hashes = service.library.hashes([one.id for each in found for one in each.examples])
    groups = [
        {
            "name": each.name,
            "phrases": each.phrases,
            "size": each.size,
            "examples": [
                {
                    "id": one.id,
                    "path": one.path,
                    "score": one.score,
                    **addresses(one.id, hashes.get(one.id, "")),
                }
                for one in each.examples
            ],
        }
        for each in found
    ]
    return Response(to_json(groups), media_type="application/json")
