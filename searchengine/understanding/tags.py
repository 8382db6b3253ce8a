"""Tags: which words of a vocabulary hold of a picture, by the line that a search for them would draw."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from searchengine.errors import UsageError
from searchengine.query.relevance import bars, is_relevant
from searchengine.understanding.pictures import Unread
from searchengine.understanding.prompts import TEMPLATES, checked_labels, label_vectors
from searchengine.understanding.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from searchengine.open_space import OpenSpace
    from searchengine.understanding.pictures import Seen


@dataclass(frozen=True, slots=True)
class Tag:
    """A word that holds of a picture.

    Attributes:
        tag: The word.
        score: Cosine of word and picture.
    """

    tag: str
    score: float


@dataclass(frozen=True, slots=True)
class Tags:
    """One picture's tags.

    Attributes:
        path: Absolute.
        tags: The nearest first; there may be none.
    """

    path: str
    tags: tuple[Tag, ...]

    def to_dict(self) -> dict[str, Any]:
        """As the JSON that the command line prints."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Tagged:
    """What became of the pictures.

    Attributes:
        results: Of those that could be read, in the order in which they were named or found.
        failures: Those that couldn't, and why.
    """

    results: tuple[Tags, ...]
    failures: tuple[Unread, ...]


def tag(
    space: OpenSpace, pictures: Iterable[Seen | Unread], words: Sequence[str] | None, strictness: float
) -> Tagged:
    """Tag pictures; see `Library.tag`.

    On held-out scenes at the default strictness 0.70 of the tags are right, and 0.44 of all that would be
    right are given; at 0.75 it is 0.50 and 0.60 (scripts/eval_tags.py).

    Raises:
        UsageError: A word that is empty or doubled, or no measurements yet.
        ModelError: The model can't be loaded.
    """
    asked = checked_labels(vocabulary() if words is None else words)
    calibration = space.calibration
    if calibration is None:
        raise UsageError(
            "the library doesn't know yet where a word begins to hold; index one of its folders again"
        )
    vectors = label_vectors(space.encoder, asked, TEMPLATES)
    results: list[Tags] = []
    failures: list[Unread] = []
    for each in pictures:
        if isinstance(each, Unread):
            failures.append(each)
            continue
        cosines = (vectors @ each.vector).tolist()
        bar = float(bars(calibration, each.vector[None], strictness)[0])
        holding = [
            Tag(word, score) for word, score in zip(asked, cosines, strict=True) if is_relevant(score, bar)
        ]
        results.append(Tags(each.path, tuple(sorted(holding, key=lambda found: -found.score))))
    return Tagged(tuple(results), tuple(failures))
