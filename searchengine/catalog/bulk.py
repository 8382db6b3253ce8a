"""Statements over many keys: a database takes only so many parameters at once."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")

# SQLite takes 32,766 parameters a statement, PostgreSQL's driver 65,535.
MOST_PARAMETERS = 10_000


def chunks(values: Iterable[T], size: int = MOST_PARAMETERS) -> Iterator[list[T]]:
    """The values in lists of at most `size`, none of them empty."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
