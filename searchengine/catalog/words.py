"""The words that stand in pictures' texts: names, folders, titles, captions, keywords, places, and in them.

Whoever searches words or keeps their index up comes through here: it is SQLite's FTS5, or a tsvector of
PostgreSQL's. A picture is in the index exactly when it is shown, under its content's id, with the texts of
all its files. The index is derived: `differences` finds what isn't right, and `settle` makes it so.
"""

from __future__ import annotations

import math
import os
import re
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import cast, column, delete, select, table
from sqlalchemy.types import UserDefinedType

from searchengine.catalog.bulk import chunks
from searchengine.catalog.dialect import dialect_of
from searchengine.catalog.either import Either
from searchengine.catalog.models import Content, ContentText, Embedding, File, OcrText, Sidecar
from searchengine.catalog.postgres.lexemes import phrase as as_tsquery
from searchengine.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    Row = tuple[str, str]

MOST_MATCHES = 20_000
"""A word that more pictures have than this tells too little to pay for it."""

_MOST_WORDS = 32

# Between two texts of a picture, so that no phrase reaches from one into the other. A private character:
# the tokeniser takes it for a word, and no text has it.
_BREAK = " \ue000 "

# Where a word ends although no space follows: IMG1234 is two, and of scripts that put no spaces between
# words every character is one.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SEAM = re.compile(
    rf"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])|(?<=[{_UNSPACED}])(?=\w)|(?<=\w)(?=[{_UNSPACED}])"
)
_OTHERS = re.compile(r'[\ue000"\0\ud800-\udfff]')
_EDGES = re.compile(r"^\W+|(?:['\u2019]s)?\W*$")

# What is in a question without being what is asked for.
_STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "has",
        "have",
        "her",
        "his",
        "in",
        "into",
        "is",
        "it",
        "its",
        "my",
        "near",
        "of",
        "off",
        "on",
        "onto",
        "or",
        "our",
        "out",
        "over",
        "some",
        "that",
        "the",
        "their",
        "them",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "under",
        "was",
        "were",
        "which",
        "who",
        "with",
        "without",
        "your",
        "image",
        "images",
        "img",
        "photo",
        "photograph",
        "photographs",
        "photos",
        "pic",
        "pics",
        "picture",
        "pictures",
    ]
)

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
    phrase = _phrase(text)
    if phrase is None:
        raise QueryError(f'"{text}" has no letters or digits that could stand somewhere; leave it out')
    return _having(phrase)


def evidence(
    session: Session, space_id: int, text: str, count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """How much the words of a query, found in pictures' texts, say for each picture.

    Each word that stands in a picture's texts adds its inverse document frequency, as in BM25. (How often
    it stands there, and how long the texts are, says nothing in names and keywords.) Words that only hold a
    question together don't count, nor do those that more than `MOST_MATCHES` pictures have.

    Args:
        session: A session.
        space_id: Where the embeddings are.
        text: Words, taken literally.
        count: How many pictures are shown.

    Returns:
        Embeddings (n,), ascending, of pictures that have some of the words; and what that says, in nats, > 0.
    """
    found: list[tuple[NDArray[np.int64], float]] = []
    for phrase in _telling(text):
        # Past the session, which takes several times as long over each row.
        rows = session.connection().execute(_having(phrase).limit(MOST_MATCHES + 1))
        contents = np.fromiter((row[0] for row in rows), np.int64)
        if 0 < len(contents) <= MOST_MATCHES:
            rarity = math.log(1 + max(count - len(contents) + 0.5, 0) / (len(contents) + 0.5))
            found.append((contents, rarity))
    if not found:
        return np.empty(0, np.int64), np.empty(0)
    contents, at = np.unique(np.concatenate([ids for ids, _ in found]), return_inverse=True)
    weights = np.concatenate([np.full(len(ids), rarity) for ids, rarity in found])
    said = np.bincount(at.ravel(), weights, minlength=len(contents)).astype(np.float64)
    return _embeddings(session, space_id, contents, said)


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


def normalized(text: str) -> str:
    """A text as it is indexed: words with spaces between them; the tokeniser sees to case and accents."""
    return _SEAM.sub(" ", _OTHERS.sub(" ", unicodedata.normalize("NFC", text)))


def _phrase(text: str) -> str | None:
    """A text, ready to be looked for: just these words in this order; None where there are none."""
    words = normalized(text)
    return words if any(map(str.isalnum, words)) else None


def _telling(text: str) -> list[str]:
    """The words of a query that may say something, each as a phrase."""
    words = (_EDGES.sub("", word) for word in text.casefold().split())
    wanted = dict.fromkeys(
        word for word in words if word not in _STOP_WORDS and (len(word) > 1 or not word.isascii())
    )
    phrases = [phrase for word in wanted if (phrase := _phrase(word)) is not None]
    return phrases[:_MOST_WORDS]


def _having(phrase: str) -> Select[tuple[int]]:
    fts5 = _index.c.text_index.op("MATCH", is_comparison=True)(f'"{phrase}"')
    tsvector = _index.c.words.op("@@", is_comparison=True)(cast(as_tsquery(phrase), _TSQuery))
    return select(_index.c.rowid).where(Either(fts5, tsvector))


def _embeddings(
    session: Session, space_id: int, contents: NDArray[np.int64], said: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """From contents to all their embeddings in the space, whatever part of the picture they are of."""
    rows: list[tuple[int, int]] = []
    for ids in chunks(contents.tolist()):
        rows += [
            (row[0], row[1])
            for row in session.connection().execute(
                select(Embedding.id, Embedding.content_id).where(
                    Embedding.content_id.in_(ids), Embedding.space_id == space_id
                )
            )
        ]
    pairs = np.array(rows, np.int64).reshape(-1, 2)
    pairs = pairs[np.argsort(pairs[:, 0])]
    return pairs[:, 0], said[np.searchsorted(contents, pairs[:, 1])]


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
    of_pictures = select(OcrText.content_id, OcrText.text).where(OcrText.content_id.in_(paths))
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
