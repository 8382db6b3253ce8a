"""A query, understood: what a person's one line of text asks for, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from searchengine.filters import Exact, Filter


@dataclass(frozen=True, slots=True)
class Words:
    """Words to go towards, or away from.

    Attributes:
        text: As they will be embedded.
        weight: How strongly; negative to go away from them.
    """

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Example:
    """A picture to go towards, or away from.

    Attributes:
        reference: A path on the command line; an image id or the name of an upload over HTTP.
        weight: How strongly; negative to go away from it.
    """

    reference: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Query:
    """Everything a query asks for.

    Attributes:
        words: What to go towards and away from, in words; the plain words of the line come first, as one.
        examples: The same in pictures.
        exact: Words that must, or must not, stand in a picture's text; all of them.
        filters: All of which have to hold.
        more: Pictures, by id, that whoever asks said are what is meant (relevance feedback).
        less: Pictures, by id, that aren't.
    """

    words: tuple[Words, ...] = ()
    examples: tuple[Example, ...] = ()
    exact: tuple[Exact, ...] = ()
    filters: tuple[Filter, ...] = ()
    more: tuple[int, ...] = ()
    less: tuple[int, ...] = ()

    @property
    def has_direction(self) -> bool:
        """Whether there are words or pictures to rank by."""
        return bool(self.words or self.examples or self.more or self.less)

    @property
    def ranking_label(self) -> str | None:
        """The taught concept that ranks where there are no words or pictures: the first that is asked for."""
        if self.has_direction:
            return None
        return next((each for asked in self.filters if not asked.negated for each in asked.labels), None)
