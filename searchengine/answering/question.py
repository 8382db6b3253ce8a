"""What is asked of a library, as one value on its way from the parsed line to the page of results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from searchengine.open_space import OpenSpace
    from searchengine.query.compose import Direction
    from searchengine.query.terms import Query


@dataclass(frozen=True, slots=True)
class Question:
    """A query, and how it is to be answered.

    Attributes:
        text: As asked; empty where a picture asks.
        query: What that means.
        encode: Where it goes in a space; called where it has words or pictures.
        strictness: Where the relevance line lies, from 0 to 1.
        collapse: Whether edits of one picture are one result.
    """

    text: str
    query: Query
    encode: Callable[[OpenSpace], Direction]
    strictness: float
    collapse: bool

    @property
    def name(self) -> str:
        """What a cursor belongs to: the same words with other judgements rank otherwise."""
        judged = f" {self.query.more} {self.query.less}" if self.query.more or self.query.less else ""
        return f"{'collapsed ' if self.collapse else ''}{self.text}{judged}"
