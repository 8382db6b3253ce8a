"""One collection of Milvus's: vectors by embedding id, and a mark that says how far it reaches.

The mark is a row of its own, with an id that no embedding has, so it goes wherever the vectors go: into a
backup, behind an alias, to another server. It is written after what it tells of. Names and filters hold
nothing that a user typed, so there is nothing to escape.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from searchengine.vectors.milvus.plan import Plan
    from searchengine.vectors.milvus.server import Server
    from searchengine.vectors.source import Position, Vectors

    Ids = NDArray[np.int64]

MARK_ID = 0
"""Embeddings are counted from 1."""

# A message may have 64 MB; more in one gains nothing.
_MOST_BYTES = 8_000_000

# Vectors read at a time.
_ITERATED = 1_000

# Ids in one filter.
_MOST_IDS = 4_096

EF_LEAST = 1000
"""Vertices that a search of the graph keeps in view; it must be at least what it is asked for. Of the nearest
ten of texts among 20,000, 400 find 99.1 % in 5.8 ms, 1,000 find 99.9 % in 7.4 ms, 2,000 all in 10.6 ms."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a collection says of itself.

    Attributes:
        identity: The space it was made from.
        sequence: The last change that is in it.
        change: That change's mark.
        kind: `exact` or `approximate`.
        reason: Why, for people.
        recall: Share of the nearest ten that are found, measured with texts; 1 where search is exact.
        index: Milvus's name of its index.
    """

    identity: dict[str, str]
    sequence: int
    change: int
    kind: str
    reason: str
    recall: float
    index: str

    @property
    def position(self) -> Position:
        """The place in the space's history that it reaches to."""
        return self.sequence, self.change


class Collection:
    """A collection that is there, by its name or an alias.

    Attributes:
        name: The name, or the alias.
    """

    def __init__(self, server: Server, name: str, dim: int) -> None:
        self.name = name
        self._server = server
        self._dim = dim

    @classmethod
    def create(cls, server: Server, name: str, dim: int) -> Collection:
        """A new one, empty and without index."""
        from pymilvus import DataType, MilvusClient

        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=True)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
        schema.add_field("part", DataType.BOOL)
        server.call("create_collection", collection_name=name, schema=schema, consistency_level="Bounded")
        return cls(server, name, dim)

    def build(self, plan: Plan) -> None:
        """Make the index of all that is in it, and load it for searching."""
        from pymilvus import MilvusClient

        self._server.call("flush", collection_name=self.name)
        index = MilvusClient.prepare_index_params()
        index.add_index("vector", index_type=plan.index, metric_type="IP", params=plan.parameters)
        self._server.call("create_index", collection_name=self.name, index_params=index, sync=True)
        self.load()

    def load(self) -> None:
        """Have it in the server's memory; at once where it is."""
        self._server.load(self.name)

    def upsert(self, vectors: Vectors, parts: Ids) -> None:
        """Put vectors (n, dim) in, each by its id; one that is there is replaced by the same.

        Args:
            vectors: Ids and vectors.
            parts: Those of the ids that are further parts of a thing; others may be among them.
        """
        ids, rows = vectors
        is_part = np.isin(ids, parts)
        together = max(_MOST_BYTES // (4 * self._dim), 1)
        for start in range(0, len(ids), together):
            some = slice(start, start + together)
            data = [
                {"id": each, "vector": row, "part": part}
                for each, row, part in zip(
                    ids[some].tolist(), rows[some].astype(np.float32), is_part[some].tolist(), strict=True
                )
            ]
            self._server.call("upsert", collection_name=self.name, data=data)

    def delete(self, ids: Ids) -> None:
        """Take vectors out; those that aren't there are ignored."""
        for some in _chunks(ids):
            self._server.call("delete", collection_name=self.name, filter=_among(some))

    def candidates(self, queries: NDArray[np.float32], depth: int) -> list[tuple[Ids, NDArray[np.float32]]]:
        """See `ranking.Candidates`."""
        found = self._server.call(
            "search",
            collection_name=self.name,
            data=list(queries),
            anns_field="vector",
            limit=depth + 1,  # the mark may be among them
            search_params={"metric_type": "IP", "params": {"ef": max(depth + 1, EF_LEAST)}},
            output_fields=["id"],
        )
        answers = []
        for hits in found:
            ids = np.fromiter((hit["id"] for hit in hits), np.int64, len(hits))
            scores = np.fromiter((hit["distance"] for hit in hits), np.float32, len(hits))
            real = ids != MARK_ID
            answers.append((ids[real][:depth], scores[real][:depth]))
        return answers

    def count(self, ids: Ids | None = None, *, parts: bool = False) -> int:
        """How many vectors there are: all, those of some ids, or those that are further parts of a thing.

        Of what was written since `mark` was read some may be in it.
        """
        if ids is not None:
            return sum(self._count(_among(some)) for some in _chunks(ids))
        return self._count("part == true" if parts else f"id != {MARK_ID}")

    def _count(self, which: str) -> int:
        rows = self._query(filter=which, output_fields=["count(*)"])
        return int(rows[0]["count(*)"])

    def batches(self) -> Iterator[Vectors]:
        """Everything that is in it, as it went in: ids (n,) and vectors, float16 (n, dim)."""
        iterator = self._server.call(
            "query_iterator",
            collection_name=self.name,
            batch_size=_ITERATED,
            filter=f"id != {MARK_ID}",
            output_fields=["id", "vector"],
            consistency_level="Strong",
        )
        try:
            while rows := self._server.patiently(iterator.next):
                ids = np.fromiter((row["id"] for row in rows), np.int64, len(rows))
                yield ids, np.array([row["vector"] for row in rows], np.float32).astype(np.float16)
        finally:
            iterator.close()

    def mark(self) -> Mark | None:
        """What it says of itself; None where it was never finished, or isn't ours.

        A server waits until it has all that was written before: what is asked afterwards sees that too.
        """
        rows = self._query(
            filter=_among(np.array([MARK_ID])), output_fields=["mark"], consistency_level="Strong"
        )
        try:
            return Mark(**json.loads(rows[0]["mark"]))
        except (IndexError, KeyError, TypeError, ValueError):
            return None

    def put_mark(self, mark: Mark) -> None:
        """Say how far it reaches, after it does."""
        row = {
            "id": MARK_ID,
            "vector": np.zeros(self._dim, np.float32),
            "part": False,
            "mark": json.dumps(asdict(mark)),
        }
        self._server.call("upsert", collection_name=self.name, data=[row])

    def _query(self, **what: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._server.call("query", collection_name=self.name, **what)
        return rows


def _chunks(ids: Ids) -> Iterator[Ids]:
    for start in range(0, len(ids), _MOST_IDS):
        yield ids[start : start + _MOST_IDS]


def _among(ids: Ids) -> str:
    return f"id in {ids.tolist()}"
