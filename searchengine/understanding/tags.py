"""Tags: which words of a vocabulary hold of a picture, by the line that a search for them would draw."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from searchengine.errors import UsageError
from searchengine.query.relevance import bars, is_relevant
from searchengine.understanding.pictures import answer_each
from searchengine.understanding.prompts import TEMPLATES, checked_labels, label_vectors
from searchengine.understanding.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from searchengine.open_space import OpenSpace
    from searchengine.understanding.pictures import Answers, Seen, Unread


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


def tag(
    space: OpenSpace, pictures: Iterable[Seen | Unread], words: Sequence[str] | None, strictness: float
) -> Answers[Tags]:
    """Tag pictures; see `Library.tag`.

    On held-out scenes at the default strictness 0.70 of the tags are right, and 0.36 of all that would be
    right are given; at 0.75 it is 0.57 and 0.53 (scripts/eval_tags.py).

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

    def tagged(picture: Seen) -> Tags:
        cosines = (vectors @ picture.vector).tolist()
        bar = float(bars(calibration, picture.vector[None], strictness)[0])
        holding = [
            Tag(word, score) for word, score in zip(asked, cosines, strict=True) if is_relevant(score, bar)
        ]
        return Tags(picture.path, tuple(sorted(holding, key=lambda found: -found.score)))

    return answer_each(pictures, tagged)
