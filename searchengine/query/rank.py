"""From embeddings and their scores to results. Values in, values out."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from searchengine.results import SearchResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from searchengine.catalog.images import ImageRow


def to_results(
    hits: Iterable[tuple[int, float | None]], images: Mapping[int, ImageRow], *, offset: int
) -> tuple[SearchResult, ...]:
    """Give every hit its picture.

    Args:
        hits: Embedding ids and cosines, best first.
        images: The pictures by embedding id.
        offset: How many of the ranking came before these.
    """
    return tuple(
        _result(rank, score, images[embedding])
        for rank, (embedding, score) in enumerate(hits, start=offset + 1)
    )


def by_date(results: Sequence[SearchResult], *, newest: bool) -> tuple[SearchResult, ...]:
    """The same results in the order of their dates, those without one last; ranks are given anew."""
    dated = [result for result in results if result.taken_at is not None]
    undated = [result for result in results if result.taken_at is None]
    dated.sort(key=lambda result: result.taken_at or datetime.min, reverse=newest)  # noqa: DTZ901  naive as in EXIF
    first = results[0].rank if results else 1
    return tuple(replace(result, rank=rank) for rank, result in enumerate(dated + undated, start=first))


def _result(rank: int, score: float | None, image: ImageRow) -> SearchResult:
    first, *copies = (os.fsdecode(file.path) for file in image.files)
    return SearchResult(
        rank=rank,
        id=image.id,
        path=first,
        copies=tuple(copies),
        score=score,
        relevant=None,
        offline=image.offline,
        flags=image.flags,
        region=None,
        width=image.width,
        height=image.height,
        format=image.format,
        taken_at=image.taken_at,
        camera=image.camera,
        time=None if score is None else image.seconds,
        duration=image.duration,
        title=image.description.title,
        caption=image.description.caption,
        keywords=image.description.keywords,
        place=image.description.place,
        rating=image.description.rating,
    )
