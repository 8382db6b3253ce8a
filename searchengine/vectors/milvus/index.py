"""A space's vectors as they are now: Milvus's collection, and what has changed since its mark.

Whatever the collection has of the changes that are replayed here doesn't count: those vectors are hidden in
it and compared in memory. So it doesn't matter that somebody may be bringing it up to date at this moment.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from searchengine.vectors.groups import Groups
from searchengine.vectors.hits import merge
from searchengine.vectors.milvus.ranking import nearest
from searchengine.vectors.segment import Segment
from searchengine.vectors.space_index import IndexStatus, SpaceIndex

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from searchengine.vectors.hits import Hits
    from searchengine.vectors.milvus.collection import Collection, Mark
    from searchengine.vectors.source import Position, VectorSource

logger = logging.getLogger(__name__)

# Changes held in memory after which it is worth looking whether the collection has them by now.
LOOK_AGAIN = 500


class Unusable(Exception):  # noqa: N818 - a collection that can't be used is no error: there is a slower way
    """Why a collection can't be used."""


@dataclass(frozen=True, slots=True)
class Held:
    """A collection that is this space's.

    Attributes:
        collection: Milvus's.
        mark: What it says of itself.
    """

    collection: Collection
    mark: Mark


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """One view; never changed, only replaced.

    Attributes:
        source: The truth.
        held: The collection, if it can be used.
        note: Why not, or None.
        position: The last change it knows of.
        changed: Ids that changed since the collection's mark, ascending: what it has of them doesn't count.
        tail: Those of them that are shown, or everything where there is no collection.
        count: How many vectors the collection has, with those that don't count.
        counting: And without.
        groups: Which vectors are parts of one thing.
        parts: How many of those are shown.
    """

    source: VectorSource
    held: Held | None
    note: str | None
    position: Position
    changed: NDArray[np.int64]
    tail: Segment
    count: int = 0
    counting: int = 0
    groups: Groups = field(default_factory=Groups.none)
    parts: int = 0

    def __len__(self) -> int:
        return self.counting + len(self.tail)

    def search(self, rows: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None) -> Hits:
        """See `View.search`."""
        answers = [self.tail.search(rows, k, allowed)]
        if self.held is not None:
            answers.append(
                nearest(
                    rows,
                    k,
                    source=self.source,
                    candidates=self.held.collection.candidates,
                    count=self.count,
                    hidden=self.changed,
                    allowed=allowed,
                )
            )
        return merge(answers, min(k, len(self)))


class MilvusIndex(SpaceIndex):
    """Searches a space by Milvus.

    Args:
        source: The space.
        find: Gives its collection, or raises `Unusable`.
    """

    def __init__(self, source: VectorSource, find: Callable[[VectorSource], Held]) -> None:
        self.dim = source.dim
        self._source = source
        self._find = find
        self._refreshing = threading.Lock()
        self._view = self._load()

    @property
    def view(self) -> _View:
        """What searches see now."""
        return self._view

    def refresh(self) -> bool:
        """Take in changes; see `SpaceIndex.refresh`."""
        with self._refreshing:
            before = self._view
            view = before
            if before.held is None or len(before.changed) > LOOK_AGAIN:
                view = self._looked_again(before)
            self._view = self._replayed(view, always=view is not before)
            return self._view is not before

    @property
    def status(self) -> IndexStatus:
        """How searches are answered at present."""
        view = self._view
        if view.held is None:
            reason = f"exact: comparing with all {len(view):,} vectors, in memory"
            return IndexStatus("exact", reason, len(view), None, len(view.tail), view.note, 1.0)
        mark = view.held.mark
        return IndexStatus(
            kind=mark.kind,
            reason=mark.reason,
            count=len(view),
            snapshot_count=view.count,
            replayed=len(view.changed),
            note=None,
            recall=mark.recall,
        )

    def _load(self) -> _View:
        try:
            held = self._find(self._source)
        except Unusable as reason:
            logger.info("%s: the collection can't be used: %s", self._source.name, reason)
            with self._source.shown() as (position, count, batches):
                tail = Segment.streamed(self.dim, count, batches)
            note = f"{reason}, so all vectors are in memory; to make it anew: imgsearch optimize"
            none = np.empty(0, np.int64)
            return self._counted(_View(self._source, None, note, position, none, tail))
        return self._replayed(self._of(held), always=True)

    def _of(self, held: Held) -> _View:
        empty = Segment.empty(self.dim)
        return _View(self._source, held, None, held.mark.position, np.empty(0, np.int64), empty)

    def _looked_again(self, view: _View) -> _View:
        """Begin at the collection's mark, where that has moved on."""
        try:
            held = self._find(self._source)
        except Unusable:
            return view
        if view.held is not None and held.mark == view.held.mark:
            return view
        return self._of(held)

    def _replayed(self, view: _View, *, always: bool = False) -> _View:
        """With the changes since the view's position; the same object when there are none."""
        position, ids, shown = self._source.changes(view.position[0])
        if not len(ids) and not always:
            return view
        tail = view.tail.turned(ids, shown=False)
        # What has been forgotten since that view was taken isn't found any more: its hiding is on its way.
        found, vectors = self._source.vectors(ids[shown])
        if len(found) or tail.kept is not None:
            tail = tail.joined(found, vectors)
        changed = np.union1d(view.changed, ids)
        return self._counted(replace(view, position=position, changed=changed, tail=tail))

    def _counted(self, view: _View) -> _View:
        """With what has become part of what, and how much there is."""
        groups = view.groups.caught_up(self._source)
        parts = view.tail.count(groups.parts)
        if view.held is None:
            return replace(view, groups=groups, parts=parts)
        collection = view.held.collection
        count = collection.count()
        counting = count - collection.count(view.changed)
        if len(groups):
            parts += collection.count(parts=True) - collection.count(
                np.intersect1d(view.changed, groups.parts)
            )
        return replace(view, count=count, counting=counting, groups=groups, parts=parts)
