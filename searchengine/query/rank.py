"""From embeddings and their scores to results. Values in, values out."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from searchengine.query.relevance import is_relevant
from searchengine.results import SearchResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from searchengine.catalog.images import ImageRow
    from searchengine.query.paging import Cursor


_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  a picture's time has no zone
_SECOND = timedelta(seconds=1)


class Found(NamedTuple):
    """A picture's place in a ranking.

    Attributes:
        embedding: Its embedding's id.
        by: What ranks it, see `fuse`; None where that is the date.
        score: Its cosine; None where there was nothing to compare with.
    """

    embedding: int
    by: float | None
    score: float | None


def to_results(
    found: Iterable[Found],
    images: Mapping[int, ImageRow],
    *,
    offset: int,
    line: float | None,
) -> tuple[SearchResult, ...]:
    """Give every hit its picture.

    Args:
        found: A page of a ranking, best first.
        images: The pictures by embedding id.
        offset: How many of the ranking came before these.
        line: The cosine from which on they are relevant, or None where there is no telling. Words that stand
            in a picture's texts raise it over the line as they raise it in the ranking. What was found
            without a direction passed the filters, which is all that was asked of it: it is relevant.
    """
    return tuple(
        _result(rank, each, images[each.embedding], line) for rank, each in enumerate(found, start=offset + 1)
    )


def by_date(
    results: Sequence[SearchResult], *, newest: bool, after: Cursor | None = None
) -> list[SearchResult]:
    """The same results in the order of their dates, those without one last.

    Only those above the relevance line: below it the nearest come first, as before.

    Args:
        results: A ranking from its first on.
        newest: Whether the newest come first.
        after: The result, in the order that this gives, after which to begin; it need not be there any more.
            It has a score if it was below the line.
    """

    def place(taken_at: datetime | None, id_: int) -> tuple[bool, float, int]:
        sign = -1 if newest else 1
        passed = 0.0 if taken_at is None else (taken_at - _EPOCH) / _SECOND
        return taken_at is None, sign * passed, sign * id_

    above = [result for result in results if result.relevant is not False]
    above.sort(key=lambda result: place(result.taken_at, result.id))
    below = [result for result in results if result.relevant is False]
    if after is None:
        return above + below
    if after.score is None:
        last = place(after.taken_at, after.id)
        return [result for result in above if place(result.taken_at, result.id) > last] + below
    last_score = after.score
    before = next((at for at, result in enumerate(below, start=1) if result.id == after.id), None)
    if before is None:  # it has gone: begin with what is further away
        before = sum(1 for result in below if (result.score or 0.0) >= last_score)
    return below[before:]


def _result(rank: int, found: Found, image: ImageRow, line: float | None) -> SearchResult:
    if found.by is None:
        relevant: bool | None = True
    else:
        relevant = None if line is None else is_relevant(found.by, line)
    first, *copies = (os.fsdecode(file.path) for file in image.files)
    return SearchResult(
        rank=rank,
        id=image.id,
        hash=image.hash.hex(),
        path=first,
        copies=tuple(copies),
        score=found.score,
        relevant=relevant,
        offline=image.offline,
        flags=image.flags,
        region=None if found.score is None else image.region,
        width=image.width,
        height=image.height,
        format=image.format,
        taken_at=image.taken_at,
        camera=image.camera,
        time=None if found.score is None else image.seconds,
        duration=image.duration,
        title=image.description.title,
        caption=image.description.caption,
        keywords=image.description.keywords,
        place=image.description.place,
        rating=image.description.rating,
    )
