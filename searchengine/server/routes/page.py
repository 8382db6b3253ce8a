"""The page: files that come with the package, as they are."""

# No `from __future__ import annotations`: FastAPI reads the annotations.
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

FOLDER = Path(__file__).parent.parent / "page"

router = APIRouter(include_in_schema=False)

# Asked about each time, and answered with "as you have it": a new version of the program shows at once.
_CACHING = {"Cache-Control": "no-cache"}


@router.get("/")
def page() -> FileResponse:
    """The page itself."""
    return FileResponse(FOLDER / "index.html", headers=_CACHING)


@router.get("/favicon.ico")
def icon() -> FileResponse:
    """What browsers ask for by this name."""
    return FileResponse(FOLDER / "icon.svg", headers=_CACHING)


class PageFiles(StaticFiles):
    """The page's own modules, styles and pictures."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """A file, or that it is as the browser has it."""
        answer = super().file_response(*args, **kwargs)
        answer.headers.update(_CACHING)
        return answer
