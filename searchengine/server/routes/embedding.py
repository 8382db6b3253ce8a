"""The model for others: the interface of Immich's machine-learning service, as far as it is CLIP's.

A gallery sends a form with `entries`, which says in JSON what it wants, and a `text` or an `image`; it gets
the embedding as a text that holds a JSON list of numbers. No token is sent, and none is asked for.
"""

# No `from __future__ import annotations`: FastAPI reads the annotations.
import json
import re
from http import HTTPStatus
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from searchengine.as_json import to_json
from searchengine.server.schemas import Embedded
from searchengine.server.service import Served
from searchengine.server.uploads import open_form

router = APIRouter(tags=["embedding"])

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["entries"],
                    "properties": {
                        "entries": {
                            "type": "string",
                            "description": '{"clip": {"visual" or "textual": {"modelName": "…"}}}, as JSON.',
                        },
                        "text": {"type": "string"},
                        "image": {"type": "string", "format": "binary"},
                    },
                }
            }
        },
    }
}


class _Model(BaseModel):
    # `options` too: a language, which our models don't need to be told.
    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    name: str = Field(alias="modelName", max_length=300)


class _Entries(BaseModel):
    """One task of one kind: others than CLIP's are forbidden, not overlooked."""

    model_config = ConfigDict(extra="forbid")

    clip: dict[Literal["visual", "textual"], _Model] = Field(min_length=1, max_length=1)


@router.get("/ping", response_class=PlainTextResponse)
def ping() -> str:
    """Whether the service is there."""
    return "pong"


@router.post("/predict", response_model=Embedded, openapi_extra=_FORM)
async def predict(service: Served, request: Request) -> Response:
    """The embedding of a text or a picture, as Immich asks for it."""
    async with open_form(request) as (texts, uploads), service.uploads:
        kind, model = _asked(texts.get("entries", ""))
        if not same_model(model, service.library.model or ""):
            raise HTTPException(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"this server embeds with {service.library.model}, not with {model!a}; "
                "have the gallery use that model",
            )
        if kind == "textual":
            if "text" not in texts:
                raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "there is no `text` to embed")
            vector = await service.in_turn(lambda: service.library.embed_text(texts["text"]))
            return Response(to_json({"clip": _as_text(vector)}), media_type="application/json")
        if "image" not in uploads:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "there is no `image` to embed")
        data = await uploads["image"].read()
        vector, width, height = await service.in_turn(lambda: service.library.embed_picture(data))
        answer = {"clip": _as_text(vector), "imageHeight": height, "imageWidth": width}
        return Response(to_json(answer), media_type="application/json")


def same_model(theirs: str, ours: str) -> bool:
    """Whether a gallery's name of a model is ours in other letters: theirs have ``__`` for our ``/``."""

    def plain(name: str) -> str:
        return re.sub("-quickgelu|[^a-z0-9]", "", name.lower())

    return plain(theirs) == plain(ours) != ""


def _asked(entries: str) -> tuple[str, str]:
    try:
        ((kind, model),) = _Entries.model_validate(json.loads(entries)).clip.items()
    except (ValueError, RecursionError, ValidationError) as error:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            '`entries` must be JSON like {"clip": {"textual": {"modelName": "…"}}}; only CLIP is served',
        ) from error
    return kind, model.name


def _as_text(vector: Any) -> str:
    return json.dumps([round(float(value), 8) for value in vector])
