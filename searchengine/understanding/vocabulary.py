"""What pictures are tagged with and groups named by, where nobody gives other words: things and places."""

from __future__ import annotations

from importlib.resources import files


def vocabulary() -> tuple[str, ...]:
    """The phrases, one for each line of the text file beside this module."""
    text = files(__package__).joinpath("vocabulary.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())
