"""A picture in words: written by a model that can write, else composed of what is found in it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from searchengine.understanding.pictures import answer_each
from searchengine.understanding.recognize import Recognizer
from searchengine.understanding.windows import look

if TYPE_CHECKING:
    from collections.abc import Iterable

    from searchengine.open_space import OpenSpace
    from searchengine.understanding.compose import Part
    from searchengine.understanding.pictures import Answers, Opened, Unread
    from searchengine.understanding.recognize import Object

Method = Literal["written", "composed"]


@dataclass(frozen=True, slots=True)
class Description:
    """One picture in words.

    Attributes:
        path: Absolute; empty for a picture that came as bytes.
        id: Its key, where the library has it.
        text: A sentence.
        objects: What is where, the surest first.
        method: ``written`` by a captioning model, or ``composed`` of things, their numbers and a place.
        parts: Of a composed one, how sure each part is; empty of a written one.
    """

    path: str
    id: int | None
    text: str
    objects: tuple[Object, ...]
    method: Method
    parts: tuple[Part, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As the JSON that the command line prints."""
        return asdict(self)


def describe(space: OpenSpace, pictures: Iterable[Opened | Unread]) -> Answers[Description]:
    """Say in a sentence what pictures show; see `Library.describe`.

    Raises:
        ModelError: The model can't be loaded.
    """
    recognize = Recognizer(space)
    write = space.captioner()

    def described(picture: Opened) -> Description:
        found = recognize(look(space, picture.image))
        if write is None:
            return Description(picture.path, picture.id, found.text, found.objects, "composed", found.parts)
        (text,) = write(space.pixels(picture.image)[None])
        return Description(picture.path, picture.id, text, found.objects, "written")

    return answer_each(pictures, described)
