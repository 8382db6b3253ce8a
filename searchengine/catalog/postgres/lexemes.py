"""Texts as PostgreSQL's `tsvector` and `tsquery`, by the rules of SQLite's tokeniser.

Words are runs of letters and digits, without case and accents; the server's own parser would take paths,
hyphens and numbers apart in other ways, and each of its languages in another one.
"""

from __future__ import annotations

import re
import unicodedata

# A tsvector knows 16,383 places, 256 of each word; a text's further words aren't indexed.
_MOST_PLACES = 16_383

# A tsvector takes words of up to 2,046 bytes. A longer one is found by how it begins.
_MOST_LETTERS = 500

_ACCENTS = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"[^\W_]+")
_BREAK = "\ue000"  # as `words` puts it between texts


def words_of(text: str) -> list[str]:
    """The words of a text, as they are compared."""
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", text.casefold()))
    return [word[:_MOST_LETTERS] for word in _WORD.findall(unicodedata.normalize("NFC", bare))]


def vector(*texts: str) -> str:
    """Texts, as a tsvector is written; between two, and at breaks within them, no phrase goes on."""
    places: dict[str, list[str]] = {}
    place = 0
    for text in texts:
        for part in text.split(_BREAK):
            for word in words_of(part):
                place += 1
                if place > _MOST_PLACES:
                    break
                places.setdefault(word, []).append(str(place))
            place += 1
    return " ".join(f"'{word}':{','.join(at)}" for word, at in places.items())


def phrase(text: str) -> str:
    """A text's words next to each other, in this order, as a tsquery is written."""
    return " <-> ".join(f"'{word}'" for word in words_of(text))
