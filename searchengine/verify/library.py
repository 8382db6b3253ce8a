"""A library, checked from end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.catalog.catalog import Catalog
from searchengine.errors import LibraryDamagedError
from searchengine.layout import Layout
from searchengine.verify import derived, truth
from searchengine.verify.findings import Check, Report

if TYPE_CHECKING:
    from pathlib import Path


def verify(library: Path) -> Report:
    """Look at every invariant; nothing is changed, and others may search and write meanwhile.

    Args:
        library: The library's folder.

    Raises:
        LibraryNotFoundError: There is none.
        LibraryVersionError: A newer imgsearch made it.
        LibraryBusyError: Another process keeps it locked.
        LibraryError: It can't be opened for another reason than damage.
    """
    layout = Layout(library)
    try:
        with Catalog.open(layout.catalog) as catalog:
            return verify_open(catalog, layout)
    except LibraryDamagedError as error:
        return Report((Check("the catalog can be opened", (str(error),)),))


def verify_open(catalog: Catalog, layout: Layout) -> Report:
    """The same on a catalog that is open."""
    return Report((*truth.checks(catalog), *derived.checks(catalog, layout)))
