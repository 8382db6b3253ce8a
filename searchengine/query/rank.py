"""From embeddings and their scores to results. Values in, values out."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from searchengine.query.relevance import is_relevant
from searchengine.results import SearchResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from searchengine.catalog.images import ImageRow


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


def by_date(results: Sequence[SearchResult], *, newest: bool) -> tuple[SearchResult, ...]:
    """The same results in the order of their dates, those without one last; ranks are given anew.

    Only those above the relevance line: below it the nearest come first, as before.
    """
    above = [result for result in results if result.relevant is not False]
    below = [result for result in results if result.relevant is False]
    dated = [result for result in above if result.taken_at is not None]
    undated = [result for result in above if result.taken_at is None]
    dated.sort(key=lambda result: result.taken_at or datetime.min, reverse=newest)  # noqa: DTZ901  naive as in EXIF
    first = results[0].rank if results else 1
    return tuple(
        replace(result, rank=rank) for rank, result in enumerate(dated + undated + below, start=first)
    )


def _result(rank: int, found: Found, image: ImageRow, line: float | None) -> SearchResult:
    if found.by is None:
        relevant: bool | None = True
    else:
        relevant = None if line is None else is_relevant(found.by, line)
    first, *copies = (os.fsdecode(file.path) for file in image.files)
    return SearchResult(
        rank=rank,
        id=image.id,
        path=first,
        copies=tuple(copies),
        score=found.score,
        relevant=relevant,
        offline=image.offline,
        flags=image.flags,
        region=None,
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
