"""The application: routes, errors and what stands in front of them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from searchengine import __version__
from searchengine.server import problems
from searchengine.server.guard import Guard
from searchengine.server.head import HeadAsGet
from searchengine.server.headers import SecurityHeaders
from searchengine.server.observe import Observed
from searchengine.server.routes import (
    embedding,
    export,
    images,
    labels,
    operation,
    page,
    search,
    understanding,
)
from searchengine.server.routes import library as library_routes
from searchengine.server.schemas import Problem, SearchRequest
from searchengine.server.service import Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp

    from searchengine.library import Library
    from searchengine.running import Announcement
    from searchengine.server.settings import Settings

_PROBLEM = {
    "description": "What went wrong (RFC 9457)",
    "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def application(library: Library, settings: Settings, *, announcement: Announcement | None = None) -> ASGIApp:
    """A library as an ASGI application.

    Args:
        library: Open, and left open.
        settings: Checked before.
        announcement: Published when searches are answered, withdrawn at the end; its key opens the door.
    """
    service = Service(library, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.warm_up(announcement.publish if announcement else None)
        yield
        if announcement:
            announcement.withdraw()
        service.close()

    app = FastAPI(
        title="imgsearch",
        version=__version__,
        description="Find pictures by what is in them. Only labels change. Errors are problem documents.",
        # Their pages load scripts from a CDN.
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses={"default": _PROBLEM},
        redirect_slashes=False,
        # FastAPI's OpenTelemetry: environment variables meant for others could have queries sent somewhere.
        telemetry={
            "auto_configure": False,
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
        },
    )
    app.state.service = service
    problems.explain_errors(app)
    for routes in (search, export, images, library_routes, understanding, labels, operation, page):
        app.include_router(routes.router)
    if settings.embedding_api:
        app.include_router(embedding.router)
    app.mount("/page", page.PageFiles(directory=page.FOLDER), name="page")
    app.openapi = lambda: _schema(app)  # type: ignore[method-assign]  # as FastAPI documents it
    key = announcement.running.key if announcement else None
    # Around the application, not in it: also what it makes of its own mistakes passes through here.
    guarded = SecurityHeaders(Guard(problems.NothingButProblems(app), settings, key))
    return HeadAsGet(Observed(guarded, service.metrics, log=settings.access_log))


def _schema(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        parts = schema["components"]["schemas"]
        for model in (Problem, SearchRequest):
            described = model.model_json_schema(ref_template="#/components/schemas/{model}")
            parts.update(described.pop("$defs", {}))
            parts[model.__name__] = described
        app.openapi_schema = schema
    return app.openapi_schema
