"""Words to phrases: articles, plurals, lists. As much English grammar as naming things takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NUMBERS = ("no", "one", "two", "three", "four", "five", "six")

_WITHOUT_ARTICLE = frozenset({"bread", "broccoli", "fire", "headphones", "santa claus", "sushi"})
_PLURALS = {
    "aircraft": "aircraft",
    "child": "children",
    "deer": "deer",
    "fish": "fish",
    "goose": "geese",
    "headphones": "headphones",
    "knife": "knives",
    "leaf": "leaves",
    "loaf": "loaves",
    "mouse": "mice",
    "octopus": "octopuses",
    "person": "people",
    "sheep": "sheep",
    "sushi": "sushi",
    "tomato": "tomatoes",
    "wolf": "wolves",
}
# What a name's main word stands before: a pair of scissors, a plant in a pot, a woman dancing.
_AFTER_THE_NOUN = (" of ", " in ", " and ", " dancing")


def counted(name: str, count: int, adjective: str = "") -> str:
    """A thing with its number: ``a dog``, ``an owl``, ``two small pairs of scissors``."""
    phrase = f"{adjective} {plural(name) if count > 1 else name}".strip()
    if count > 1:
        return f"{NUMBERS[count]} {phrase}"
    if name in _WITHOUT_ARTICLE:
        return phrase
    sounds_like_vowel = phrase[0] in "aeiou" and not phrase.startswith(("uni", "ufo"))
    return f"{'an' if sounds_like_vowel else 'a'} {phrase}"


def plural(name: str) -> str:
    """Several of a thing."""
    for seam in _AFTER_THE_NOUN:
        noun, found, rest = name.partition(seam)
        if found:
            return f"{plural(noun)}{found}{plural(rest) if seam == ' and ' else rest}"
    before, blank, noun = name.rpartition(" ")
    return f"{before}{blank}{_plural_noun(noun)}"


def together(phrases: Sequence[str]) -> str:
    """Several phrases as one: ``a dog, a cat and two owls``."""
    *others, last = phrases
    return f"{', '.join(others)} and {last}" if others else last


def _plural_noun(noun: str) -> str:
    if noun in _PLURALS:
        return _PLURALS[noun]
    if noun.endswith("man") and noun != "human":
        return f"{noun[:-3]}men"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh", "z")) else f"{noun}s"
