"""The vectors of one space, as an index is built from them and kept up to date."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select, text
from sqlalchemy.orm import aliased

from searchengine.catalog import calibrations
from searchengine.catalog.bulk import chunks
from searchengine.catalog.models import Change, Content, Embedding
from searchengine.errors import LibraryError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy.orm import Session

    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.spaces import SpaceRow

# 4 MB of vectors at dimension 512.
STREAMED_ROWS = 4096

Position = tuple[int, int]
"""A place in a space's history: the sequence of its latest change and that change's mark, or (0, 0)."""

Vectors = tuple[NDArray[np.int64], NDArray[np.float16]]
"""Ids (n,), ascending, and their vectors (n, dim)."""


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
        with self._catalog.read() as session:
            return self._position(session)

    def knows(self, position: Position) -> bool:
        """Whether this history went through `position`; one that was restored from a backup may not have."""
        sequence, mark = position
        if sequence == 0:
            return mark == 0
        with self._catalog.read() as session:
            found = session.scalar(
                select(Change.mark).where(Change.sequence == sequence, Change.space_id == self._space_id)
            )
        return found == mark

    def changes(self, since: int) -> tuple[Position, NDArray[np.int64], NDArray[np.bool_]]:
        """What came into sight or went out of it after the sequence `since`.

        Returns:
            The position this leads to, the ids (n,) ascending, each once, and whether each is shown now.
        """
        with self._catalog.read() as session:
            rows = session.execute(
                select(Change.embedding_id, Change.shown)
                .where(Change.space_id == self._space_id, Change.sequence > since)
                .order_by(Change.sequence)
            )
            last = {row[0]: row[1] for row in rows}
            position = self._position(session)
        ids = np.fromiter(last.keys(), np.int64, len(last))
        shown = np.fromiter(last.values(), np.bool_, len(last))
        order = np.argsort(ids)
        return position, ids[order], shown[order]

    def vectors(self, ids: Collection[int] | NDArray[np.int64]) -> Vectors:
        """The vectors of these ids, in ascending order; what has been forgotten is left out."""
        wanted = sorted({int(embedding_id) for embedding_id in ids})
        rows: list[tuple[int, bytes]] = []
        with self._catalog.read() as session:
            for chunk in chunks(wanted):
                found = session.execute(
                    select(Embedding.id, Embedding.vector)
                    .where(Embedding.id.in_(chunk), Embedding.space_id == self._space_id)
                    .order_by(Embedding.id)
                )
                rows += [(row[0], row[1]) for row in found]
        return self._unpack(rows)

    def parts(self, after: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Embeddings of further parts with a key above `after`, ascending, and each content's first one."""
        whole = aliased(Embedding)
        statement = (
            select(Embedding.id, whole.id)
            .join(
                whole,
                (whole.content_id == Embedding.content_id)
                & (whole.space_id == Embedding.space_id)
                & (whole.part == 0),
            )
            # The number stands in the statement: only so does SQLite see that the index on parts will do.
            .where(Embedding.space_id == self._space_id, text("embedding.part > 0"), Embedding.id > after)
            .order_by(Embedding.id)
        )
        with self._catalog.read() as session:
            rows = [(row[0], row[1]) for row in session.connection().execute(statement)]
        pairs = np.array(rows, np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def sample(self, count: int) -> NDArray[np.float16]:
        """Vectors of pictures, about `count` of them or all, drawn at random: (n, dim); no regions.

        The same catalog gives the same ones. Hidden pictures may be among them.
        """
        with self._catalog.read() as session:
            # Each by itself: together they read the whole table.
            first, last = (session.scalar(select(end(Content.id))) for end in (func.min, func.max))
            if first is None or last is None:
                return np.empty((0, self.dim), np.float16)
            # Seeks, not a sort by random(): that would read the whole table.
            places = np.random.default_rng(0).integers(first, last, count, endpoint=True)
            ids = {
                session.scalar(
                    select(Embedding.id)
                    .where(
                        Embedding.space_id == self._space_id,
                        Embedding.part == 0,
                        Embedding.content_id >= place,
                    )
                    .order_by(Embedding.content_id)
                    .limit(1)
                )
                for place in np.unique(places).tolist()
            }
        return self.vectors({embedding for embedding in ids if embedding is not None})[1]

    def unit_vectors(self, ids: Collection[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """`vectors` without the ids, of length 1 once more after having been float16: (n, dim)."""
        return _unit(self.vectors(ids)[1])

    def unit_sample(self, count: int) -> NDArray[np.float32]:
        """`sample`, of length 1 once more: (n, dim)."""
        return _unit(self.sample(count))

    def texts(self) -> NDArray[np.float32]:
        """Unit vectors of the calibration's neutral prompts, (q, dim); q = 0 before there is one."""
        with self._catalog.read() as session:
            found = calibrations.calibration(session, self._space_id)
        if found is None:
            return np.empty((0, self.dim), np.float32)
        return _unit(found.bank)

    @contextmanager
    def shown(self) -> Iterator[tuple[Position, int, Iterator[Vectors]]]:
        """Everything that is shown, in one view of the catalog for as long as the block lasts.

        Returns:
            The position it is valid at, the number of vectors, and the vectors in batches, ids ascending.
        """
        with self._catalog.read() as session:
            count = session.scalar(
                select(func.count())
                .select_from(Embedding)
                .join(Content, Content.id == Embedding.content_id)
                .where(Embedding.space_id == self._space_id, Content.shown)
            )
            yield self._position(session), count or 0, self._stream(session)

    def _stream(self, session: Session) -> Iterator[Vectors]:
        last = 0
        while True:
            # Past the session, which would take as long again over each row.
            found = session.connection().execute(
                select(Embedding.id, Embedding.vector)
                .join(Content, Content.id == Embedding.content_id)
                .where(Embedding.space_id == self._space_id, Content.shown, Embedding.id > last)
                .order_by(Embedding.id)
                .limit(STREAMED_ROWS)
            )
            rows = [(row[0], row[1]) for row in found]
            if not rows:
                return
            last = rows[-1][0]
            yield self._unpack(rows)

    def _position(self, session: Session) -> Position:
        found = session.execute(
            select(Change.sequence, Change.mark)
            .where(Change.space_id == self._space_id)
            .order_by(Change.sequence.desc())
            .limit(1)
        ).first()
        return (found[0], found[1]) if found else (0, 0)

    def _unpack(self, rows: list[tuple[int, bytes]]) -> Vectors:
        ids = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        size = 2 * self.dim
        if torn := [row[0] for row in rows if len(row[1]) != size]:
            raise LibraryError(
                f"{self._catalog.name}: {len(torn)} embeddings are damaged ({torn[0]} is the first); "
                "put it right with: imgsearch verify --repair"
            )
        packed = b"".join(row[1] for row in rows)
        return ids, np.frombuffer(packed, "<f2").reshape(len(rows), self.dim)


def _unit(vectors: NDArray[np.float16]) -> NDArray[np.float32]:
    wide = vectors.astype(np.float32)
    unit: NDArray[np.float32] = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    return unit
