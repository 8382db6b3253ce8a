"""Open-vocabulary detection: what is where in pictures, by any names."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from searchengine.understanding.pictures import answer_each
from searchengine.understanding.recognize import Object, Recognizer
from searchengine.understanding.windows import look

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from searchengine.open_space import OpenSpace
    from searchengine.understanding.pictures import Answers, Opened, Unread

LEAST_SCORE = 0.2


@dataclass(frozen=True, slots=True)
class Objects:
    """What is in one picture.

    Attributes:
        path: Absolute; empty for a picture that came as bytes.
        objects: The surest first; there may be none.
    """

    path: str
    objects: tuple[Object, ...]

    def to_dict(self) -> dict[str, Any]:
        """As the JSON that the command line prints."""
        return asdict(self)


def detect(
    space: OpenSpace,
    pictures: Iterable[Opened | Unread],
    labels: Sequence[str] | None,
    least: float,
) -> Answers[Objects]:
    """Say what is where in pictures; see `Library.objects`.

    Raises:
        UsageError: A label that is empty or doubled.
        ModelError: The model can't be loaded.
    """
    wanted = None if labels is None else {" ".join(label.split()) for label in labels}
    recognize = Recognizer(space, labels)

    def detected(picture: Opened) -> Objects:
        found = recognize(look(space, picture.image)).objects
        sure = (one for one in found if one.score >= least and (wanted is None or one.label in wanted))
        return Objects(picture.path, tuple(sure))

    return answer_each(pictures, detected)
