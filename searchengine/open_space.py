"""An embedding space, opened: the model that encodes and the vectors that are searched."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from searchengine.catalog import calibrations, files, filters, images
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.catalog.narrowing import narrow
from searchengine.encoders.texts import TextVectors
from searchengine.errors import UsageError
from searchengine.query import fuse as fusing
from searchengine.query.fuse import fuse, shares
from searchengine.query.paging import page_after
from searchengine.query.rank import Found
from searchengine.reach import Reach
from searchengine.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from searchengine.calibration import Calibration
    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.images import ImageRow
    from searchengine.catalog.spaces import SpaceRow
    from searchengine.encoders.encoder import Encoder
    from searchengine.encoders.spec import ModelSpec
    from searchengine.images.open import Picture
    from searchengine.query.compose import Direction
    from searchengine.query.paging import Cursor, Hit
    from searchengine.query.terms import Query
    from searchengine.understanding.taught import Taught
    from searchengine.vectors.index import Hits
    from searchengine.vectors.live import LiveIndex

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


class OpenSpace:
    """One space of a library. Model and vectors are loaded when first needed, each on its own.

    Attributes:
        id: The space's key in the catalog.
        name: Of the model.
        dim: Length of an embedding.
    """

    def __init__(
        self,
        catalog: Catalog,
        space: SpaceRow,
        vectors: Path,
        *,
        runtime: Literal["auto", "onnx", "torch"],
        keep_model: bool = True,
        on_progress: Callable[[str], None] | None,
        open_picture: Callable[[bytes, int], Picture],
    ) -> None:
        self.id = space.id
        self.name = space.spec.name
        self.dim = space.spec.dim
        self._catalog = catalog
        self._space = space
        self._vectors = vectors
        self._runtime = runtime
        self._keep_model = keep_model
        self._on_progress = on_progress
        self._open_picture = open_picture
        self._source = EmbeddingSource(catalog, space)
        self._encoder: Encoder | None = None
        self._texts = TextVectors(self._encode_texts)
        self._index: LiveIndex | None = None
        self._is_reachable = Reach()
        self._allowed: Remembered[NDArray[np.int64]] = Remembered(catalog.generation, most=FILTERS_KEPT)
        self._dated: Remembered[NDArray[np.int64]] = Remembered(catalog.generation, most=FILTERS_KEPT)
        self._calibration: Remembered[Calibration | None] = Remembered(catalog.generation, most=1)
        self._fresh: tuple[int, int] | None = None
        self._loading_encoder = threading.Lock()
        self._loading_index = threading.Lock()

    @property
    def spec(self) -> ModelSpec:
        """The model, pinned; known without loading it."""
        return self._space.spec

    @property
    def encoder(self) -> Encoder:
        """The model; raises ModelError when it can't be loaded."""
        with self._loading_encoder:
            if self._encoder is None:
                from searchengine.encoders import load_encoder

                spec = self._space.spec
                self._encoder = load_encoder(
                    spec.name, runtime=self._runtime, weights=spec.weights, on_progress=self._on_progress
                )
            return self._encoder

    @property
    def index(self) -> LiveIndex:
        """The vectors, as fresh as at the last `refresh`."""
        with self._loading_index:
            if self._index is None:
                from searchengine.vectors.live import LiveIndex

                self._index = LiveIndex(self._source, self._vectors)
            return self._index

    @property
    def draft_to(self) -> int:
        """How many pixels wide and high a picture should still be when it comes to the model."""
        return 2 * max(self._space.spec.preprocessing.size)

    @property
    def is_warm(self) -> bool:
        """Whether model and vectors are there already."""
        return self._encoder is not None and self._index is not None

    def refresh(self) -> bool:
        """Take in what has changed in the vectors; where nothing has, that costs some microseconds.

        Returns:
            Whether there was anything.
        """
        # Looked at first: what happens meanwhile is taken in the next time.
        now = self._catalog.generation(), _changed_at(self._vectors)
        if self._index is not None and now == self._fresh:
            return False
        changed = self.index.refresh()
        self._fresh = now
        return changed

    @property
    def taught(self) -> Taught:
        """The concepts that were taught by example."""
        from searchengine.understanding.taught import Taught

        return Taught(self._catalog, self.id, self.index)

    def encode(self, query: Query, read: Callable[[str], bytes | int]) -> Direction:
        """Where a query's words and pictures go, all together.

        Args:
            query: With at least one of either, or with pictures that were judged.
            read: A picture's bytes by its reference, or its id where the library has it.
        """
        from searchengine.query.compose import compose

        texts = [words.text for words in query.words]
        vectors = self._texts(texts)
        words = [(vector, words.weight) for vector, words in zip(vectors, query.words, strict=True)]
        pictures = [(self.encode_picture(read(each.reference)), each.weight) for each in query.examples]
        more, less = ([self.encode_picture(each) for each in side] for side in (query.more, query.less))
        if not self._keep_model:
            with self._loading_encoder:
                self._encoder = None
        if not (query.more or query.less):
            return compose(words, pictures)
        from searchengine.understanding.feedback import judged

        return judged(words, pictures, more, less, self._source)

    def encode_text(self, text: str) -> Vector:
        """A text to a unit vector, float32 (dim,)."""
        return self._texts([text])[0]

    def _encode_texts(self, texts: Sequence[str]) -> Vector:
        return self.encoder.encode_texts(texts)

    def encode_picture(self, picture: bytes | int | Image.Image) -> Vector:
        """A picture to a unit vector, float32 (dim,); one that is indexed costs no inference."""
        if isinstance(picture, int):
            embedded = self.stored([picture]).get(picture)
            if embedded is None:
                raise UsageError(f"the library has no picture {picture} now; take an id from a result")
            return embedded
        if isinstance(picture, bytes):
            stored = self.recognised(picture)
            if stored is not None:
                return stored
        vector: Vector = self.encoder.encode_images(self.pixels(picture)[None])[0]
        return vector

    def pixels(self, picture: bytes | Image.Image) -> NDArray[np.uint8]:
        """A picture as the model wants it, uint8 (height, width, 3); raises ImageError."""
        from PIL import ImageOps

        from searchengine.encoders.preprocess import preprocess
        from searchengine.images.pixels import to_rgb

        preprocessing = self._space.spec.preprocessing
        if isinstance(picture, bytes):
            upright = self._open_picture(picture, self.draft_to).image
        else:
            upright = to_rgb(ImageOps.exif_transpose(picture))
        return preprocess(upright, preprocessing)

    def recognised(self, data: bytes) -> Vector | None:
        """The embedding, float32 (dim,), of a file's bytes that are indexed; None of others."""
        from searchengine.images.hashes import content_hash

        digest = content_hash(data)
        with self._catalog.read() as session:
            content = files.contents_by_hash(session, [digest]).get(digest)
        return None if content is None else self.stored([content]).get(content)

    def stored(self, contents: Collection[int]) -> dict[int, Vector]:
        """Embeddings of pictures of the library, float32 (dim,), of length 1, by id; of a video the first.

        Ids of which there is none, or none any more, are left out.
        """
        import numpy as np

        with self._catalog.read() as session:
            embeddings = images.embedding_ids(session, self.id, contents)
        ids, rows = self._source.vectors(embeddings.values())
        vectors = rows.astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        at = {each: place for place, each in enumerate(ids.tolist())}
        return {content: vectors[at[each]] for content, each in embeddings.items() if each in at}

    def wholes(self) -> tuple[NDArray[np.int64], Vector]:
        """Every picture that is shown, by its first embedding: ids (n,), ascending, and float32 (n, dim).

        All of them are in memory then: 2 GB for a million at dimension 512.
        """
        import numpy as np

        parts, _ = self._source.parts(0)
        with self._source.shown() as (_, count, batches):
            ids, vectors, end = np.empty(count, np.int64), np.empty((count, self.dim), np.float32), 0
            for some, rows in batches:
                first = np.isin(some, parts, invert=True)
                start, end = end, end + int(np.count_nonzero(first))
                ids[start:end], vectors[start:end] = some[first], rows[first]
                vectors[start:end] /= np.linalg.norm(vectors[start:end], axis=1, keepdims=True)
        return ids[:end], vectors[:end]

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
            with self._catalog.read() as session:
                rows = images.images_of_embeddings(
                    session, [each.embedding for each in page], is_reachable=self._is_reachable
                )
            # A picture that another process removed between the search and this look is in the change log
            # by now: once that is replayed, the next one moves up.
            if len(rows) == len(page) or not self.refresh():
                there = [each for each in page if each.embedding in rows]
                return Answer(total, there, rows, more=len(found) > len(page), best=best)

    def line(self, direction: Direction, best: int, strictness: float) -> float | None:
        """The cosine from which on pictures are relevant to a query; None when there is no telling.

        Args:
            direction: The query's.
            best: Embedding id of the picture nearest to it among those that may be in the answer.
            strictness: Share of unrelated queries that should find nothing, from 0 to 1.

        Returns:
            None before the space has been calibrated, and when the picture has just been forgotten.
        """
        if direction.line is not None:
            return direction.line
        import numpy as np

        from searchengine.query import relevance

        calibration = self.calibration
        _, vectors = self._source.vectors([best])
        if calibration is None or not len(vectors):
            return None
        return relevance.line(calibration, direction, vectors[0].astype(np.float32), strictness)

    @property
    def calibration(self) -> Calibration | None:
        """What relevance is measured by; None before the indexer has."""
        return self._calibration.get(None, self._read_calibration)

    def _read_calibration(self) -> Calibration | None:
        with self._catalog.read() as session:
            return calibrations.calibration(session, self.id)

    def _nearest(
        self, vector: Vector, query: Query, k: int | None, offset: int, after: Cursor | None
    ) -> tuple[int, Sequence[Hit], dict[int, float], int | None]:
        """How many there are to rank, a page of them by what ranks them, cosines, and the nearest of all."""
        allowed = best = None
        if query.filters or query.exact:
            allowed = self._allowed.get((query.filters, query.exact), lambda: self._passing(query))
            self.refresh()  # nothing may be allowed that the index hasn't heard of
        total = self.index.count_groups(allowed)

        raised = self._raised(query)
        matches = self._matches(vector, raised, allowed)
        cosines = dict(matches)

        def ranking(count: int) -> list[Hit]:
            nearest = _pairs(self.index.search_groups(vector, count, allowed=allowed))
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
        from searchengine.catalog import words

        count, worth = self.index.count_groups(None), fusing.WORDS_COUNT / self._space.spec.logit_scale
        with self._catalog.read() as session:
            for text, share in texts:
                ids, said = words.evidence(session, self.id, text, count)
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
        return _pairs(self.index.search_groups(vector, len(ids), allowed=ids))

    def _passing(self, query: Query) -> NDArray[np.int64]:
        facts = [each for each in query.filters if not each.labels]
        first = next((each for each in query.filters if each.labels and not each.negated), None)
        if first is not None and not facts and not query.exact:  # few pictures, found without reading of all
            return self.taught.narrow(
                self.taught.passing(first), [f for f in query.filters if f is not first]
            )
        with self._catalog.read() as session:
            narrowed = narrow(session, facts, query.exact)
            which = filters.condition(narrowed.filters, narrowed.exact)
            ids = filters.passing(session, self.id, which, narrowed.contents)
        return self.taught.narrow(ids, query.filters)

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
        facts = [each for each in query.filters if not each.labels]
        with self._catalog.read() as session:
            narrowed = narrow(session, facts, query.exact)
            which = filters.condition(narrowed.filters, narrowed.exact)
            dated = filters.newest(session, self.id, which, narrowed.contents, after=after)
        return self.taught.narrow(dated, query.filters)

    def _dated_after(self, dated: NDArray[np.int64], query: Query, after: Cursor) -> NDArray[np.int64]:
        """What follows a picture in the order of dates, also when it isn't there any more."""
        with self._catalog.read() as session:
            embedding = images.embedding_ids(session, self.id, [after.id]).get(after.id)
        at = (dated == embedding).nonzero()[0]
        return dated[at[0] + 1 :] if len(at) else self._by_date(query, (after.taken_at, after.id))


def _changed_at(folder: Path) -> int:
    """When a file in a folder was last made, renamed or deleted, in nanoseconds; 0 where there is none."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _pairs(hits: Hits) -> list[Hit]:
    """The answer to one query, without what fills it up."""
    pairs = zip(hits.ids[0].tolist(), hits.scores[0].tolist(), strict=True)
    return [pair for pair in pairs if pair[0] >= 0]
