"""A line of readable text from whatever a tag holds."""

from __future__ import annotations

from contextlib import suppress
from typing import Any


def clean_text(value: Any, *, most: int = 200) -> str | None:
    """One line of readable text from a tag's value, of so many characters; None where there is none."""
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str):
        return None
    value = value.split("\0", 1)[0]
    with suppress(UnicodeError):  # Pillow reads EXIF text as Latin-1, phones write UTF-8
        value = value.encode("latin-1").decode("utf-8")
    return one_line(value, most=most)


def one_line(text: str, *, most: int) -> str | None:
    """Readable text without line breaks, cut to so many characters; None where it has no letter or digit."""
    # Cut before it is cleaned, too: a tag may hold megabytes.
    printable = "".join(c if c.isprintable() else " " for c in text[: 4 * most])
    words = " ".join(printable.split())[:most].rstrip()
    return words if any(c.isalnum() for c in words) else None  # "----" is how lenses say they don't know
