r"""The query language: one line of text to a `Query`, and back.

    dog on a beach           plain words, one text
    -people  -(new york)     away from it
    (red car)^2              words with a weight
    image:./ref.jpg^0.5      a picture, with a weight; -image:… away from it
    "exact words"            must stand in its text; -"…" must not
    key:value  key:a|b       a filter, with alternatives; -key:value is "not"
    \                        takes the next character literally

Letters before a colon must be a known key; digits before a colon are text (1:00).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from searchengine.errors import QueryError
from searchengine.filters import Exact, Filter
from searchengine.query.keys import EXAMPLE_KEY, KEYS, plain_number
from searchengine.query.terms import Example, Query, Words

if TYPE_CHECKING:
    from searchengine.filters import Value

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_RAW = r'(?:[^\s|"\\^]|\\.)(?:[^\s|\\^]|\\.)*'
_VALUE = rf"(?:{_QUOTED}|{_RAW})"
_WEIGHT = r"(?:\^(?P<{}>\d+(?:\.\d+)?))"
_TERM = re.compile(
    rf"""
    (?P<minus>-(?=\S))?
    (?: (?P<exact>{_QUOTED})
      | \((?P<group>(?:[^()\\]|\\.)*)\){_WEIGHT.format("group_weight")}?
      | (?P<key>[^\W\d_]+):(?P<values>{_VALUE}(?:\|{_VALUE})*){_WEIGHT.format("weight")}?
      | (?P<word>(?:[^\s\\]|\\.|\\$)+)
    )
    (?=\s|$)""",
    re.VERBOSE | re.DOTALL,
)
_SPACE = re.compile(r"\s*")
_KEYED = re.compile(r"([^\W\d_]+):")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_NEEDS_QUOTES = re.compile(r'[\s|"\\^]')


def parse(text: str) -> Query:
    """Understand a query.

    Raises:
        QueryError: It can't be understood; it points at the word.
    """
    plain: list[str] = []
    words: list[Words] = []
    examples: list[Example] = []
    exact: list[Exact] = []
    filters: list[Filter] = []
    for term in _terms(text):
        minus = term["minus"] is not None
        if term["exact"] is not None:
            exact.append(Exact(_some(term, _value(term["exact"])), minus))
        elif term["group"] is not None and (minus or term["group_weight"]):
            weight = _weight(term, "group_weight", negated=minus)
            words.append(Words(_some(term, _tidy(_literal(term["group"]))), weight))
        elif term["key"] is not None:
            if term["key"].lower() == EXAMPLE_KEY:
                examples.append(_example(term, negated=minus))
            else:
                filters.append(_filter(term, negated=minus))
        else:
            word = _word(term)
            if minus:
                words.append(Words(_some(term, _tidy(word)), -1.0))
            else:
                plain.append(word)
    together = _tidy(" ".join(plain))
    if together:
        words.insert(0, Words(together))
    return Query(tuple(words), tuple(examples), tuple(exact), tuple(filters))


def render(query: Query) -> str:
    """Write a query down so that `parse` gives it back."""
    parts: list[str] = []
    for number, words in enumerate(query.words):
        if number == 0 and words.weight == 1:
            parts += [_escape_word(word) for word in words.text.split()]
        else:
            inside = re.sub(r"([()\\])", r"\\\1", words.text)
            parts.append(_signed(f"({inside})", words.weight, always=words.weight > 0))
    parts += [_signed(f"{EXAMPLE_KEY}:{_write(e.reference)}", e.weight) for e in query.examples]
    parts += [f"{'-' * e.negated}{_quote(e.text)}" for e in query.exact]
    for each in query.filters:
        values = "|".join(_write(KEYS[each.key].write(value)) for value in each.values)
        parts.append(f"{'-' * each.negated}{each.key}:{values}")
    return " ".join(parts)


def _terms(text: str) -> list[re.Match[str]]:
    """The line cut into terms; every character but white space belongs to one."""
    terms = []
    at = _end(_SPACE.match(text, 0))
    while at < len(text):
        term = _TERM.match(text, at)
        if term is None:  # a backslash that ends in nothing a term may end in
            raise QueryError("this can't be understood", query=text, start=at, end=len(text))
        terms.append(term)
        at = _end(_SPACE.match(text, term.end()))
    return terms


def _end(match: re.Match[str] | None) -> int:
    return match.end() if match else 0


def _word(term: re.Match[str]) -> str:
    """A word as it is meant, unless it looks like something else gone wrong."""
    written = term["word"] if term["word"] is not None else f"({term['group']})"
    start = term.end() - len(written)
    if written.startswith('"'):
        _refuse(term, "this quote isn't closed, or no space follows it", start, start + 1)
    if term["minus"] is not None and written.startswith("("):
        _refuse(term, "this bracket isn't closed, or has others inside", start, start + 1)
    if keyed := _KEYED.match(written):
        name = keyed[1].lower()
        if name in KEYS or name == EXAMPLE_KEY:
            example = KEYS[name].example if name in KEYS else "./photo.jpg"
            _refuse(term, f"{name}: needs a value, as in {name}:{example}", start, term.end())
        _refuse_key(term, keyed[1], start)
    return _literal(written)


def _filter(term: re.Match[str], *, negated: bool) -> Filter:
    key = KEYS.get(term["key"].lower())
    if key is None:
        _refuse_key(term, term["key"], term.start("key"))
    if term["weight"]:
        _refuse(term, "only pictures and brackets take a weight", term.start("weight") - 1, term.end())
    values: list[Value] = []
    for value in re.finditer(_VALUE, term["values"], re.DOTALL):
        start = term.start("values") + value.start()
        try:
            values.append(key.read(_some(term, _value(value[0]))))
        except ValueError as error:
            reason = f"{key.name}: {error}; for instance {key.name}:{key.example}"
            _refuse(term, reason, start, start + len(value[0]))
    return Filter(key.name, tuple(values), negated)


def _example(term: re.Match[str], *, negated: bool) -> Example:
    values = re.findall(_VALUE, term["values"], re.DOTALL)
    if len(values) > 1:
        _refuse(term, "a picture has no alternatives; name one after each image:", *term.span("values"))
    return Example(_some(term, _value(values[0])), _weight(term, "weight", negated=negated))


def _weight(term: re.Match[str], group: str, *, negated: bool) -> float:
    weight = float(term[group] or 1)
    if not 0 < weight <= 100:
        _refuse(term, "a weight is more than 0 and at most 100", *term.span(group))
    return -weight if negated else weight


def _some(term: re.Match[str], text: str) -> str:
    if not text.strip():
        _refuse(term, "there is nothing in it", *term.span())
    return text


def _refuse_key(term: re.Match[str], key: str, start: int) -> NoReturn:
    from difflib import get_close_matches

    near = get_close_matches(key.lower(), [*KEYS, EXAMPLE_KEY], n=1, cutoff=0.5)
    known = f"did you mean {near[0]}:?" if near else f"there are {', '.join([*KEYS, EXAMPLE_KEY])}"
    message = f"no filter is called {key}; {known} (as a word it is written {key}\\:)"
    _refuse(term, message, start, start + len(key) + 1)


def _refuse(term: re.Match[str], message: str, start: int, end: int) -> NoReturn:
    raise QueryError(message, query=term.string, start=start, end=end)


def _value(written: str) -> str:
    return _literal(written[1:-1] if written.startswith('"') else written)


def _literal(written: str) -> str:
    return _ESCAPED.sub(r"\1", written)


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _escape_word(word: str) -> str:
    escaped = word.replace("\\", "\\\\")
    if keyed := _KEYED.match(escaped):
        return escaped[: keyed.end() - 1] + "\\" + escaped[keyed.end() - 1 :]
    return "\\" + escaped if escaped[0] in '-"(' else escaped


def _signed(written: str, weight: float, *, always: bool = False) -> str:
    strength = abs(weight)
    suffix = f"^{plain_number(strength)}" if always or strength != 1 else ""
    return ("-" if weight < 0 else "") + written + suffix


def _write(value: str) -> str:
    return _quote(value) if _NEEDS_QUOTES.search(value) else value


def _quote(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
