"""A picture in words: written by a model that can write, else composed of what is found in it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from searchengine.understanding.pictures import Unread
from searchengine.understanding.recognize import Recognizer
from searchengine.understanding.windows import look

if TYPE_CHECKING:
    from collections.abc import Iterable

    from searchengine.open_space import OpenSpace
    from searchengine.understanding.compose import Part
    from searchengine.understanding.pictures import Opened
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


@dataclass(frozen=True, slots=True)
class Described:
    """What became of the pictures.

    Attributes:
        results: Of those that could be read, in the order in which they were named or found.
        failures: Those that couldn't, and why.
    """

    results: tuple[Description, ...]
    failures: tuple[Unread, ...]


def describe(space: OpenSpace, pictures: Iterable[Opened | Unread]) -> Described:
    """Say in a sentence what pictures show; see `Library.describe`.

    Raises:
        ModelError: The model can't be loaded.
    """
    recognize = Recognizer(space)
    write = space.captioner()
    results: list[Description] = []
    failures: list[Unread] = []
    for each in pictures:
        if isinstance(each, Unread):
            failures.append(each)
            continue
        found = recognize(look(space, each.image))
        if write is None:
            said = Description(each.path, each.id, found.text, found.objects, "composed", found.parts)
        else:
            (text,) = write(space.pixels(each.image)[None])
            said = Description(each.path, each.id, text, found.objects, "written")
        results.append(said)
    return Described(tuple(results), tuple(failures))
