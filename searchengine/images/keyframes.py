"""Which frames of a video stand for it: where to look, what of that to keep. Values in, values out.

A frame that differs from the others is worth an embedding, one that repeats them is not, and nobody knows
before looking. So a video is looked at often (a look costs as much as decoding a photo, and takes the key
frame before it, which needs no other frame), and what looks like something seen before is dropped: a clip of
one scene gives one frame, a tour of a town as many as there are sights. The number of looks is bounded,
because a film must not take as long to index as a folder of photos, nor push that folder out of an answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchengine.images.hashes import hamming_distance

if TYPE_CHECKING:
    from collections.abc import Sequence

LOOK_EVERY = 2.0
"""Seconds between two looks in a short video: about as often as phones write key frames."""

MOST_LOOKS = 60
"""In a video of two minutes or more; in one of ten minutes that is a look each ten seconds."""

LONGEST = 7 * 86_400.0
"""Seconds that a video is believed to last: surveillance cameras write days. More is a lying header."""

_ALIKE_BITS = 10  # of 64, as far as recompressing and resizing move a perceptual hash
_ALIKE_COLOUR = 24  # of 255, in the cell that differs most: a hash knows no colours
_BLACK = 32  # of 255: brighter than the noise in a black frame


@dataclass(frozen=True, slots=True)
class Sight:
    """What a frame looks like, in short.

    Attributes:
        hash: Its perceptual hash, 8 bytes.
        colours: Its mean colours in 4 x 4 cells, 48 bytes.
        brightest: What all but the brightest hundredth of its pixels stay below, 0 to 255.
    """

    hash: bytes
    colours: bytes
    brightest: float

    @property
    def is_black(self) -> bool:
        """Whether there is nothing to see, as before a video fades in."""
        return self.brightest < _BLACK


def look_times(duration: float | None) -> list[float]:
    """The seconds at which a video is looked at: where equal stretches of it begin.

    Args:
        duration: Seconds that the video says it lasts; None where it doesn't say: then as if it were short.
    """
    if duration is None or not 0 < duration <= LONGEST:
        duration = LOOK_EVERY * MOST_LOOKS
    count = min(max(math.ceil(duration / LOOK_EVERY), 1), MOST_LOOKS)
    return [duration / count * at for at in range(count)]


def choose(sights: Sequence[Sight]) -> list[int]:
    """Which of the frames seen, in their order, stand for the video: never none of some.

    Black ones don't, unless there is nothing else; of those that look alike the first does.
    """
    kept: list[int] = []
    for at, sight in enumerate(sights):
        if not sight.is_black and not any(are_alike(sight, sights[other]) for other in kept):
            kept.append(at)
    return kept or [0][: len(sights)]


def are_alike(one: Sight, other: Sight) -> bool:
    """Whether two frames would have nearly the same embedding: same layout and same colours."""
    if hamming_distance(one.hash, other.hash) > _ALIKE_BITS:
        return False
    here, there = (np.frombuffer(sight.colours, np.uint8).astype(np.int16) for sight in (one, other))
    return int(np.abs(here - there).max()) <= _ALIKE_COLOUR
