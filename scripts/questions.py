"""Text queries as long as people type them, each said once: their words must be new to every cache."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from searchengine.understanding.vocabulary import places, things

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOKS = (
    "red", "old", "small", "wooden", "wet", "bright", "empty", "broken", "golden", "snowy", "tall", "dusty",
    "quiet", "blue", "lonely", "painted",
)  # fmt: skip


def questions() -> Iterator[str]:
    """Some of half a million, such as "red boat in the snow", in another order in every run."""
    chance, asked = random.Random(), set[str]()
    while True:
        query = f"{chance.choice(LOOKS)} {chance.choice(things())} {chance.choice(places())}"
        if query not in asked:
            asked.add(query)
            yield query
