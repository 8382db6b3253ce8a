"""A broken reference, which no sound catalog has: `verify` looks for them."""

from __future__ import annotations

from typing import NamedTuple


class Dangling(NamedTuple):
    """A row that refers to a row that isn't there.

    Attributes:
        table: Where it is.
        id: Its key.
        parent: The table it refers to.
    """

    table: str
    id: int
    parent: str
