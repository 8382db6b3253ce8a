"""Semantic image search: the read path, and what it shares with the indexer.

Example::

    from searchengine import Library

    with Library.open("~/photos.library") as library:
        for hit in library.search("a dog on a beach", k=10):
            print(hit.score, hit.path)
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from searchengine.errors import (
        ImageError,
        ImgsearchError,
        LibraryError,
        ModelError,
        QueryError,
        UsageError,
    )
    from searchengine.library import Library
    from searchengine.query.text import Text
    from searchengine.results import SearchResult, SearchResults

# ONNX Runtime 1.29 and newer tell Microsoft of this machine and the models it runs, from the moment they are
# imported; later is too late to forbid it. Processes that are started from here inherit it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"

__all__ = [
    "ImageError",
    "ImgsearchError",
    "Library",
    "LibraryError",
    "ModelError",
    "QueryError",
    "SearchResult",
    "SearchResults",
    "Text",
    "UsageError",
]

_HOMES = {
    "Library": "searchengine.library",
    "SearchResult": "searchengine.results",
    "SearchResults": "searchengine.results",
    "Text": "searchengine.query.text",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: `import searchengine` alone costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "searchengine.errors")), name)
