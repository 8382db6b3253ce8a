"""Keep what `describe` says of pictures in the library, so that searches find its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.catalog import captions, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from searchengine.understanding.describe import Description


def save_captions(library: Path, descriptions: Iterable[Description]) -> int:
    """Keep descriptions of pictures that are in the library, in one transaction, while the indexer may run.

    Returns:
        Of how many pictures.

    Raises:
        LibraryBusyError: Another process kept the catalog locked.
    """
    with Catalog.open(Layout(library).catalog) as catalog, catalog.write() as session:
        space = spaces.active_space(session)
        model = space.spec.name if space else ""
        said = {
            each.id: captions.CaptionRow(each.text, each.method, model)
            for each in descriptions
            if each.id is not None
        }
        return captions.record(session, said)
