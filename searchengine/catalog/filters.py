"""Filters of a query as SQL: which pictures may be in the answer at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    String,
    and_,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
)

from searchengine.catalog import words
from searchengine.catalog.bulk import among, ids_of
from searchengine.catalog.either import Either
from searchengine.catalog.models import Content, ContentText, Embedding, File, Sidecar
from searchengine.filters import Choice, Circle, Moment, Number, Pattern
from searchengine.images.formats import VIDEO_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from numpy.typing import NDArray
    from sqlalchemy import SQLColumnExpression
    from sqlalchemy.orm import Session

    from searchengine.filters import Exact, Filter, Value

Condition = ColumnElement[bool]

ANYTHING: Condition = true()
"""The condition that asks for nothing."""

# As the partial index says it, so that the database sees that it will do.
_hidden = Either(literal_column("content.shown = 0"), literal_column("NOT content.shown"))

# In PostgreSQL the product of two integers has to be one of their size.
_megapixels = Either(
    Content.width * Content.height / 1e6, cast(Content.width, BigInteger) * Content.height / 1e6
)

is_video = Content.format.in_(VIDEO_FORMATS)

_WILD = re.compile(r"[*?]")

# Databases' integers end there.
_MOST_WHOLE = 2**63

# The Earth's mean radius.
_EARTH_KM = 6371.0088


def condition(filters: Iterable[Filter], exact: Iterable[Exact] = ()) -> Condition:
    """All of the filters and words, as a condition on `content`.

    Raises:
        QueryError: Words that have no letters or digits.
    """
    parts = [_signed(of_key(each), negated=each.negated) for each in filters]
    parts += [_signed(words.has(e.text), negated=e.negated) for e in exact]
    return and_(*parts) if parts else ANYTHING


def of_key(asked: Filter) -> Condition:
    """What a filter asks of a picture, not yet negated; unknown (NULL) where the fact isn't known."""
    return or_(*(_KEYS[asked.key](value) for value in asked.values))


def passing(
    session: Session, space_id: int, which: Condition, contents: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """The embeddings (shown, with all their parts) of what a condition lets through: ids, ascending.

    Args:
        session: A session.
        space_id: The embeddings' space.
        which: The condition.
        contents: Ids of contents among which all of them are; see `narrowing`.
    """
    # Not joins: those would begin with all embeddings.
    if contents is None:
        begin: Condition = Embedding.content_id.in_(select(Content.id).where(Content.shown, which))
    else:
        # Not `Content.shown`: that reads a row each. Few are hidden, and they have an index of their own.
        hidden = select(Content.id).where(_hidden)
        asked: Condition = among(Embedding.content_id, contents)
        if which is not ANYTHING:
            asked = Embedding.content_id.in_(select(Content.id).where(among(Content.id, contents), which))
        begin = and_(asked, Embedding.content_id.not_in(hidden))
    statement = select(Embedding.id).where(Embedding.space_id == space_id, begin)
    return np.sort(ids_of(session, statement))


def newest(
    session: Session,
    space_id: int,
    which: Condition,
    contents: NDArray[np.int64] | None = None,
    *,
    after: tuple[datetime | None, int] | None = None,
) -> NDArray[np.int64]:
    """One embedding for each in the order of their dates, the newest first and those without one last.

    Args:
        session: A session.
        space_id: The embeddings' space.
        which: The condition.
        contents: As for `passing`.
        after: Date and content id of a picture, whether it is still there or not: only what comes after it.
    """
    rest = ANYTHING if after is None else _older(*after)
    begin = ANYTHING if contents is None else among(Content.id, contents)
    rows = session.connection().execute(
        select(Embedding.id)
        .join(Content, Content.id == Embedding.content_id)
        .where(Embedding.space_id == space_id, Embedding.part == 0, Content.shown, begin, which, rest)
        .order_by(Content.taken_at.is_(None), Content.taken_at.desc(), Content.id.desc())
    )
    return np.array(rows.scalars().all(), np.int64)


def _older(taken_at: datetime | None, content_id: int) -> Condition:
    """Whether a picture comes after this one in the order of `newest`."""
    if taken_at is None:
        return and_(Content.taken_at.is_(None), Content.id < content_id)
    same_time = and_(Content.taken_at == taken_at, Content.id < content_id)
    return or_(Content.taken_at < taken_at, Content.taken_at.is_(None), same_time)


def _signed(which: Condition, *, negated: bool) -> Condition:
    """A picture of which the fact isn't known passes "not canon", but not "canon"."""
    known = func.coalesce(which, false())
    return not_(known) if negated else known


def _of_files(which: Condition) -> Condition:
    """Whether a live file of the content is so."""
    # Not EXISTS: that would look up each picture's files, and this reads the index on paths once.
    return Content.id.in_(select(File.content_id).where(File.content_id.is_not(None), which))


# Paths are bytes, and letters in them are compared without regard to case as far as the database knows case.
# PostgreSQL has no bytes that may be text; migration 0007 makes a function for that.
_bytes: ColumnElement[Any] = cast(File.path, String)
_path: SQLColumnExpression[Any] = Either(_bytes, func.path_text(File.path))
_name: SQLColumnExpression[Any] = Either(
    func.substr(_bytes, func.length(func.rtrim(_bytes, func.replace(_bytes, "/", ""))) + 1),
    func.substring(func.path_text(File.path), "[^/]*$"),
)


def matches(column: SQLColumnExpression[Any], pattern: str) -> Condition:
    """A glob over the whole text; without ``*`` and ``?``, something that it contains."""
    return _is_like(column, _like(pattern))


def _is_like(column: SQLColumnExpression[Any], like: str) -> Condition:
    """LIKE without regard to case, which is how SQLite has it anyway."""
    return Either(column.like(like, escape="\\"), column.ilike(like, escape="\\"))


def _like(glob: str) -> str:
    if not _WILD.search(glob):
        return f"%{_escaped(glob)}%"
    return _escaped(glob).replace("*", "%").replace("?", "_")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _text(column: SQLColumnExpression[Any]) -> Callable[[Value], Condition]:
    def compile_(value: Value) -> Condition:
        assert isinstance(value, Pattern)  # noqa: S101  the query language gives a key only its own values
        return matches(column, value.text)

    return compile_


def of_path(key: str, value: Value) -> Condition:
    """Whether a file's path, or its name, is as asked for."""
    assert isinstance(value, Pattern)  # noqa: S101
    return _named(value.text) if key == "name" else matches(_path, value.text)


def _named(glob: str) -> Condition:
    """Whether a file's name matches.

    To cut the names off takes ten times as long as to look into the paths (1.2 s for a million). So that is
    left to paths where what a match begins with stands in a folder's name too.
    """
    if "/" in glob:
        return false()
    like = _like(glob)
    free = like.startswith("%")
    begin = _escaped(_WILD.split(glob.lstrip("*"), maxsplit=1)[0])
    start = "%" if free else "%/"
    inside = _is_like(_path, like if free else f"%/{like}")
    further_on = _is_like(_path, f"{start}{begin}%/%")
    ends_so = _is_like(_path, f"%{like}")
    return or_(and_(inside, not_(further_on)), and_(ends_so, matches(_name, glob)))


def _number(column: SQLColumnExpression[Any], tolerance: float = 0.0) -> Callable[[Value], Condition]:
    """A comparison; "equal" means within the tolerance, in the column's unit."""

    def compile_(value: Value) -> Condition:
        assert isinstance(value, Number)  # noqa: S101
        if value.comparison == "=":
            return column.between(_double(value.value - tolerance), _double(value.value + tolerance))
        result: Condition = column.op(value.comparison, is_comparison=True)(_double(value.value))
        return result

    return compile_


def _double(number: float) -> ColumnElement[Any]:
    """A number that PostgreSQL doesn't round to the column's type; a whole one can use the column's index."""
    is_whole = abs(number) < _MOST_WHOLE and float(number).is_integer()
    return literal(int(number), BigInteger) if is_whole else literal(number, Double)


def _after(value: Value) -> Condition:
    assert isinstance(value, Moment)  # noqa: S101
    return Content.taken_at >= value.time


def _before(value: Value) -> Condition:
    assert isinstance(value, Moment)  # noqa: S101
    return Content.taken_at < value.time


def of_type(column: SQLColumnExpression[Any], value: Value) -> Condition:
    """A format by name, or any of videos or of pictures."""
    assert isinstance(value, Choice)  # noqa: S101
    if value.text in ("video", "image"):
        return column.in_(VIDEO_FORMATS) if value.text == "video" else column.not_in(VIDEO_FORMATS)
    return func.lower(column) == value.text


def _orientation(value: Value) -> Condition:
    assert isinstance(value, Choice)  # noqa: S101
    return {
        "portrait": Content.height > Content.width,
        "landscape": Content.height < Content.width,
        "square": Content.height == Content.width,
    }[value.text]


def _lens(value: Value) -> Condition:
    if isinstance(value, Number):
        return _number(Content.focal_length, 0.5)(value)
    return _text(Content.lens)(value)


def _rating(value: Value) -> Condition:
    number = _number(Sidecar.rating)(value), _number(ContentText.rating)(value)
    return _said(*number, Sidecar.rating.is_not(None))


def _keyword(value: Value) -> Condition:
    """Keywords are whole ones, unless the glob says otherwise: a cat isn't to be had from "education"."""
    assert isinstance(value, Pattern)  # noqa: S101

    def has(keywords: Any) -> Condition:
        like = _escaped(value.text).replace("*", "%").replace("?", "_")
        each = func.json_each(keywords).table_valued(column("value"))
        of_json = func.json_array_elements_text(keywords).table_valued(column("value"))
        return Either(
            exists().where(each.c.value.like(like, escape="\\")),
            exists().where(of_json.c.value.ilike(like, escape="\\")),
        )

    return _said(
        has(Sidecar.keywords), has(ContentText.keywords), func.json_array_length(Sidecar.keywords) > 0
    )


def _said(beside: Condition, inside: Condition, says_any: Condition) -> Condition:
    """As a file's sidecar says; where none says anything, as the picture itself does."""
    of_file = select(File.content_id).join(Sidecar, Sidecar.file_id == File.id)
    within = select(ContentText.content_id).where(inside)
    overruled = of_file.where(says_any, File.content_id.is_not(None))
    return or_(
        Content.id.in_(of_file.where(beside)), and_(Content.id.in_(within), Content.id.not_in(overruled))
    )


def _near(value: Value) -> Condition:
    """Within a great-circle distance, by the haversine formula."""
    assert isinstance(value, Circle)  # noqa: S101
    latitude, longitude = func.radians(Content.latitude), func.radians(Content.longitude)
    here, there = np.radians([value.latitude, value.longitude]).tolist()
    half_up = func.sin((latitude - here) / 2)
    half_across = func.sin((longitude - there) / 2)
    haversine = half_up * half_up + func.cos(latitude) * float(np.cos(here)) * half_across * half_across
    most = float(np.sin(min(value.radius / (2 * _EARTH_KM), np.pi / 2)) ** 2)
    return and_(band(value), haversine <= most)


def band(circle: Circle) -> Condition:
    """The latitudes within which a circle lies: soon tested, and few pictures are left for the sines."""
    reach = float(np.degrees(circle.radius / _EARTH_KM)) + 1e-6
    return Content.latitude.between(circle.latitude - reach, circle.latitude + reach)


_KEYS: dict[str, Callable[[Value], Condition]] = {
    "camera": _text(Content.camera),
    "lens": _lens,
    "type": lambda value: of_type(Content.format, value),
    "path": lambda value: _of_files(of_path("path", value)),
    "name": lambda value: _of_files(of_path("name", value)),
    "after": _after,
    "before": _before,
    "width": _number(Content.width),
    "height": _number(Content.height),
    "mp": _number(_megapixels, 0.5),
    "size": _number(Content.size),
    "near": _near,
    "orientation": _orientation,
    "keyword": _keyword,
    "rating": _rating,
}
