"""A sentence for a picture, composed of things and their numbers: the one that goes with it best.

A CLIP model can't write, but it can tell which of many sentences a picture goes with. So sentences are
grown part by part, the best few at a time (a beam search), and each part of the last one is held against what
might stand in its place: that is its probability. Values in, values out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from searchengine.understanding.classify import probabilities
from searchengine.understanding.phrases import counted, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.encoders.spec import ModelSpec

    Vector = NDArray[np.float32]
    Score = Callable[[Sequence["Sentence"]], Sequence[float]]

BEAM = 6
MOST_COUNT = 4
SIZES = ("", "small", "large")
MOST_THINGS = 3
MARGIN = -0.01
"""By how much of a cosine a longer sentence has to be nearer."""

LEAST_PART = 0.2
"""What is less probable isn't said, but for one thing."""


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """Something in a picture.

    Attributes:
        name: What it is called.
        count: How many there are.
        size: One of `SIZES`.
    """

    name: str
    count: int = 1
    size: str = ""

    @property
    def text(self) -> str:
        """In words: ``two small owls``."""
        return counted(self.name, self.count, self.size)


class Sentence(NamedTuple):
    """What is said of a picture.

    Attributes:
        things: What is there; at least one.
        place: Where.
    """

    things: tuple[Thing, ...]
    place: str

    @property
    def things_text(self) -> str:
        """What is there, in words."""
        return together([thing.text for thing in self.things])

    @property
    def text(self) -> str:
        """All of it."""
        return f"{self.things_text} {self.place}"

    def with_thing(self, at: int, thing: Thing) -> Sentence:
        """With another thing in one's place, or after all of them."""
        return self._replace(things=(*self.things[:at], thing, *self.things[at + 1 :]))


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a sentence that could have been another.

    Attributes:
        text: What it says.
        probability: From 0 to 1, among what else might stand there.
    """

    text: str
    probability: float


def compose(
    things: Sequence[str], place: str, score: Score, spec: ModelSpec
) -> tuple[Sentence, tuple[Part, ...]]:
    """Say what goes best with a picture, as far as it is at all sure.

    Args:
        things: What may be in it; at least one.
        place: Where they are.
        score: How near sentences are to the picture; cosines.
        spec: The model that compares.

    Returns:
        The sentence, and how sure each of its things is. What is less so than `LEAST_PART` isn't said, but
        for the surest.
    """
    grown = best_sentence(things, place, score)
    parts = [_part(grown, at, things, score, spec) for at in range(len(grown.things))]
    surest = max(part.probability for part in parts)
    kept = [at for at, part in enumerate(parts) if part.probability >= min(LEAST_PART, surest)]
    return Sentence(tuple(grown.things[at] for at in kept), place), tuple(parts[at] for at in kept)


def best_sentence(things: Sequence[str], place: str, score: Score) -> Sentence:
    """Grow the sentence that goes best with a picture; see `compose`."""
    known: dict[Sentence, float] = {}

    def best_of(sentences: Iterable[Sentence]) -> list[Sentence]:
        new = [each for each in dict.fromkeys(sentences) if each not in known]
        if new:
            known.update(zip(new, score(new), strict=True))
        return sorted(known, key=lambda each: MARGIN * len(each.things) - known[each])[:BEAM]

    beam = best_of(Sentence((Thing(thing),), place) for thing in things)
    while (grown := best_of(one for each in beam for one in _grown(each, things))) != beam:
        beam = grown
    return beam[0]


def _grown(sentence: Sentence, things: Sequence[str]) -> Iterator[Sentence]:
    """Every sentence that differs from one in a thing, or has one more."""
    for at, thing in enumerate(sentence.things):
        yield from _others(sentence, at, things)
        for size in SIZES:
            yield sentence.with_thing(at, replace(thing, size=size))
    if len(sentence.things) < MOST_THINGS:
        named = {thing.name for thing in sentence.things}
        for name in things:
            if name not in named:
                yield sentence.with_thing(len(sentence.things), Thing(name))


def _others(sentence: Sentence, at: int, things: Sequence[str]) -> Iterator[Sentence]:
    """With as many of something else in one thing's place, and with another number of the same."""
    thing = sentence.things[at]
    named = {each.name for each in sentence.things}
    for name in things:
        if name not in named:
            yield sentence.with_thing(at, replace(thing, name=name))
    for count in range(1, MOST_COUNT + 1):
        if count != thing.count:
            yield sentence.with_thing(at, replace(thing, count=count))


def _part(sentence: Sentence, at: int, things: Sequence[str], score: Score, spec: ModelSpec) -> Part:
    """A thing, and how probable it is among what else might stand there."""
    import numpy as np

    cosines = np.array(score([sentence, *_others(sentence, at, things)]), np.float32)
    return Part(sentence.things[at].text, float(probabilities(cosines[None], spec)[0, 0]))
