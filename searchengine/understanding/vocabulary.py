"""The words that pictures are described with where nobody gives others: things, places, and all the rest."""

from __future__ import annotations

from importlib.resources import files


def vocabulary() -> tuple[str, ...]:
    """Every word that a picture may be tagged with or a group be named by: things, places and occasions."""
    return tuple(word for _, words in _sections("vocabulary.txt") for word in words)


def things() -> tuple[str, ...]:
    """Those of `vocabulary` that stand in a picture and can be counted."""
    return _sections("vocabulary.txt")[0][1]


def places() -> tuple[str, ...]:
    """Where things are, as it is said after them: ``on a beach``."""
    return _sections("places.txt")[0][1]


def _sections(name: str) -> list[tuple[str, tuple[str, ...]]]:
    """The parts of a text file beside this module: what each one's heading says, and its lines."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    parts = [part.splitlines() for part in text.split("# ") if part]
    return [(heading, tuple(lines)) for heading, *lines in parts]
