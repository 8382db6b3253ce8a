"""A vector source in memory, and the answer by brute force that every search is held against."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np

DIM = 16


def coarse(seed):
    """A unit vector of ±1/4: cosines are exact in float32 and often equal, so ties are the rule."""
    return np.random.default_rng(seed).choice(np.array([-0.25, 0.25], np.float16), DIM)


class MemorySource:
    """What the catalog's `EmbeddingSource` does, on dicts."""

    def __init__(self, name="space-1", token="ours", mark=7):
        self.name = name
        self.identity = {"token": token, "model": "m"}
        self.dim = DIM
        self.last = 0
        self.known = {}
        self.visible = set()
        self.log = []
        self.mark = mark
        self.read = 0
        self.first = {}
        self.questions = np.empty((0, DIM), np.float32)

    def add_parts(self, count):
        """One thing of so many vectors."""
        first, *others = ids = self.add(count)
        self.first.update(dict.fromkeys(others, first))
        return ids

    def add(self, count=1):
        ids = list(range(self.last + 1, self.last + count + 1))
        self.last += count
        self.known.update({new: coarse(new) for new in ids})
        self.turn(ids, shown=True)
        return ids

    def turn(self, ids, *, shown):
        (self.visible.update if shown else self.visible.difference_update)(ids)
        self.log += [(changed, shown) for changed in ids]

    def forget(self, ids):
        self.turn(ids, shown=False)
        for gone in ids:
            del self.known[gone]
            self.first.pop(gone, None)

    def parts(self, after):
        found = {part: first for part, first in sorted(self.first.items()) if part > after}
        return np.array(list(found), np.int64), np.array(list(found.values()), np.int64)

    def position(self):
        return (len(self.log), self.mark) if self.log else (0, 0)

    def knows(self, position):
        sequence, mark = position
        return mark == (self.mark if sequence else 0) and sequence <= len(self.log)

    def changes(self, since):
        last = dict(sorted(dict(self.log[since:]).items()))
        return self.position(), np.array(list(last), np.int64), np.array(list(last.values()), np.bool_)

    def vectors(self, ids):
        found = [wanted for wanted in sorted(ids.tolist()) if wanted in self.known]
        self.read += len(found)
        return self._pack(found)

    def _pack(self, ids):
        rows = np.array([self.known[each] for each in ids], np.float16).reshape(len(ids), DIM)
        return np.array(ids, np.int64), rows

    def texts(self):
        return self.questions

    @contextmanager
    def shown(self):
        ids = sorted(self.visible)
        self.read += len(ids)
        batches = [self._pack(ids[start : start + 5]) for start in range(0, len(ids), 5)]
        yield self.position(), len(ids), iter(batches)


def brute_force(vectors, queries, k):
    """Ids and scores of the k best of a dict of vectors, equal scores in order of id."""
    ids = np.array(sorted(vectors), np.int64)
    rows = np.array([vectors[each] for each in ids], np.float32).reshape(len(ids), DIM)
    scores = np.atleast_2d(queries).astype(np.float32) @ rows.T
    order = np.lexsort((np.broadcast_to(ids, scores.shape), -scores), axis=1)[:, :k]
    return ids[order], np.take_along_axis(scores, order, axis=1)


def answers_are_right(live, source, *, seed=0, allowed=None):
    """An index's answers, a few, a third and all, are what brute force gives over what is shown."""
    shown = {each: source.known[each] for each in source.visible}
    assert len(live) == len(shown)
    passing = {each: row for each, row in shown.items() if allowed is None or each in allowed}
    query = coarse(10_000 + seed).astype(np.float32)
    choice = None if allowed is None else np.array(sorted(allowed), np.int64)
    for k in (1, 3, len(shown) + 2):
        ids, scores = brute_force(passing, query, k)
        hits = live.search(query, k, allowed=choice)
        width = ids.shape[1]
        assert hits.ids.shape[1] == min(k, len(shown))
        assert hits.ids[:, :width].tolist() == ids.tolist()
        assert hits.scores[:, :width].tolist() == scores.tolist()
        assert (hits.ids[:, width:] == -1).all()
