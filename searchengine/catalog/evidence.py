"""What words say that stand in pictures' texts: the share of a search that isn't looks.

The texts themselves, and the index of them, are in `words`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from searchengine.catalog.bulk import chunks
from searchengine.catalog.sql import dialect_name, in_, rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.catalog.sql import Reading, Row

MOST_MATCHES = 20_000
"""A word that more pictures have than this tells too little to pay for it."""

_MOST_WORDS = 32

_MATCHES = {
    "sqlite": "SELECT rowid FROM text_index WHERE text_index MATCH :phrase LIMIT :most",
    "postgresql": "SELECT rowid FROM text_index WHERE words @@ CAST(:phrase AS tsquery) LIMIT :most",
}

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


def evidence(
    reading: Reading, space_id: int, text: str, count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """How much the words of a query, found in pictures' texts, say for each picture.

    Each word that stands in a picture's texts adds its inverse document frequency, as in BM25. (How often
    it stands there, and how long the texts are, says nothing in names and keywords.) Words that only hold a
    question together don't count, nor do those that more than `MOST_MATCHES` pictures have.

    Args:
        reading: Where to ask.
        space_id: Where the embeddings are.
        text: Words, taken literally.
        count: How many pictures are shown.

    Returns:
        Embeddings (n,), ascending, of pictures that have some of the words; and what that says, in nats, > 0.
    """
    found: list[tuple[NDArray[np.int64], float]] = []
    for phrase in _telling(text):
        contents = np.array(_matches(reading, phrase), np.int64).ravel()
        if 0 < len(contents) <= MOST_MATCHES:
            rarity = math.log(1 + max(count - len(contents) + 0.5, 0) / (len(contents) + 0.5))
            found.append((contents, rarity))
    if not found:
        return np.empty(0, np.int64), np.empty(0)
    contents, at = np.unique(np.concatenate([ids for ids, _ in found]), return_inverse=True)
    weights = np.concatenate([np.full(len(ids), rarity) for ids, rarity in found])
    said = np.bincount(at.ravel(), weights, minlength=len(contents)).astype(np.float64)
    return _embeddings(reading, space_id, contents, said)


def normalized(text: str) -> str:
    """A text as it is indexed: words with spaces between them; the tokeniser sees to case and accents."""
    return _SEAM.sub(" ", _OTHERS.sub(" ", unicodedata.normalize("NFC", text)))


def as_phrase(text: str) -> str | None:
    """A text as words that are looked for, just these in this order; None where there are none."""
    words = normalized(text)
    return words if any(map(str.isalnum, words)) else None


def as_asked(phrase: str, dialect: str) -> str:
    """A phrase as a database wants it: for FTS5's MATCH, or as a tsquery."""
    if dialect == "sqlite":
        return f'"{phrase}"'
    from searchengine.catalog.postgres.lexemes import phrase as as_tsquery

    return as_tsquery(phrase)


def _telling(text: str) -> list[str]:
    """The words of a query that may say something, each as a phrase."""
    words = (_EDGES.sub("", word) for word in text.casefold().split())
    wanted = dict.fromkeys(
        word for word in words if word not in _STOP_WORDS and (len(word) > 1 or not word.isascii())
    )
    phrases = [phrase for word in wanted if (phrase := as_phrase(word)) is not None]
    return phrases[:_MOST_WORDS]


def _matches(reading: Reading, phrase: str) -> list[Row]:
    """Pictures, by id, in whose texts a phrase stands, as far as it pays to know."""
    name = dialect_name(reading)
    return rows(reading, _MATCHES[name], phrase=as_asked(phrase, name), most=MOST_MATCHES + 1)


def _embeddings(
    reading: Reading, space_id: int, contents: NDArray[np.int64], said: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """From contents to all their embeddings in the space, whatever part of the picture they are of."""
    found: list[Row] = []
    for ids in chunks(contents.tolist()):
        statement = f"SELECT id, content_id FROM embedding WHERE content_id {in_(ids)} AND space_id = :space"
        found += rows(reading, statement, space=space_id)
    pairs = np.array(found, np.int64).reshape(-1, 2)
    pairs = pairs[np.argsort(pairs[:, 0])]
    return pairs[:, 0], said[np.searchsorted(contents, pairs[:, 1])]
