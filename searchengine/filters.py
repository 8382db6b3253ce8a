"""What a query demands of a picture's facts: the query language reads it, the catalog answers it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

Comparison = Literal["<", "<=", "=", ">=", ">"]


LABEL_KEY = "label"
"""The one key that embeddings answer, not the catalog's columns."""


@dataclass(frozen=True, slots=True)
class Exact:
    """Words that must stand in a picture's text (name, folder, …), or must not."""

    text: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """A glob (``*``, ``?``), ignoring case; without either, something that has to be contained."""

    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the few words that a key knows."""

    text: str


@dataclass(frozen=True, slots=True)
class Number:
    """A comparison with a number, in the key's own unit."""

    comparison: Comparison
    value: float


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in a picture's local time, and how it was written (to the year, month, day or second)."""

    time: datetime
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Circle:
    """Everything within a distance of a place.

    Attributes:
        latitude: Degrees, north positive.
        longitude: Degrees, east positive.
        radius: Kilometres.
    """

    latitude: float
    longitude: float
    radius: float


Value = Pattern | Choice | Number | Moment | Circle


@dataclass(frozen=True, slots=True)
class Filter:
    """What has to be so of a picture: any of the values, or with `negated` none of them."""

    key: str
    values: tuple[Value, ...]
    negated: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """The taught concepts that it asks for; of any other filter none."""
        if self.key != LABEL_KEY:
            return ()
        return tuple(value.text for value in self.values if isinstance(value, Choice))
