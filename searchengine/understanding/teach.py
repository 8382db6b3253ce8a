"""Teach a library concepts: say which pictures show one and which don't."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from searchengine.catalog import images, labels
from searchengine.errors import UsageError
from searchengine.understanding.learn import learn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy.orm import Session

    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.labels import LabelRow
    from searchengine.open_space import OpenSpace

MOST_LETTERS = 100


@dataclass(frozen=True, slots=True)
class Teacher:
    """Changes a library's concepts.

    That takes no lock but the catalog's own, for a transaction: a run of the indexer that takes hours keeps
    nobody from teaching, and waits for nobody who teaches.

    Attributes:
        catalog: The library's.
        space: Gives the space that answers now; None before the first run of the indexer.
    """

    catalog: Catalog
    space: Callable[[], OpenSpace | None]

    def add(
        self, name: str, pictures: Iterable[str | os.PathLike[str] | int], *, shows: bool = True
    ) -> LabelRow:
        """Say that pictures show a concept, or don't; it is learned anew at once.

        Args:
            name: The concept's; made where there is none.
            pictures: Files that are indexed, or ids.
            shows: Whether they show it.

        Raises:
            UsageError: A name that can't be written in a query, a picture that isn't in the library, or no
                picture that shows the concept.
        """
        name = _checked(name)
        with self.catalog.write() as session:
            label_id = labels.put_examples(session, name, _contents(session, pictures), shows=shows)
            row = labels.find_label(session, name)
            if not row.positives:
                raise UsageError(
                    f"{name} has no picture that shows it yet; begin with one: "
                    f"imgsearch label add {name} PICTURE…"
                )
        self._learn(label_id)
        return row

    def remove(self, name: str, pictures: Iterable[str | os.PathLike[str] | int] = ()) -> LabelRow | None:
        """Let pictures be no examples of a concept any more; without any, forget the concept.

        Returns:
            What is left of it; None when it is gone, as it is without a picture that shows it.

        Raises:
            UsageError: No such concept, or a picture that isn't in the library.
        """
        pictures = list(pictures)
        with self.catalog.write() as session:
            label = labels.find_label(session, name)
            if pictures:
                labels.take_examples(session, label.id, _contents(session, pictures))
            left = labels.find_label(session, name)
            if not pictures or not left.positives:
                labels.drop_label(session, label.id)
                return None
        self._learn(label.id)
        return left

    def rename(self, name: str, new: str) -> LabelRow:
        """Let a concept go by another name; it is learned anew, since the name is part of what is learned.

        Raises:
            UsageError: No such concept, a name that can't be written in a query, or one that another has.
        """
        new = _checked(new)
        with self.catalog.write() as session:
            label = labels.find_label(session, name)
            if new != label.name and new in {each.name for each in labels.all_labels(session)}:
                raise UsageError(
                    f"there is a label {new} already; forget one of them, or choose another name"
                )
            labels.rename_label(session, label.id, new)
            row = labels.find_label(session, new)
        self._learn(label.id)
        return row

    def train(self, name: str | None = None) -> list[LabelRow]:
        """Learn a concept, or all of them, anew; needed only after examples have left the library.

        Returns:
            What was learned.

        Raises:
            UsageError: No such concept.
        """
        with self.catalog.read() as session:
            wanted = labels.all_labels(session) if name is None else [labels.find_label(session, name)]
        self._learn(*(label.id for label in wanted))
        return wanted

    def _learn(self, *label_ids: int) -> None:
        space = self.space()
        if space is not None:
            learn(self.catalog, space.row, lambda: space.encoder, only=label_ids)


def _checked(name: str) -> str:
    tidy = name.strip().lower()
    if not tidy or len(tidy) > MOST_LETTERS or not tidy.isprintable():
        raise UsageError(f"a label's name has 1 to {MOST_LETTERS} letters that can be printed, not {name!r}")
    return tidy


def _contents(session: Session, pictures: Iterable[str | os.PathLike[str] | int]) -> set[int]:
    """The ids of pictures.

    Raises:
        UsageError: One isn't in the library.
    """
    found: set[int] = set()
    for picture in pictures:
        if isinstance(picture, int):
            content = picture if labels.shown_among(session, [picture]) else None
        else:
            path = os.path.abspath(os.path.expanduser(os.fsencode(picture)))
            # A root's symlinks are resolved in the library, a file that is a link itself isn't.
            folder = os.path.realpath(os.path.dirname(path))
            content = images.image_at(session, os.path.join(folder, os.path.basename(path)))
        if content is None:
            raise UsageError(
                f"{picture} isn't in the library; index it first, or take a path or an id from a result"
            )
        found.add(content)
    if not found:
        raise UsageError("name at least one picture")
    return found
