"""After a writer: what is derived from the vectors follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.catalog import spaces

if TYPE_CHECKING:
    from searchengine.catalog.catalog import Catalog
    from searchengine.layout import Layout


def keep_snapshot(catalog: Catalog, layout: Layout) -> None:
    """Bring the snapshot of the space that answers up to date, when enough has changed to be worth it."""
    from searchengine.catalog.embeddings import EmbeddingSource

    with catalog.read() as session:
        space = spaces.active_space(session)
    if space is not None:
        layout.vector_store.keep(EmbeddingSource(catalog, space))
