"""One picture: what is known of it, and its bytes in three sizes; by its id, and by nothing else."""

# No `from __future__ import annotations`: FastAPI reads the annotations.
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any, BinaryIO
from urllib.parse import quote

import anyio.to_thread
from fastapi import APIRouter, Header, Query, Response
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, StreamingResponse

from searchengine.as_json import to_json
from searchengine.details import Details
from searchengine.errors import ImageError
from searchengine.server.headers import PICTURE_POLICY
from searchengine.server.originals import fetched, file_name, media_type, servable
from searchengine.server.schemas import Image, ImageId
from searchengine.server.service import Served, Service, addresses, details

router = APIRouter(prefix="/api/images/{image}", tags=["images"])

Version = Annotated[str | None, Query(max_length=64, description="Begin of the picture's hash.")]
Time = Annotated[float | None, Query(description="Which of a video's `frames`, in seconds.")]
IfNoneMatch = Annotated[str | None, Header()]

_WEBP: dict[int | str, dict[str, Any]] = {
    200: {"description": "WebP", "content": {"image/webp": {}}},
    304: {"description": "As you have it"},
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"image/*": {}, "application/octet-stream": {}}},
    206: {"description": "A part of the file", "content": {"image/*": {}, "application/octet-stream": {}}},
    304: {"description": "As you have it"},
}


@router.get("", response_model=Image)
def image(service: Served, image: ImageId) -> Response:
    """Everything that is known of a picture."""
    found = details(service, image)
    return Response(to_json(found.to_dict() | addresses(image, found.hash)), media_type="application/json")


@router.get("/thumbnail", response_class=Response, responses=_WEBP)
async def thumbnail(
    service: Served, image: ImageId, v: Version = None, t: Time = None, if_none_match: IfNoneMatch = None
) -> Response:
    """A small picture, at most 320 pixels wide and high."""
    return await _small(service, "thumbnail", image, version=v, time=t, if_none_match=if_none_match)


@router.get("/preview", response_class=Response, responses=_WEBP)
async def preview(
    service: Served, image: ImageId, v: Version = None, t: Time = None, if_none_match: IfNoneMatch = None
) -> Response:
    """A picture that every browser shows, at most 2048 pixels wide and high."""
    return await _small(service, "preview", image, version=v, time=t, if_none_match=if_none_match)


@router.get("/original", response_class=Response, responses=_FILE)
def original(
    service: Served, image: ImageId, v: Version = None, if_none_match: IfNoneMatch = None
) -> Response:
    """The file as it is, whole or in ranges."""
    found = details(service, image)
    headers = _caching(found, v, "original")
    if _has(if_none_match, headers["ETag"]):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    kind = media_type(found.format)
    headers["Content-Security-Policy"] = PICTURE_POLICY
    shown = "inline" if kind.startswith(("image/", "video/")) else "attachment"
    place = servable(found)
    if place is None and (copy := fetched(found)) is not None:
        url, file = copy
        name = quote(file_name(url))
        headers |= {"Content-Disposition": f"{shown}; filename*=utf-8''{name}", "Accept-Ranges": "none"}
        return StreamingResponse(_pieces(file), headers=headers, media_type=kind)
    if place is None:
        raise HTTPException(
            HTTPStatus.NOT_FOUND,
            "none of this picture's files is there as it was indexed; connect its disk, or index again",
        )
    path, status = place
    return FileResponse(
        path,
        stat_result=status,
        media_type=kind,
        headers=headers,
        filename=file_name(path),
        content_disposition_type=shown,
    )


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(1 << 20):
            yield piece


async def _small(
    service: Service,
    kind: str,
    image: int,
    *,
    version: str | None,
    time: float | None,
    if_none_match: str | None,
) -> Response:
    found = await anyio.to_thread.run_sync(details, service, image)
    if time is not None and time not in found.frames:
        # Not any moment: every one would be another thumbnail to keep.
        raise HTTPException(HTTPStatus.NOT_FOUND, "that isn't one of this video's frames; see its `frames`")
    headers = _caching(found, version, kind if time is None else f"{kind}@{time!r}")
    if _has(if_none_match, headers["ETag"]):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    try:
        if kind == "preview":
            data = await service.decoding(lambda: service.library.preview(image, time))
        else:
            data = await anyio.to_thread.run_sync(service.library.thumbnail, image, time)
    except (KeyError, ImageError) as error:
        detail = str(error) if isinstance(error, ImageError) else f"the library has no picture {image}"
        raise HTTPException(HTTPStatus.NOT_FOUND, detail) from error
    return Response(
        data, headers=headers | {"Content-Security-Policy": PICTURE_POLICY}, media_type="image/webp"
    )


def _caching(found: Details, version: str | None, kind: str) -> dict[str, str]:
    """An id means the same bytes for ever, but only in this library; with their hash it does anywhere."""
    certain = version is not None and len(version) >= 16 and found.hash.startswith(version)
    keep = "max-age=31536000, immutable" if certain else "no-cache"
    return {"ETag": f'"{found.hash[:32]}-{kind}"', "Cache-Control": f"private, {keep}"}


def _has(if_none_match: str | None, tag: str) -> bool:
    if if_none_match is None:
        return False
    tags = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return tag in tags or "*" in tags
