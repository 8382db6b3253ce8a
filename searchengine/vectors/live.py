"""A space's vectors as they are now: the mapped snapshot, and what has changed since it was taken."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from searchengine.vectors.groups import Groups
from searchengine.vectors.hits import merge
from searchengine.vectors.policy import choose_index
from searchengine.vectors.segment import Segment
from searchengine.vectors.snapshot import Stamp, Unusable, open_snapshot, stamp
from searchengine.vectors.space_index import IndexStatus, SpaceIndex

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from searchengine.vectors.hits import Hits
    from searchengine.vectors.snapshot import SnapshotInfo
    from searchengine.vectors.source import Position, VectorSource

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """One consistent view; never changed, only replaced.

    Attributes:
        position: The last change it knows of.
        base: The snapshot with what has been hidden since, if there is one.
        tail: What isn't in the snapshot, in memory.
        stamp: The snapshot's, when it was looked at last.
        note: Why there is no snapshot in use, or not all of it.
        info: What the snapshot says of itself.
        groups: Which vectors are parts of one thing.
        parts: How many of those are shown.
    """

    position: Position
    base: Segment | None
    tail: Segment
    stamp: Stamp | None
    note: str | None
    info: SnapshotInfo | None
    groups: Groups = field(default_factory=Groups.none)
    parts: int = 0

    def __len__(self) -> int:
        return len(self.tail) + (0 if self.base is None else len(self.base))

    def search(self, rows: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None) -> Hits:
        """See `View.search`."""
        segments = [self.tail] if self.base is None else [self.base, self.tail]
        return merge([segment.search(rows, k, allowed) for segment in segments], min(k, len(self)))


class LiveIndex(SpaceIndex):
    """Searches a space by FAISS, by the type of index its snapshot has."""

    def __init__(self, source: VectorSource, directory: Path) -> None:
        self.dim = source.dim
        self._source = source
        self._directory = directory
        self._refreshing = threading.Lock()
        self._state = self._load()

    @property
    def view(self) -> _State:
        """What searches see now."""
        return self._state

    def refresh(self) -> bool:
        """Take in changes, and a new snapshot; see `SpaceIndex.refresh`."""
        with self._refreshing:
            before = self._state
            now = stamp(self._source, self._directory)
            state = before
            if now is not None and now != before.stamp:
                state = self._with_snapshot(before, now)
            self._state = self._replayed(state)
            return self._state is not before

    @property
    def status(self) -> IndexStatus:
        """How searches are answered at present."""
        state = self._state
        count = len(state)
        choice = choose_index(count, self.dim, 0)
        kind: str = choice.kind
        reason, recall = choice.reason, 1.0
        if state.info is not None and state.note is None and count > choice.reach:
            kind, reason, recall = state.info.kind, state.info.reason, state.info.recall
        in_snapshot = None if state.base is None else len(state.base.ids)
        hidden = 0 if state.base is None else len(state.base.ids) - len(state.base)
        return IndexStatus(
            kind=kind,
            reason=reason,
            count=count,
            snapshot_count=in_snapshot,
            replayed=len(state.tail) + hidden,
            note=state.note,
            recall=recall,
        )

    def _load(self) -> _State:
        seen = stamp(self._source, self._directory)
        try:
            base, info = open_snapshot(self._source, self._directory)
        except Unusable as reason:
            logger.info("%s: the snapshot can't be used: %s", self._source.name, reason)
            with self._source.shown() as (position, count, batches):
                tail = Segment.streamed(self.dim, count, batches)
            return self._grouped(_State(position, None, tail, seen, str(reason), None))
        return self._replayed(self._of_snapshot(base, info, seen))

    def _with_snapshot(self, state: _State, now: Stamp) -> _State:
        """Start again from the snapshot that has appeared, or go on without it."""
        try:
            base, info = open_snapshot(self._source, self._directory)
        except Unusable as reason:
            logger.info("%s: the new snapshot can't be used: %s", self._source.name, reason)
            return replace(state, stamp=now)
        return self._of_snapshot(base, info, now)

    def _of_snapshot(self, base: Segment, info: SnapshotInfo, seen: Stamp | None) -> _State:
        note = None
        if info.codes is not None and base.codes is None:
            note = (
                f"{info.codes.file} is damaged, so all vectors are compared, which is slower; "
                "make it anew with: imgsearch optimize"
            )
            logger.info("%s: %s", self._source.name, note)
        return self._grouped(_State(info.position, base, Segment.empty(self.dim), seen, note, info))

    def _replayed(self, state: _State) -> _State:
        """With the changes since the state's position; the same object when there are none."""
        position, ids, shown = self._source.changes(state.position[0])
        if not len(ids):
            return state
        base = state.base
        elsewhere = np.ones(len(ids), np.bool_)
        if base is not None:
            elsewhere = ~base.find(ids)[1]
            base = base.turned(ids, shown=shown)
        tail = state.tail.turned(ids[elsewhere & ~shown], shown=False)
        added = ids[elsewhere & shown]
        added = added[~tail.find(added)[1]]
        # What has been forgotten since that view was taken isn't found any more: its hiding is on its way.
        found, vectors = self._source.vectors(added)
        if len(found) or tail.kept is not None:
            tail = tail.joined(found, vectors)
        return self._grouped(replace(state, position=position, base=base, tail=tail))

    def _grouped(self, state: _State) -> _State:
        """With what has become part of what, and how much of that is shown."""
        groups = state.groups.caught_up(self._source)
        shown = sum(
            segment.count(groups.parts) for segment in (state.base, state.tail) if segment is not None
        )
        return replace(state, groups=groups, parts=shown)
