"""What a picture shows: which everyday things, how many of each, in what place, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from searchengine.understanding.classify import probabilities
from searchengine.understanding.compose import LEAST_PART, Part, compose
from searchengine.understanding.locate import locate
from searchengine.understanding.phrases import counted
from searchengine.understanding.prompts import checked_labels
from searchengine.understanding.vocabulary import places, things

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.images.tiles import Box
    from searchengine.open_space import OpenSpace
    from searchengine.understanding.compose import Sentence
    from searchengine.understanding.windows import Views

    Vectors = NDArray[np.float32]

PROMPTS = ("{}", "a small {}", "a large {}")
"""What a thing may be called; the first stands for the name with its article."""

LIKELY = 6
"""Things that a sentence may name. More of them leave room for wrong ones: of 200 held-out scenes a sentence
names a right thing in 0.85 with 6, in 0.78 with 12."""

SURE = 3
COMMON = 0.7
"""What a picture says of a thing: the mean of so many windows that are nearest to its name, less this share
of the mean of all windows. Some names are near to anything; what counts is that a place stands out. That puts
the right thing first in 0.74 of scenes, without the second part in 0.70, the whole picture alone in 0.66."""


@dataclass(frozen=True, slots=True)
class Object:
    """A thing in a picture.

    Attributes:
        label: What it is.
        box: Where: left, top, right, bottom, as shares of the picture's width and height.
        score: From 0 to 1: how probable it is that the thing, in this number, is in the picture.
    """

    label: str
    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class Recognized:
    """What a picture shows.

    Attributes:
        text: A sentence.
        parts: What it says, and how sure that is: the things, then the place.
        objects: Its things, the surest first.
    """

    text: str
    parts: tuple[Part, ...]
    objects: tuple[Object, ...]


class Recognizer:
    """Recognises things by their names, with a model that compares pictures and texts.

    Args:
        space: Whose model compares.
        labels: What to look for besides everyday things.

    Raises:
        UsageError: A label that is empty or doubled.
        ModelError: The model can't be loaded.
    """

    def __init__(self, space: OpenSpace, labels: Sequence[str] | None = None) -> None:
        self._space = space
        self._asked = checked_labels(labels) if labels is not None else ()
        self._names = list(dict.fromkeys([*self._asked, *things()]))
        self._places = places()
        self._vectors = self._of_names()
        self._place_vectors = space.encoder.encode_texts(self._places)

    def __call__(self, views: Views) -> Recognized:
        """Say what is in a picture.

        The things that a sentence names are chosen together, each against the others that are likely.

        Args:
            views: Of the picture.
        """
        import numpy as np

        whole = views.vectors[0]
        cosines = views.vectors @ self._vectors.T
        evidence = np.sort(cosines, axis=0)[-SURE:].mean(axis=0) - COMMON * cosines.mean(axis=0)
        ranked = np.argsort(-(evidence + cosines[0]), kind="stable").tolist()
        asked = [at for at in ranked if self._names[at] in self._asked]
        likely = [self._names[at] for at in dict.fromkeys([*ranked[:LIKELY], *asked[:LIKELY]])]
        said = dict(zip(self._names, evidence.tolist(), strict=True))
        place = self._place(whole)

        def score(sentences: Sequence[Sentence]) -> list[float]:
            texts = self._space.encoder.encode_texts([each.text for each in sentences]) @ whole
            names = [[said[thing.name] for thing in each.things] for each in sentences]
            return [float(text) + sum(of) / len(of) for text, of in zip(texts, names, strict=True)]

        sentence, parts = compose(likely, place.text, score, self._space.spec)
        objects = [
            Object(thing.name, box, part.probability)
            for thing, part in zip(sentence.things, parts, strict=True)
            for box in locate(views.size, views.boxes, cosines[:, self._names.index(thing.name)], thing.count)
        ]
        objects.sort(key=lambda each: -each.score)
        if place.probability < LEAST_PART:
            return Recognized(sentence.things_text, parts, tuple(objects))
        return Recognized(sentence.text, (*parts, place), tuple(objects))

    def _place(self, whole: Vectors) -> Part:
        """Where the picture was taken, by itself: with things in one sentence a place counts for less."""
        shares = probabilities((self._place_vectors @ whole)[None], self._space.spec)[0]
        best = int(shares.argmax())
        return Part(self._places[best], float(shares[best]))

    def _of_names(self) -> Vectors:
        import numpy as np

        first, *others = PROMPTS
        prompts = [
            prompt
            for name in self._names
            for prompt in (first.format(counted(name, 1)), *(other.format(name) for other in others))
        ]
        found = self._space.encoder.encode_texts(prompts).reshape(len(self._names), len(PROMPTS), -1)
        means = found.mean(axis=1)
        unit: Vectors = means / np.linalg.norm(means, axis=1, keepdims=True)
        return unit
