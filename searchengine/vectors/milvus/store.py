"""Milvus as a vector store: collections made, kept up to date and replaced; the catalog is the truth.

Each space has an alias, which searches go by, and behind it a collection. Bringing that up to date is
writing what the change log says has changed since its mark, and then the mark; whoever is killed in between
has written something that is written again. A new collection is filled beside the old one, and the alias
turns to it when it is complete, so searches never wait for it.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from searchengine.vectors import exact
from searchengine.vectors.compare import Condition, differs
from searchengine.vectors.hits import Hits, merge
from searchengine.vectors.milvus.collection import Collection, Mark
from searchengine.vectors.milvus.index import Held, MilvusIndex, Unusable
from searchengine.vectors.milvus.plan import plan
from searchengine.vectors.milvus.ranking import nearest
from searchengine.vectors.milvus.server import server_at
from searchengine.vectors.policy import RECALL_AT

if TYPE_CHECKING:
    from searchengine.vectors.milvus.address import Address
    from searchengine.vectors.milvus.plan import Plan
    from searchengine.vectors.source import Expected, Position, VectorSource

# Changes read and written at a time.
_TOGETHER = 4096

# Texts to measure recall with: 1,000 places in the first tens and more.
_MEASURED_WITH = 128


class MilvusStore:
    """Collections on a server, or in a folder; see `VectorStore`."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._server = server_at(address)

    def open(self, source: VectorSource) -> MilvusIndex:
        """See `VectorStore.open`."""
        return MilvusIndex(source, self.find)

    def find(self, source: VectorSource) -> Held:
        """The space's collection, ready to be searched.

        Raises:
            Unusable: There is none, or it isn't what it should be.
            VectorStoreError: The engine can't be reached.
        """
        collection = Collection(self._server, _alias(source), source.dim)
        if not self._server.call("has_collection", collection_name=collection.name):
            raise Unusable(f"Milvus at {self._address.shown} doesn't have them")
        collection.load()
        mark = collection.mark()
        if mark is None or mark.identity != source.identity:
            raise Unusable(f"what Milvus at {self._address.shown} has isn't complete")
        if not source.knows(mark.position):
            raise Unusable(f"what Milvus at {self._address.shown} has is of another history of this library")
        return Held(collection, mark)

    def keep(self, source: VectorSource) -> None:
        """See `VectorStore.keep`: every change is written, since each costs whoever searches more."""
        try:
            held = self.find(source)
        except Unusable:
            self.rebuild(source)
            return
        position, ids, shown = source.changes(held.mark.sequence)
        if not len(ids):
            return
        parts, _ = source.parts(0)
        held.collection.delete(ids[~shown])
        new = ids[shown]
        for start in range(0, len(new), _TOGETHER):
            held.collection.upsert(source.vectors(new[start : start + _TOGETHER]), parts)
        count = held.collection.count()
        now = self._plan(count)
        if now.index != held.mark.index and now.kind == "approximate":
            self.rebuild(source)  # it has outgrown its index
            return
        reason = now.reason if now.index == held.mark.index else held.mark.reason
        held.collection.put_mark(
            replace(
                held.mark, sequence=position[0], change=position[1], reason=_with(reason, held.mark.recall)
            )
        )

    def rebuild(self, source: VectorSource) -> int:
        """See `VectorStore.rebuild`."""
        alias = _alias(source)
        before = self._behind(alias)
        self._sweep(alias, {before})
        collection = Collection.create(self._server, f"{alias}_{secrets.token_hex(4)}", source.dim)
        parts, _ = source.parts(0)
        with source.shown() as (position, count, batches):
            for batch in batches:
                collection.upsert(batch, parts)
        chosen = self._plan(count)
        collection.build(chosen)
        recall = self._recall(source, collection, count, chosen)
        collection.put_mark(_mark(source, position, chosen, recall))
        turn = "create_alias" if before is None else "alter_alias"
        self._server.call(turn, collection_name=collection.name, alias=alias)
        self._sweep(alias, {collection.name})
        return count

    def drop(self, source: VectorSource) -> None:
        """See `VectorStore.drop`."""
        alias = _alias(source)
        if self._behind(alias) is not None:
            self._server.call("drop_alias", alias=alias)
        self._sweep(alias, set())

    def check(self, source: VectorSource, expected: Expected) -> Condition:
        """See `VectorStore.check`."""
        try:
            held = self.find(source)
        except Unusable as reason:
            return Condition(note=f"{reason}; the next run or `imgsearch optimize` makes it")
        name = f"Milvus at {self._address.shown}"
        return Condition(differs(source, expected(held.mark.sequence), held.collection.batches(), name))

    def reach(self) -> None:
        """See `VectorStore.reach`."""
        self._server.call("list_collections")

    def changed_at(self) -> int:
        """See `VectorStore.changed_at`: whoever searches need not know."""
        return 0

    def _plan(self, count: int) -> Plan:
        return plan(count, self._address.shown, is_lite=self._server.is_lite)

    def _behind(self, alias: str) -> str | None:
        """The collection that an alias stands for; None where there is no such alias."""
        if not self._server.call("has_collection", collection_name=alias):
            return None
        name: str = self._server.call("describe_collection", collection_name=alias)["collection_name"]
        return name

    def _sweep(self, alias: str, kept: set[str | None]) -> None:
        """Drop the space's collections that nothing stands for, of killed rebuilds too."""
        for name in self._server.call("list_collections"):
            if name.startswith(f"{alias}_") and name not in kept:
                self._server.call("drop_collection", collection_name=name)

    def _recall(self, source: VectorSource, collection: Collection, count: int, chosen: Plan) -> float:
        """Share of the nearest ten that candidates hold, against exact search with texts."""
        texts = source.texts()[:_MEASURED_WITH]
        if chosen.kind == "exact" or not len(texts):
            return 1.0
        best = Hits.nothing(len(texts), 0)
        with source.shown() as (_, _, batches):
            for ids, vectors in batches:
                index = exact.empty(source.dim)
                index.add_sa_codes(exact.packed(vectors))
                rows, scores = exact.nearest(index, texts, RECALL_AT, None)
                best = merge([best, Hits(ids[rows], scores)], RECALL_AT)
        none = np.empty(0, np.int64)
        found = nearest(
            texts,
            RECALL_AT,
            source=source,
            candidates=collection.candidates,
            count=count,
            hidden=none,
            allowed=None,
        )
        hits = [len(np.intersect1d(ours, right)) for ours, right in zip(found.ids, best.ids, strict=True)]
        return sum(hits) / (RECALL_AT * len(texts))


def _alias(source: VectorSource) -> str:
    """Random per space, so that libraries can share a server."""
    return f"imgsearch_{source.identity['token']}"


def _mark(source: VectorSource, position: Position, chosen: Plan, recall: float) -> Mark:
    return Mark(
        identity=source.identity,
        sequence=position[0],
        change=position[1],
        kind=chosen.kind,
        reason=_with(chosen.reason, recall),
        recall=recall,
        index=chosen.index,
    )


def _with(reason: str, recall: float) -> str:
    return reason if recall == 1 else f"{reason}; that finds {recall:.1%} of the nearest {RECALL_AT}"
