"""With which index a filtered query begins: SQLite, which keeps no statistics, can't tell by itself.

A condition on `content` is tested row by row, and reading all rows takes longer than searching all vectors.
Where a filter has an index and lets few pictures through, only their rows are read. How many it lets through
is counted in the index, no further than to `FEW`: beyond, jumping from row to row is slower than reading on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from searchengine.catalog.filters import band, matches, of_key, of_type
from searchengine.catalog.models import Content
from searchengine.filters import Circle, Number, Pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import ColumnElement, Select, SQLColumnExpression
    from sqlalchemy.orm import Session

    from searchengine.filters import Filter, Value

    Condition = ColumnElement[bool]
    Contents = Select[int]

FEW = 10_000
"""A hundredth of a million."""


def narrowest(session: Session, filters: Iterable[Filter]) -> Contents | None:
    """A small set of contents, by id, that holds all that the filters let through; None if there is none."""
    smallest = None
    most = FEW
    for contents in _indexed([each for each in filters if not each.negated]):
        few = contents.limit(most + 1).subquery()
        count = session.scalar(select(func.count()).select_from(few)) or 0
        if count <= most:
            smallest, most = contents, count
    return smallest


def _indexed(filters: list[Filter]) -> Iterator[Contents]:
    """What each filter that has an index lets through; the two ends of a time together."""
    times = [of_key(each) for each in filters if each.key in ("after", "before")]
    if times:
        yield select(Content.id).where(and_(*times))
    for each in filters:
        if each.key == "size":
            yield select(Content.id).where(of_key(each))
        elif each.key == "near":
            bands = [band(value) for value in each.values if isinstance(value, Circle)]
            yield select(Content.id).where(or_(*bands))
        elif each.key in _NAMES and not any(isinstance(value, Number) for value in each.values):
            column, test = _NAMES[each.key]
            names = _distinct(column)
            which = or_(*(test(names.c.name, value) for value in each.values))
            yield select(Content.id).where(column.in_(select(names.c.name).where(which)))


def _glob(column: SQLColumnExpression[Any], value: Value) -> Condition:
    assert isinstance(value, Pattern)  # noqa: S101  the query language gives a key only its own values
    return matches(column, value.text)


_NAMES: dict[str, tuple[Any, Callable[[SQLColumnExpression[Any], Value], Condition]]] = {
    "camera": (Content.camera, _glob),
    "lens": (Content.lens, _glob),
    "type": (Content.format, of_type),
}


def _distinct(column: Any) -> Any:
    """The values of a column that has few different ones, each found in the index from the one before it."""
    names = select(func.min(column).label("name")).cte("names", recursive=True)
    following = select(func.min(column)).where(column > names.c.name).scalar_subquery()
    return names.union_all(select(following).where(names.c.name.is_not(None)))
