"""The vectors of one space, as an index is built from them and kept up to date."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from searchengine.catalog import calibrations
from searchengine.catalog.bulk import chunks
from searchengine.catalog.sql import in_, rows
from searchengine.errors import LibraryError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.spaces import SpaceRow
    from searchengine.catalog.sql import Reading, Row

# 4 MB of vectors at dimension 512.
STREAMED_ROWS = 4096

Position = tuple[int, int]
"""A place in a space's history: the sequence of its latest change and that change's mark, or (0, 0)."""

Vectors = tuple[NDArray[np.int64], NDArray[np.float16]]
"""Ids (n,), ascending, and their vectors (n, dim)."""

_POSITION = "SELECT sequence, mark FROM change WHERE space_id = :space ORDER BY sequence DESC LIMIT 1"
_MARK = "SELECT mark FROM change WHERE sequence = :sequence AND space_id = :space"
_CHANGES = (
    "SELECT embedding_id, shown FROM change WHERE space_id = :space AND sequence > :since ORDER BY sequence"
)
# The number stands in the statement: only so does SQLite see that the index on parts will do.
_PARTS = (
    "SELECT embedding.id, whole.id FROM embedding JOIN embedding AS whole"
    " ON whole.content_id = embedding.content_id AND whole.space_id = embedding.space_id AND whole.part = 0"
    " WHERE embedding.space_id = :space AND embedding.part > 0 AND embedding.id > :after"
    " ORDER BY embedding.id"
)
_SHOWN = (
    "FROM embedding JOIN content ON content.id = embedding.content_id"
    " WHERE embedding.space_id = :space AND content.shown"
)
_COUNT = f"SELECT count(*) {_SHOWN}"
_BATCH = f"SELECT embedding.id, vector {_SHOWN} AND embedding.id > :last ORDER BY embedding.id LIMIT :most"
# Each by itself: together they read the whole table.
_ENDS = "SELECT (SELECT min(id) FROM content), (SELECT max(id) FROM content)"
_NEXT = (
    "SELECT id FROM embedding WHERE space_id = :space AND part = 0 AND content_id >= :place"
    " ORDER BY content_id LIMIT 1"
)


class EmbeddingSource:
    """Reads one space's embeddings and changes; each call is one consistent view. Threads may share it.

    Attributes:
        name: Names the space's derived files.
        identity: What such a file must say of itself to be believed.
        dim: Length of a vector.
    """

    def __init__(self, catalog: Catalog, space: SpaceRow) -> None:
        self.name = f"space-{space.id}"
        self.identity = space.identity
        self.dim = space.spec.dim
        self._catalog = catalog
        self._space_id = space.id

    def position(self) -> Position:
        """Where the space's history stands now."""
        with self._catalog.look() as reading:
            return self._position(reading)

    def knows(self, position: Position) -> bool:
        """Whether this history went through `position`; one that was restored from a backup may not have."""
        sequence, mark = position
        if sequence == 0:
            return mark == 0
        with self._catalog.look() as reading:
            return rows(reading, _MARK, sequence=sequence, space=self._space_id) == [(mark,)]

    def changes(self, since: int) -> tuple[Position, NDArray[np.int64], NDArray[np.bool_]]:
        """What came into sight or went out of it after the sequence `since`.

        Returns:
            The position this leads to, the ids (n,) ascending, each once, and whether each is shown now.
        """
        with self._catalog.look() as reading:
            last: dict[int, bool] = dict(rows(reading, _CHANGES, space=self._space_id, since=since))
            position = self._position(reading)
        ids = np.fromiter(last.keys(), np.int64, len(last))
        shown = np.fromiter(last.values(), np.bool_, len(last))
        order = np.argsort(ids)
        return position, ids[order], shown[order]

    def vectors(self, ids: Collection[int] | NDArray[np.int64]) -> Vectors:
        """The vectors of these ids, in ascending order; what has been forgotten is left out."""
        wanted = sorted({int(embedding_id) for embedding_id in ids})
        found: list[Row] = []
        with self._catalog.look() as reading:
            for chunk in chunks(wanted):
                of_these = f"SELECT id, vector FROM embedding WHERE id {in_(chunk)} AND space_id = :space"
                found += rows(reading, f"{of_these} ORDER BY id", space=self._space_id)
        return self._unpack(found)

    def parts(self, after: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Embeddings of further parts with a key above `after`, ascending, and each content's first one."""
        with self._catalog.look() as reading:
            found = rows(reading, _PARTS, space=self._space_id, after=after)
        pairs = np.array(found, np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def sample(self, count: int) -> NDArray[np.float16]:
        """Vectors of pictures, about `count` of them or all, drawn at random: (n, dim); no regions.

        The same catalog gives the same ones. Hidden pictures may be among them.
        """
        with self._catalog.look() as reading:
            ((first, last),) = rows(reading, _ENDS)
            if first is None:
                return np.empty((0, self.dim), np.float16)
            # Seeks, not a sort by random(): that would read the whole table.
            places = np.random.default_rng(0).integers(first, last, count, endpoint=True)
            ids = {
                row[0]
                for place in np.unique(places).tolist()
                for row in rows(reading, _NEXT, space=self._space_id, place=place)
            }
        return self.vectors(ids)[1]

    def unit_vectors(self, ids: Collection[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """`vectors` without the ids, of length 1 once more after having been float16: (n, dim)."""
        return _unit(self.vectors(ids)[1])

    def unit_sample(self, count: int) -> NDArray[np.float32]:
        """`sample`, of length 1 once more: (n, dim)."""
        return _unit(self.sample(count))

    def texts(self) -> NDArray[np.float32]:
        """Unit vectors of the calibration's neutral prompts, (q, dim); q = 0 before there is one."""
        with self._catalog.look() as reading:
            found = calibrations.calibration(reading, self._space_id)
        if found is None:
            return np.empty((0, self.dim), np.float32)
        return _unit(found.bank)

    @contextmanager
    def shown(self) -> Iterator[tuple[Position, int, Iterator[Vectors]]]:
        """Everything that is shown, in one view of the catalog for as long as the block lasts.

        Returns:
            The position it is valid at, the number of vectors, and the vectors in batches, ids ascending.
        """
        with self._catalog.look() as reading:
            ((count,),) = rows(reading, _COUNT, space=self._space_id)
            yield self._position(reading), count, self._stream(reading)

    def _stream(self, reading: Reading) -> Iterator[Vectors]:
        last = 0
        while found := rows(reading, _BATCH, space=self._space_id, last=last, most=STREAMED_ROWS):
            last = found[-1][0]
            yield self._unpack(found)

    def _position(self, reading: Reading) -> Position:
        found = rows(reading, _POSITION, space=self._space_id)
        return (found[0][0], found[0][1]) if found else (0, 0)

    def _unpack(self, found: list[Row]) -> Vectors:
        ids = np.fromiter((row[0] for row in found), np.int64, len(found))
        size = 2 * self.dim
        if torn := [row[0] for row in found if len(row[1]) != size]:
            raise LibraryError(
                f"{self._catalog.name}: {len(torn)} embeddings are damaged ({torn[0]} is the first); "
                "put it right with: imgsearch verify --repair"
            )
        packed = b"".join(row[1] for row in found)
        return ids, np.frombuffer(packed, "<f2").reshape(len(found), self.dim)


def _unit(vectors: NDArray[np.float16] | NDArray[np.float32]) -> NDArray[np.float32]:
    wide = vectors.astype(np.float32)
    unit: NDArray[np.float32] = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    return unit
