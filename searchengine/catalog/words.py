"""The words that stand in pictures' texts: names, folders, titles, captions, keywords, places, and in them.

Whoever searches words or keeps their index up comes through here: it is SQLite's FTS5, or a tsvector of
PostgreSQL's. A picture is in the index exactly when it is shown, under its content's id, with the texts of
all its files. The index is derived: `differences` finds what isn't right, and `settle` makes it so.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sqlalchemy import cast, column, delete, select, table
from sqlalchemy.types import UserDefinedType

from searchengine.catalog.bulk import chunks
from searchengine.catalog.dialect import dialect_of
from searchengine.catalog.either import Either
from searchengine.catalog.evidence import as_asked, as_phrase, normalized
from searchengine.catalog.models import Caption, Content, ContentText, File, OcrText, Sidecar
from searchengine.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    Row = tuple[str, str]

# Between two texts of a picture, so that no phrase reaches from one into the other. A private character:
# the tokeniser takes it for a word, and no text has it.
_BREAK = " \ue000 "

# FTS5 asks its table for matches in a column of the table's name; `words` is PostgreSQL's.
_index = table("text_index", *map(column, ("rowid", "path", "said", "text_index", "words")))


class _TSQuery(UserDefinedType[str]):
    """PostgreSQL's type of a question; SQLAlchemy's own would import its whole dialect (37 ms)."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "tsquery"


def has(text: str) -> ColumnElement[bool]:
    """Whether a picture is one of those `having` the words."""
    return Content.id.in_(having(text))


def having(text: str) -> Select[tuple[int]]:
    """Pictures, by id, in whose texts the words of a text stand, next to each other and in this order.

    Case and accents don't count, nor what stands between the words; a picture's folder and name are one
    text, and each keyword is one.

    Raises:
        QueryError: There is no word in it.
    """
    phrase = as_phrase(text)
    if phrase is None:
        raise QueryError(f'"{text}" has no letters or digits that could stand somewhere; leave it out')
    return _having(phrase)


def settle(session: Session, content_ids: Iterable[int]) -> None:
    """Make the index agree with what is known of these pictures.

    Args:
        session: A writing session; `shown` and the rows that texts come from must be in the database.
        content_ids: Pictures whose files or texts may have changed.
    """
    for ids in chunks(sorted(set(content_ids))):
        expected, found = _expected(session, ids), _found(session, ids)
        wrong = [each for each in found if found[each] != expected.get(each)]
        if wrong:
            session.execute(delete(_index).where(_index.c.rowid.in_(wrong)))
        new = {each: row for each, row in expected.items() if found.get(each) != row}
        if new:
            dialect_of(session).add_words(session, new)


def differences(session: Session) -> list[int]:
    """Pictures whose texts aren't in the index as they should be, or are though they aren't shown."""
    known = [row[0] for row in session.connection().execute(select(Content.id))]
    indexed = [row[0] for row in session.connection().execute(select(_index.c.rowid))]
    wrong: list[int] = []
    for ids in chunks(sorted({*known, *indexed})):
        expected, found = _expected(session, ids), _found(session, ids)
        wrong += [each for each in ids if expected.get(each) != found.get(each)]
    return wrong


def rebuild(session: Session) -> None:
    """Make the whole index anew; also what it keeps for itself, should that be damaged."""
    dialect_of(session).rebuild_words(session)
    settle(session, differences(session))


def is_damaged(session: Session) -> bool | None:
    """Whether what the index keeps for itself doesn't agree with its texts; None where it can't be told."""
    return dialect_of(session).words_are_damaged(session)


def _having(phrase: str) -> Select[tuple[int]]:
    fts5 = _index.c.text_index.op("MATCH", is_comparison=True)(as_asked(phrase, "sqlite"))
    tsvector = _index.c.words.op("@@", is_comparison=True)(cast(as_asked(phrase, "postgresql"), _TSQuery))
    return select(_index.c.rowid).where(Either(fts5, tsvector))


def _found(session: Session, ids: Collection[int]) -> dict[int, Row]:
    rows = session.execute(
        select(_index.c.rowid, _index.c.path, _index.c.said).where(_index.c.rowid.in_(ids))
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _expected(session: Session, ids: Collection[int]) -> dict[int, Row]:
    """What the index should hold of these pictures; nothing of those that aren't shown."""
    paths: dict[int, list[str]] = {}
    said: dict[int, list[str | None]] = {}
    of_files = (
        select(Content.id, File.path, *_texts(Sidecar))
        .select_from(File)
        .join(Content, Content.id == File.content_id)
        .join(Sidecar, Sidecar.file_id == File.id, isouter=True)
        .where(File.content_id.in_(ids), Content.shown)
        .order_by(File.id)
    )
    for content_id, path, *texts in session.connection().execute(of_files):
        paths.setdefault(content_id, []).append(os.fsdecode(path))
        said.setdefault(content_id, []).extend(_flat(texts))
    of_contents = select(ContentText.content_id, *_texts(ContentText)).where(
        ContentText.content_id.in_(paths)
    )
    for content_id, *texts in session.connection().execute(of_contents):
        said[content_id].extend(_flat(texts))
    for of in (OcrText, Caption):
        of_pictures = select(of.content_id, of.text).where(of.content_id.in_(paths))
        for content_id, text in session.connection().execute(of_pictures):
            said[content_id].append(text)
    return {content_id: (_joined(paths[content_id]), _joined(said[content_id])) for content_id in paths}


def _texts(of: type[ContentText | Sidecar]) -> tuple[ColumnElement[object], ...]:
    return of.title, of.caption, of.place, of.keywords  # type: ignore[return-value]


def _flat(texts: list[object]) -> list[str]:
    *lines, keywords = texts
    return [str(text) for text in (*lines, *(keywords if isinstance(keywords, list) else ())) if text]


def _joined(texts: Iterable[str | None]) -> str:
    """All of them, none twice."""
    return _BREAK.join(dict.fromkeys(normalized(text) for text in texts if text))
