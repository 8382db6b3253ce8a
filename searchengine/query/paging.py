"""Which part of a ranking is wanted: the first k, k after an offset, or k after the last page's end.

A cursor names the last result by what it was ranked by, not by its rank: results before it that vanish, and
new ones that would have come before it, move nothing. So no picture comes twice and none is passed over.
"""

from __future__ import annotations

import base64
import json
import math
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from searchengine.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

Hit = tuple[int, float]
"""An embedding's id, and what it is ranked by."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a ranking.

    Attributes:
        k: How many results; None for all.
        offset: How many to leave out first.
        cursor: Where to go on instead, as text.

    Raises:
        UsageError: A negative k or offset, or an offset beside a cursor.
    """

    k: int | None = None
    offset: int = 0
    cursor: str | None = None

    def __post_init__(self) -> None:
        if (self.k is not None and self.k < 0) or self.offset < 0:
            raise UsageError(
                f"k and offset count results, so they can't be negative (k={self.k}, offset={self.offset})"
            )
        if self.cursor is not None and self.offset:
            raise UsageError("a cursor says where the page begins; leave out the offset, or the cursor")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last result of a page.

    Attributes:
        question: What was asked, and how it was to be sorted.
        space: Key of the space that answered; another one ranks otherwise.
        rank: The result's, from 1.
        id: What breaks ties: the key of its embedding, or, where dates rank, of its picture.
        score: What it was ranked by, if there was a direction.
        taken_at: Its date, by which it was ranked if there was none.
    """

    question: str
    space: int
    rank: int
    id: int
    score: float | None = None
    taken_at: datetime | None = None

    def encode(self) -> str:
        """As text that may stand in a URL. What is in it is nobody's business, and may change."""
        score = None if self.score is None else self.score.hex()
        date = None if self.taken_at is None else self.taken_at.isoformat()
        values = [_digest(self.question), self.space, self.rank, self.id, score, date]
        text = json.dumps(values, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(text).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str, *, question: str, space: int) -> Cursor:
        """Read one back.

        Raises:
            UsageError: It isn't one, or it belongs to another question or another model's answer.
        """
        try:
            values = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
            digest, of_space, rank, id_, score, date = values
            cursor = cls(
                question,
                of_space,
                rank,
                id_,
                None if score is None else float.fromhex(score),
                None if date is None else datetime.fromisoformat(date),
            )
            whole = all(type(value) is int and 0 <= value < 1 << 53 for value in values[:4])
            whole &= score is None or math.isfinite(cursor.score or 0)
        except (ValueError, TypeError, OverflowError, RecursionError):
            whole = False
        if not whole:
            raise UsageError(
                "this isn't a cursor that a page of results gave; leave it out to begin at the first"
            )
        if digest != _digest(question):
            raise UsageError(
                "this cursor belongs to another query; leave it out to begin at the first result"
            )
        if cursor.space != space:
            raise UsageError(
                "the library has switched its model since this cursor was given; leave it out to begin anew"
            )
        return cursor


def page_after(ranking: Callable[[int], list[Hit]], total: int, cursor: Cursor, k: int | None) -> list[Hit]:
    """The k results that come after a cursor.

    Args:
        ranking: Gives the first n, as ids with what they are ranked by: larger first, equal ones by id.
        total: How many there are.
        cursor: With a score.
        k: How many; None for all.
    """
    assert cursor.score is not None  # noqa: S101  a ranking has one
    last = (-cursor.score, cursor.id)
    end = total if k is None else min(cursor.rank + k, total)
    while True:
        rest = [hit for hit in ranking(end) if (-hit[1], hit[0]) > last]
        if end >= total or (k is not None and len(rest) >= k):
            return rest[:k]
        end = min(2 * end, total)  # others have come in before the cursor


def _digest(question: str) -> int:
    return zlib.crc32(question.encode("utf-8", "surrogateescape"))
