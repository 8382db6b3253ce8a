"""Embedding a cold query's words while the rest of the program is still being imported.

Opening a model and running it is native code, importing the catalog is Python: a thread does the one during
the other. What it finds out goes into the cache of texts, where the search finds it; so it may fail in
silence, and the search then fails aloud.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def embed_ahead(catalog: Path | str, texts: Sequence[str]) -> threading.Thread:
    """Start embedding texts with the model that answers for a library; join the thread before searching.

    Args:
        catalog: The library's catalog, which need not exist. One that isn't a file isn't asked: to reach it
            takes what is being imported.
        texts: What the query says in words.
    """
    thread = threading.Thread(target=_embed, args=(catalog, texts), name="ahead")
    thread.start()
    return thread


def _embed(catalog: Path | str, texts: Sequence[str]) -> None:
    model = None if isinstance(catalog, str) else _active_model(catalog)
    if model is None or not texts:
        return
    from searchengine.encoders.load import load_exported
    from searchengine.errors import ModelError

    with suppress(ModelError):
        encoder = load_exported(*model)
        if encoder is not None:
            encoder.encode_texts(texts)


def _active_model(catalog: Path) -> tuple[str, str] | None:
    """Name and weights of the model, by SQLite itself: the catalog's own code is what is being imported."""
    with suppress(sqlite3.Error, ValueError):
        # Read-only, and not waiting: where the catalog is busy or odd, the search itself will see.
        address = f"{catalog.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=0.1)) as connection:
            row = connection.execute("SELECT model, weights FROM space WHERE state = 'active'").fetchone()
        return None if row is None else (row[0], row[1])
    return None
