"""With which pictures a filtered query begins: SQLite, which keeps no statistics, can't tell by itself.

A condition on `content` is tested row by row, and reading all rows takes longer than searching all vectors.
Where demands have an index and let few pictures through, those are read from the indexes and intersected, and
only what no index can say is tested on the rows that are left. How many a demand lets through is found out by
reading its index no further than to `MANY`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import and_, func, or_, select

from searchengine.catalog import paths, words
from searchengine.catalog.bulk import among
from searchengine.catalog.filters import band, matches, of_key, of_path, of_type
from searchengine.catalog.models import Content, File
from searchengine.filters import Circle, Number, Pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement, Select, SQLColumnExpression
    from sqlalchemy.orm import Session

    from searchengine.filters import Exact, Filter, Value

    Condition = ColumnElement[bool]
    Ids = Select[tuple[int]]

MANY = 100_000
"""A tenth of a million: entries of an index that are read in the time of a search."""

MANY_FILES = 20_000
"""The same of rows of `file`."""


@dataclass(frozen=True, slots=True, eq=False)
class Narrowed:
    """Some of a query's demands, answered by indexes.

    Attributes:
        contents: Ids, ascending, that hold all that passes; None where no demand is known to let few through.
        filters: What is still to be asked of them.
        exact: The same.
    """

    contents: NDArray[np.int64] | None
    filters: tuple[Filter, ...]
    exact: tuple[Exact, ...]


def narrow(session: Session, filters: Iterable[Filter], exact: Iterable[Exact] = ()) -> Narrowed:
    """Answer from indexes what they answer quickly.

    Raises:
        QueryError: Exact words that have no letters or digits.
    """
    rest = list(filters)
    rest_exact = list(exact)
    found: list[NDArray[np.int64]] = []
    for answered, is_exact, ids in _indexed(session, [each for each in rest if not each.negated]):
        if ids is not None:
            found.append(ids)
            if is_exact:
                rest = [each for each in rest if each not in answered]
    for each in [each for each in rest_exact if not each.negated]:
        ids = _few(session, words.having(each.text))
        if ids is not None:
            found.append(ids)
            rest_exact.remove(each)
    contents = None
    for ids in sorted(found, key=len):
        contents = np.unique(ids) if contents is None else contents[np.isin(contents, ids)]
    return Narrowed(contents, tuple(rest), tuple(rest_exact))


def _indexed(
    session: Session, filters: list[Filter]
) -> Iterator[tuple[list[Filter], bool, NDArray[np.int64] | None]]:
    """Demands that have an index, whether that says all about them, and the few that pass, if they are few.

    The two ends of a time are one demand.
    """
    times = [each for each in filters if each.key in ("after", "before")]
    if times:
        yield times, True, _few(session, select(Content.id).where(and_(*map(of_key, times))))
    for each in filters:
        if each.key == "size":
            yield [each], True, _few(session, select(Content.id).where(of_key(each)))
        elif each.key == "near":
            bands = [band(value) for value in each.values if isinstance(value, Circle)]
            yield [each], False, _few(session, select(Content.id).where(or_(*bands)))
        elif each.key in ("path", "name"):
            yield [each], True, _at_paths(session, each)
        elif each.key in _NAMES and not any(isinstance(value, Number) for value in each.values):
            column, test = _NAMES[each.key]
            names = _distinct(column)
            which = or_(*(test(names.c.name, value) for value in each.values))
            named = select(Content.id).where(column.in_(select(names.c.name).where(which)))
            yield [each], True, _few(session, named)


def _few(session: Session, ids: Ids, most: int | None = None) -> NDArray[np.int64] | None:
    """What a statement finds, unless it is many."""
    most = MANY if most is None else most
    found = session.connection().execute(ids.limit(most + 1)).scalars().all()
    return np.array(found, np.int64) if len(found) <= most else None


def _at_paths(session: Session, asked: Filter) -> NDArray[np.int64] | None:
    """What lies at paths or has names that are asked for, where the index of paths leads to few files."""
    found = []
    for value in asked.values:
        assert isinstance(value, Pattern)  # noqa: S101  the query language gives a key only its own values
        leads = paths.containing(value.text)
        files = None if leads is None else _few(session, leads, MANY_FILES)
        if files is None:
            return None
        there = select(File.content_id).where(
            among(File.id, files), File.content_id.is_not(None), of_path(asked.key, value)
        )
        found += session.connection().execute(there).scalars().all()
    return np.array(found, np.int64)


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
