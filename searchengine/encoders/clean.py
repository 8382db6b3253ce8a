"""What is done to a text before it is split into tokens; the same as open_clip's `get_clean_fn`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Cleaning = Literal["lower", "whitespace", "canonicalize"]

# string.punctuation, which canonicalising removes after it has turned "_" into a space.
_PUNCTUATION = str.maketrans("", "", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


def cleaner(kind: Cleaning) -> Callable[[str], str]:
    """The function that open_clip cleans texts with under this name.

    Args:
        kind: ``lower`` repairs the encoding, resolves HTML entities, joins white space and lowers the case;
            ``whitespace`` leaves the case; ``canonicalize`` lowers and drops ASCII punctuation (SigLIP).
    """
    return {"lower": _lower, "whitespace": _whitespace, "canonicalize": _canonicalize}[kind]


def _repair(text: str) -> str:
    # ftfy and html take 50 ms to import and leave printable ASCII without entities as it is.
    if text.isascii() and text.isprintable() and "&" not in text:
        return text
    import html

    import ftfy

    return html.unescape(html.unescape(ftfy.fix_text(text)))


def _whitespace(text: str) -> str:
    return " ".join(_repair(text).split())


def _lower(text: str) -> str:
    return _whitespace(text).lower()


def _canonicalize(text: str) -> str:
    text = _repair(text).strip().replace("_", " ").translate(_PUNCTUATION)
    return " ".join(text.lower().split())
