"""Pictures sent along with a query."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from searchengine.errors import QueryError
from searchengine.server.limits import LARGEST_ID

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from fastapi import Request

MOST_PICTURES = 8
LONGEST_FIELD = 16_384


@asynccontextmanager
async def open_form(request: Request) -> AsyncIterator[tuple[dict[str, str], dict[str, UploadFile]]]:
    """A multipart form: its texts and its files by name; large files are on disk until they are read.

    Raises:
        HTTPException: It isn't one, or has too many or too large parts.
    """
    async with request.form(
        max_files=MOST_PICTURES, max_fields=MOST_PICTURES, max_part_size=LONGEST_FIELD
    ) as form:
        texts: dict[str, str] = {}
        files: dict[str, UploadFile] = {}
        for name, value in form.multi_items():
            if name in texts or name in files:
                raise HTTPException(400, f"there are two parts named {name!a}; give each its own name")
            if isinstance(value, UploadFile):
                files[name] = value
            else:
                texts[name] = value
        yield texts, files


class References:
    """What ``image:`` means in a query that came over HTTP: never a path, never an address.

    Args:
        files: The parts of the upload.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def __call__(self, reference: str) -> bytes | int:
        """A part's bytes by its name, or the id of a picture in the library.

        Raises:
            QueryError: It is neither.
        """
        if reference in self._files:
            return self._files[reference]
        if re.fullmatch(r"[0-9]{1,16}", reference) and int(reference) <= LARGEST_ID:
            return int(reference)
        raise QueryError(
            "image: takes the id of a picture in the library, or the name of a part of the same upload"
        )


def only_picture(files: Mapping[str, Any]) -> str | None:
    """The name of the one file that was sent; None when there are none or several."""
    return next(iter(files)) if len(files) == 1 else None
