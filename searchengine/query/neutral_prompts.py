"""The bank of neutral prompts: what nobody asked for, so that scores have something to be compared with.

Mostly rare things, and each of another kind: most of them are absent from any one library.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files


def neutral_prompts() -> tuple[str, ...]:
    """The prompts, one for each line of the text file beside this module."""
    text = files(__package__).joinpath("neutral_prompts.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())


def digest(prompts: tuple[str, ...]) -> str:
    """Name a bank by what is in it: SHA-256, hexadecimal."""
    return hashlib.sha256("\n".join(prompts).encode()).hexdigest()
