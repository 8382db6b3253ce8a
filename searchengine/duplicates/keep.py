"""Which of the same pictures to keep, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from searchengine.catalog.images import ImageRow


def best_first(pictures: Sequence[ImageRow]) -> list[ImageRow]:
    """The pictures, the one to keep first: more pixels, less compression, EXIF, older.

    What can be reached comes before what can't: nobody should delete the last copy at hand.
    """
    return sorted(pictures, key=_merits)


def why_best(ranked: Sequence[ImageRow]) -> str:
    """What sets the first one apart from the second, in words."""
    best = ranked[0]
    if len(ranked) == 1:
        return "identical copies: the first that was indexed"
    for merit, other, reason in zip(_merits(best), _merits(ranked[1]), _reasons(best), strict=True):
        if merit != other:
            return reason
    return "the first that was indexed"


def _merits(picture: ImageRow) -> tuple[bool, int, float, bool, bool, str, int]:
    """What speaks for a picture, the smaller the better, the weightiest first."""
    pixels = picture.width * picture.height
    return (
        picture.offline or bool(picture.flags),
        -pixels,
        -picture.size / max(pixels, 1),
        picture.camera is None,
        picture.taken_at is None,
        picture.taken_at.isoformat() if picture.taken_at else "",
        picture.id,
    )


def _reasons(picture: ImageRow) -> tuple[str, ...]:
    """In words, in the order of `_merits`."""
    return (
        "the only sound file at hand",
        f"most pixels: {picture.width} × {picture.height}",  # noqa: RUF001  a size is written so
        f"least compressed: {picture.size / 1000:,.0f} kB at {picture.width} × {picture.height}",  # noqa: RUF001
        "has the camera's data",
        "has its date",
        f"the oldest: {picture.taken_at:%Y-%m-%d %H:%M:%S}" if picture.taken_at else "the oldest",
        "the first that was indexed",
    )
