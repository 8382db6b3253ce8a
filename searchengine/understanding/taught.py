"""What a library's pictures show of the concepts it was taught."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from searchengine.catalog import images, labels
from searchengine.errors import QueryError, UsageError
from searchengine.filters import LABEL_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.labels import LabelRow
    from searchengine.concept import Concept
    from searchengine.filters import Filter
    from searchengine.vectors.space_index import SpaceIndex

    Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TaughtLabel:
    """A concept that was taught.

    Attributes:
        name: As ``label:`` takes it.
        positives: How many examples show it.
        negatives: How many don't.
        learned: Whether the model that answers now has learned it.
        recognised: How many of the pictures that show it would be found had nobody said so, each left out of
            the learning in turn; None where that isn't known, as with a single one.
        told_apart: How many of the pictures that don't show it wouldn't be found, in the same way.
    """

    name: str
    positives: int
    negatives: int
    learned: bool
    recognised: int | None
    told_apart: int | None

    def to_dict(self) -> dict[str, Any]:
        """As the JSON that the command line prints."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A picture worth labelling.

    Attributes:
        id: The picture's.
        path: Absolute path of its first live file.
        probability: That it shows the concept, as far as has been learned.
    """

    id: int
    path: str
    probability: float

    def to_dict(self) -> dict[str, Any]:
        """As the JSON that the command line prints."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A picture that a concept was taught by.

    Attributes:
        id: The picture's.
        path: Absolute path of its first live file.
        shows: Whether it shows the concept.
    """

    id: int
    path: str
    shows: bool

    def to_dict(self) -> dict[str, Any]:
        """As the JSON that the server sends."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Taught:
    """The concepts of a library in one embedding space.

    Attributes:
        catalog: The library's.
        space_id: The space.
        index: Its vectors.
    """

    catalog: Catalog
    space_id: int
    index: SpaceIndex

    def labels(self) -> tuple[TaughtLabel, ...]:
        """Every concept, in the order of the names."""
        with self.catalog.read() as session:
            return tuple(self._told(session, label) for label in labels.all_labels(session))

    def _told(self, session: Session, label: LabelRow) -> TaughtLabel:
        concept = labels.concept(session, label.id, self.space_id)
        return TaughtLabel(
            label.name,
            label.positives,
            label.negatives,
            concept is not None,
            concept.recognised if concept else None,
            concept.told_apart if concept else None,
        )

    def concept(self, name: str) -> Concept:
        """What the space has learned of a concept.

        Raises:
            QueryError: No concept goes by this name, or it hasn't been learned.
        """
        with self.catalog.read() as session:
            try:
                label = labels.find_label(session, name)
            except UsageError as error:
                written = f"{LABEL_KEY}:{name}"
                raise QueryError(str(error), query=written, start=0, end=len(written)) from None
            found = labels.concept(session, label.id, self.space_id)
        if found is None:
            raise QueryError(
                f"{label.name} hasn't been learned with this model; "
                f"do it with: imgsearch label train {label.name}"
            )
        return found

    def members(self, name: str) -> Ids:
        """The embeddings (shown, with all their parts) of the pictures that show a concept, ascending.

        Those are the pictures with a probability of at least 1/2, and the examples, which are as they are.

        Raises:
            QueryError: No such concept.
        """
        import numpy as np

        direction, least = self.concept(name).direction
        found = self.index.above(direction, least)
        with self.catalog.read() as session:
            examples = labels.examples(session, labels.find_label(session, name).id)
            shown = labels.shown_among(session, examples)
            embeddings = images.embedding_ids(session, self.space_id, shown)
        for shows, combine in ((True, np.union1d), (False, np.setdiff1d)):
            side = [embeddings[each] for each in embeddings if examples[each] is shows]
            found = combine(found, self.index.whole(np.array(side, np.int64)))
        return found

    def counts(self) -> dict[str, int]:
        """How many pictures show each concept that has been learned, the most frequent first."""
        import numpy as np

        learned = [label.name for label in self.labels() if label.learned]
        found = {name: len(np.unique(self.index.first_parts(self.members(name)))) for name in learned}
        return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))

    def suggest(self, name: str, k: int) -> tuple[Suggestion, ...]:
        """The pictures that are no examples yet and of which a concept is least sure, those first.

        Raises:
            QueryError: No such concept.
        """
        import numpy as np

        concept = self.concept(name)
        direction, least = concept.direction
        with self.catalog.read() as session:
            known = labels.examples(session, labels.find_label(session, name).id)
            examples = images.embedding_ids(session, self.space_id, known).values()
        settled = self.index.whole(np.fromiter(examples, np.int64))
        # As many below the line as are wanted, whatever is above it.
        depth = len(self.index.above(direction, least)) + len(settled) + k
        hits = self.index.search_groups(direction, depth)
        ids, cosines = hits.ids[0], hits.scores[0]
        new = (ids >= 0) & ~np.isin(ids, settled)
        ids, cosines = ids[new], cosines[new]
        order = np.argsort(np.abs(cosines - least), kind="stable")[:k]
        with self.catalog.read() as session:
            rows = images.images_of_embeddings(session, ids[order].tolist())
        return tuple(
            Suggestion(
                rows[each].id, os.fsdecode(rows[each].files[0].path), concept.probability(float(cosine))
            )
            for each, cosine in zip(ids[order].tolist(), cosines[order], strict=True)
            if each in rows
        )

    def examples(
        self, name: str, k: int | None = None, after: tuple[bool, int] | None = None
    ) -> tuple[LabelledPicture, ...]:
        """The pictures that a concept was taught by and that are there: those that show it, then the others.

        Args:
            name: The concept's.
            k: At most how many; None for all.
            after: The one after which to begin: whether it shows the concept, and its id.

        Raises:
            UsageError: No such concept.
        """
        with self.catalog.read() as session:
            label = labels.find_label(session, name)
            found = labels.examples_shown(session, label.id, limit=k, after=after)
            rows = images.images(session, [each for each, _ in found])
        return tuple(
            LabelledPicture(each, os.fsdecode(rows[each].files[0].path), shows)
            for each, shows in found
            if each in rows
        )

    def passing(self, asked: Filter) -> Ids:
        """The embeddings of the pictures that show any of the concepts a filter names, ascending.

        Raises:
            QueryError: No such concept.
        """
        import numpy as np

        return np.unique(np.concatenate([self.members(name) for name in asked.labels]))

    def narrow(self, ids: Ids, filters: Iterable[Filter]) -> Ids:
        """Those of the embeddings, in their order, that pass the filters that ask for concepts.

        Raises:
            QueryError: No such concept.
        """
        import numpy as np

        for asked in filters:
            if asked.labels:
                ids = ids[np.isin(ids, self.passing(asked), invert=asked.negated)]
        return ids
