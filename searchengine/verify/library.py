"""A library, checked from end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.catalog.catalog import Catalog
from searchengine.errors import LibraryDamagedError
from searchengine.layout import Layout
from searchengine.verify import derived, truth
from searchengine.verify.findings import Check, OnCheck, Report, told

if TYPE_CHECKING:
    from pathlib import Path


def verify(library: Path, *, on_check: OnCheck | None = None) -> Report:
    """Look at every invariant; nothing is changed, and others may search and write meanwhile.

    Args:
        library: The library's folder.
        on_check: Told the name of each check when it has been made.

    Raises:
        LibraryNotFoundError: There is none.
        LibraryVersionError: A newer imgsearch made it.
        LibraryBusyError: Another process keeps it locked.
        LibraryError: It can't be opened for another reason than damage.
    """
    layout = Layout(library)
    try:
        with Catalog.open(layout.catalog) as catalog:
            return verify_open(catalog, layout, on_check=on_check)
    except LibraryDamagedError as error:
        return Report((Check("the catalog can be opened", (str(error),)),))


def verify_open(catalog: Catalog, layout: Layout, *, on_check: OnCheck | None = None) -> Report:
    """The same on a catalog that is open."""
    made = [*told(truth.checks(catalog), on_check), *told(derived.checks(catalog, layout), on_check)]
    return Report(tuple(made))
