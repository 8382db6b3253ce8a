"""One space's pictures in the order of an answer: nearest first, fused with words, within the filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from searchengine.catalog import images
from searchengine.query import fuse as fusing
from searchengine.query.fuse import by_same_part, fuse, shares
from searchengine.query.paging import page_after
from searchengine.query.rank import Found
from searchengine.reach import Reach
from searchengine.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.images import ImageRow
    from searchengine.open_space import OpenSpace
    from searchengine.query.paging import Cursor, Hit
    from searchengine.query.terms import Query
    from searchengine.vectors.hits import Hits

    Vector = NDArray[np.float32]

# Ids of what passes a filter: 8 MB each, of a million pictures that all do.
FILTERS_KEPT = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of a ranking, in the catalog's terms.

    Attributes:
        total: Pictures that could have been in it.
        found: The page, best first, one embedding of each picture: of a video the best frame's.
        rows: The pictures by embedding id.
        more: Whether the ranking goes on after these.
        best: Embedding id of the picture with the highest cosine, on whatever page it is; None where there is
            none.
    """

    total: int
    found: list[Found]
    rows: dict[int, ImageRow]
    more: bool
    best: int | None


class Ranking:
    """Ranks the pictures of one space. What passes a filter is remembered until the catalog changes."""

    def __init__(self, catalog: Catalog, space: OpenSpace) -> None:
        self._catalog = catalog
        self._space = space
        self._is_reachable = Reach()
        self._allowed: Remembered[NDArray[np.int64]] = Remembered(catalog.generation, most=FILTERS_KEPT)
        self._dated: Remembered[NDArray[np.int64]] = Remembered(catalog.generation, most=FILTERS_KEPT)

    @property
    def space(self) -> OpenSpace:
        """Whose pictures."""
        return self._space

    def answer(
        self,
        vector: Vector | None,
        query: Query,
        k: int | None,
        offset: int = 0,
        *,
        after: Cursor | None = None,
    ) -> Answer:
        """The k nearest of the pictures that may be in the answer, after the first `offset` or a cursor.

        Args:
            vector: float32 (dim,), of length 1; None for the newest first.
            query: Whose filters and exact words have to hold of a picture.
            k: How many; None for all.
            offset: How many to leave out.
            after: The result after which to go on; its rank takes the offset's place.
        """
        wanted = None if k is None else k + 1  # the one beyond tells whether there is a next page
        while True:
            cosines: dict[int, float] = {}
            best = None
            if vector is None:
                total, found = self._newest(query, wanted, offset, after)
            else:
                total, found, cosines, best = self._nearest(vector, query, wanted, offset, after)
            page = [Found(embedding, by, cosines.get(embedding)) for embedding, by in found[:k]]
            with self._catalog.look() as reading:
                rows = images.images_of_embeddings(
                    reading, [each.embedding for each in page], is_reachable=self._is_reachable
                )
            # A picture that another process removed between the search and this look is in the change log
            # by now: once that is replayed, the next one moves up.
            if len(rows) == len(page) or not self._space.refresh():
                there = [each for each in page if each.embedding in rows]
                return Answer(total, there, rows, more=len(found) > len(page), best=best)

    def _nearest(
        self, vector: Vector, query: Query, k: int | None, offset: int, after: Cursor | None
    ) -> tuple[int, Sequence[Hit], dict[int, float], int | None]:
        """How many there are to rank, a page of them by what ranks them, cosines, and the nearest of all."""
        allowed = best = None
        if query.filters or query.exact:
            allowed = self._allowed.get((query.filters, query.exact), lambda: self._passing(query))
            self._space.refresh()  # nothing may be allowed that the index hasn't heard of
        total = self._space.index.count_groups(allowed)

        raised = self._raised(query)
        matches = self._matches(vector, raised, allowed)
        cosines = dict(matches)

        def ranking(count: int) -> list[Hit]:
            nearest = _pairs(self._space.index.search_groups(vector, count, allowed=allowed))
            if matches:
                nearest = by_same_part(nearest, matches, self._space.index.first_parts)
            cosines.update(nearest)
            nonlocal best
            best = nearest[0][0] if nearest else None
            return fuse(nearest, matches, raised)

        if after:
            return total, page_after(ranking, total, after, k), cosines, best
        end = total if k is None else min(offset + k, total)
        return total, ranking(end)[offset:] if end > offset else [], cosines, best

    def _raised(self, query: Query) -> dict[int, float]:
        """By how much of a cosine embeddings are raised for the words that stand in their pictures' texts."""
        texts = shares(query)
        raised: dict[int, float] = {}
        if not texts:
            return raised
        from searchengine.catalog.evidence import evidence

        count, worth = self._space.index.count_groups(None), fusing.WORDS_COUNT / self._space.spec.logit_scale
        with self._catalog.look() as reading:
            for text, share in texts:
                ids, said = evidence(reading, self._space.id, text, count)
                for embedding, nats in zip(ids.tolist(), said.tolist(), strict=True):
                    raised[embedding] = raised.get(embedding, 0.0) + worth * share * nats
        return raised

    def _matches(
        self, vector: Vector, raised: Collection[int], allowed: NDArray[np.int64] | None
    ) -> list[Hit]:
        """Those of the raised that may be in the answer, with their cosines."""
        if not raised:
            return []
        import numpy as np

        ids = np.fromiter(raised, np.int64)
        if allowed is not None:
            ids = np.intersect1d(ids, allowed)
        return _pairs(self._space.index.search_groups(vector, len(ids), allowed=ids))

    def _passing(self, query: Query) -> NDArray[np.int64]:
        facts = [each for each in query.filters if not each.labels]
        first = next((each for each in query.filters if each.labels and not each.negated), None)
        if first is not None and not facts and not query.exact:  # few pictures, found without reading of all
            return self._space.taught.narrow(
                self._space.taught.passing(first), [f for f in query.filters if f is not first]
            )
        from searchengine.catalog import filters
        from searchengine.catalog.narrowing import narrow

        with self._catalog.read() as session:
            narrowed = narrow(session, facts, query.exact)
            which = filters.condition(narrowed.filters, narrowed.exact)
            ids = filters.passing(session, self._space.id, which, narrowed.contents)
        return self._space.taught.narrow(ids, query.filters)

    def _newest(
        self, query: Query, k: int | None, offset: int, after: Cursor | None
    ) -> tuple[int, Sequence[tuple[int, float | None]]]:
        """The same where there is nothing to compare with: by date, the newest first."""
        dated = rest = self._dated.get((query.filters, query.exact), lambda: self._by_date(query))
        if after:
            rest = self._dated_after(dated, query, after)
        page = rest[offset:][:k]
        return len(dated), [(embedding, None) for embedding in page.tolist()]

    def _by_date(self, query: Query, after: tuple[datetime | None, int] | None = None) -> NDArray[np.int64]:
        from searchengine.catalog import filters
        from searchengine.catalog.narrowing import narrow

        facts = [each for each in query.filters if not each.labels]
        with self._catalog.read() as session:
            narrowed = narrow(session, facts, query.exact)
            which = filters.condition(narrowed.filters, narrowed.exact)
            dated = filters.newest(session, self._space.id, which, narrowed.contents, after=after)
        return self._space.taught.narrow(dated, query.filters)

    def _dated_after(self, dated: NDArray[np.int64], query: Query, after: Cursor) -> NDArray[np.int64]:
        """What follows a picture in the order of dates, also when it isn't there any more."""
        with self._catalog.look() as reading:
            embedding = images.embedding_ids(reading, self._space.id, [after.id]).get(after.id)
        at = (dated == embedding).nonzero()[0]
        return dated[at[0] + 1 :] if len(at) else self._by_date(query, (after.taken_at, after.id))


def _pairs(hits: Hits) -> list[Hit]:
    """The answer to one query, without what fills it up."""
    pairs = zip(hits.ids[0].tolist(), hits.scores[0].tolist(), strict=True)
    return [pair for pair in pairs if pair[0] >= 0]
