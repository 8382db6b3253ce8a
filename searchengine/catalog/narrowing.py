"""With which pictures a filtered query begins: SQLite, which keeps no statistics, can't tell by itself.

A condition on `content` is tested row by row, and reading all rows takes longer than searching all vectors.
Where demands have an index and let few pictures through, those are read from the indexes and intersected, and
only what no index can say is tested on the rows that are left. How many a demand lets through is found out by
reading its index, which each of them may do up to `FEW`; then it is known how far reading on pays.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sqlalchemy import and_, func, or_, select

from searchengine.catalog import paths, words
from searchengine.catalog.bulk import among, ids_of
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
    Ids = Select[Any]

FEW = 20_000
"""A fiftieth of a million. Files that lead to pictures are no more than that: their rows have to be read."""

MANY = 100_000
"""Entries of an index that are read in the time of a search, where no demand is known that few pass."""

ROW = 8
"""How many entries of an index are read in the time that a row takes."""


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
    rest, rest_exact = list(filters), list(exact)
    asked = list(_indexed(session, [each for each in rest if not each.negated]))
    standing = [each for each in rest_exact if not each.negated]
    asked += [_Asked((each,), _reading(session, words.having(each.text))) for each in standing]
    found = [each.read(FEW) for each in asked]
    most = min((ROW * len(ids) for ids in found if ids is not None), default=MANY)
    contents = None
    for each, few in zip(asked, found, strict=True):
        ids = few if few is not None or most <= FEW else each.read(most)
        if ids is None:
            continue
        contents = np.sort(ids) if contents is None else np.intersect1d(contents, ids, assume_unique=True)
        if each.is_all:
            rest = [one for one in rest if one not in each.demands]
            rest_exact = [one for one in rest_exact if one not in each.demands]
    return Narrowed(contents, tuple(rest), tuple(rest_exact))


class _Asked(NamedTuple):
    """Demands that have an index.

    Attributes:
        demands: Which.
        read: The pictures that pass, each once and in any order, unless there are more than so many.
        is_all: Whether they pass without further questions.
    """

    demands: tuple[Filter | Exact, ...]
    read: Callable[[int], NDArray[np.int64] | None]
    is_all: bool = True


def _indexed(session: Session, filters: list[Filter]) -> Iterator[_Asked]:
    """Those of the filters that have an index; the two ends of a time are one demand."""
    times = tuple(each for each in filters if each.key in ("after", "before"))
    if times:
        yield _Asked(times, _reading(session, select(Content.id).where(and_(*map(of_key, times)))))
    for each in filters:
        if each.key == "size":
            yield _Asked((each,), _reading(session, select(Content.id).where(of_key(each))))
        elif each.key == "near":
            bands = [band(value) for value in each.values if isinstance(value, Circle)]
            yield _Asked((each,), _reading(session, select(Content.id).where(or_(*bands))), is_all=False)
        elif each.key in ("path", "name"):
            yield _Asked((each,), partial(_at_paths, session, each))
        elif each.key == "keyword" and (naming := _all_words(each)):
            standing = or_(*(Content.id.in_(words.having(text)) for text in naming))
            yield _Asked((each,), _reading(session, select(Content.id).where(standing)), is_all=False)
        elif each.key in _NAMES and not any(isinstance(value, Number) for value in each.values):
            column, test = _NAMES[each.key]
            names = _distinct(column)
            which = or_(*(test(names.c.name, value) for value in each.values))
            named = select(Content.id).where(column.in_(select(names.c.name).where(which)))
            yield _Asked((each,), _reading(session, named))


def _all_words(asked: Filter) -> list[str]:
    """The values of a filter, where each is words that the index of words can be asked for."""
    texts = [value.text for value in asked.values if isinstance(value, Pattern)]
    are_words = all(any(map(str.isalnum, text)) and not set(text) & set("*?") for text in texts)
    return texts if are_words else []


def _reading(session: Session, ids: Ids) -> Callable[[int], NDArray[np.int64] | None]:
    return partial(_unless_more, session, ids)


def _unless_more(session: Session, ids: Ids, most: int) -> NDArray[np.int64] | None:
    """What a statement finds, unless that is more than so many."""
    found = ids_of(session, ids.limit(most + 1))
    return found if len(found) <= most else None


def _at_paths(session: Session, asked: Filter, most: int) -> NDArray[np.int64] | None:
    """What lies at paths or has names that are asked for, where the index of paths leads to few files."""
    found: list[NDArray[np.int64]] = []
    for value in asked.values:
        assert isinstance(value, Pattern)  # noqa: S101  the query language gives a key only its own values
        leads = paths.containing(session, value.text) if most <= FEW else None
        files = None if leads is None else _unless_more(session, leads, most)
        if files is None:
            return None
        there = select(File.content_id).where(
            among(File.id, files), File.content_id.is_not(None), of_path(asked.key, value)
        )
        found.append(ids_of(session, there))
    return np.unique(np.concatenate(found))


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
