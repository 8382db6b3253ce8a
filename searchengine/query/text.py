"""A query in words, taken literally."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Words to embed as they are: no filters, no operators."""

    text: str
