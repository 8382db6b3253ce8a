"""An embedding space, opened: the model that encodes and the vectors that are searched."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from searchengine.catalog import files, images
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.reach import Reach

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.images import ImageRow
    from searchengine.catalog.spaces import SpaceRow
    from searchengine.encoders.encoder import Encoder
    from searchengine.query.terms import Query
    from searchengine.vectors.live import LiveIndex

    Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of a ranking, in the catalog's terms.

    Attributes:
        total: Pictures that could have been in it.
        hits: Embedding ids with their cosines, best first; None where there was nothing to compare with.
        rows: The pictures by embedding id.
    """

    total: int
    hits: list[tuple[int, float | None]]
    rows: dict[int, ImageRow]


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
        on_progress: Callable[[str], None] | None,
    ) -> None:
        self.id = space.id
        self.name = space.spec.name
        self.dim = space.spec.dim
        self._catalog = catalog
        self._space = space
        self._vectors = vectors
        self._runtime = runtime
        self._on_progress = on_progress
        self._source = EmbeddingSource(catalog, space)
        self._encoder: Encoder | None = None
        self._index: LiveIndex | None = None
        self._is_reachable = Reach()
        self._loading_encoder = threading.Lock()
        self._loading_index = threading.Lock()

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

    def encode(self, query: Query, read: Callable[[str], bytes]) -> Vector:
        """A query's words and pictures to one unit vector, float32 (dim,).

        Args:
            query: With at least one of either.
            read: A picture's bytes by its reference.
        """
        from searchengine.query.compose import compose

        texts = [words.text for words in query.words]
        parts = [
            (vector, words.weight)
            for vector, words in zip(
                self.encoder.encode_texts(texts) if texts else (), query.words, strict=True
            )
        ]
        parts += [(self.encode_picture(read(each.reference)), each.weight) for each in query.examples]
        return compose(parts)

    def encode_picture(self, picture: bytes | Image.Image) -> Vector:
        """A picture to a unit vector, float32 (dim,); bytes that are indexed already cost no inference."""
        if isinstance(picture, bytes):
            stored = self._stored(picture)
            if stored is not None:
                return stored
        from PIL import ImageOps

        from searchengine.encoders.preprocess import preprocess
        from searchengine.images.open import open_image
        from searchengine.images.pixels import to_rgb

        preprocessing = self._space.spec.preprocessing
        if isinstance(picture, bytes):
            upright = open_image(picture, draft_to=2 * max(preprocessing.size)).image
        else:
            upright = to_rgb(ImageOps.exif_transpose(picture))
        vector: Vector = self.encoder.encode_images(preprocess(upright, preprocessing)[None])[0]
        return vector

    def answer(self, vector: Vector | None, query: Query, k: int | None, offset: int) -> Answer:
        """The k nearest of the pictures that may be in the answer, after the first `offset`.

        Args:
            vector: float32 (dim,), of length 1; None for the newest first.
            query: Whose filters and exact words have to hold of a picture.
            k: How many; None for all.
            offset: How many to leave out.
        """
        while True:
            allowed = self._allowed(query, by_date=vector is None)
            if allowed is not None:  # nothing may be allowed that the index hasn't heard of
                self.index.refresh()
            total = len(self.index if allowed is None else allowed)
            end = total if k is None else min(offset + k, total)
            hits: list[tuple[int, float | None]] = []
            if vector is None and allowed is not None:
                hits = [(embedding, None) for embedding in allowed[offset:end].tolist()]
            elif vector is not None and end > offset:
                found = self.index.search(vector, end, allowed=allowed)
                pairs = zip(found.ids[0].tolist(), found.scores[0].tolist(), strict=True)
                hits = [pair for pair in pairs if pair[0] >= 0][offset:]
            with self._catalog.read() as session:
                rows = images.images_of_embeddings(
                    session, [embedding for embedding, _ in hits], is_reachable=self._is_reachable
                )
            # A picture that another process removed between the search and this look is in the change log
            # by now: once that is replayed, the next one moves up.
            if len(rows) == len(hits) or not self.index.refresh():
                return Answer(total, [hit for hit in hits if hit[0] in rows], rows)

    def _allowed(self, query: Query, *, by_date: bool) -> NDArray[np.int64] | None:
        """The embeddings that may be in the answer; None when all may, in any order."""
        if not query.filters and not query.exact and not by_date:
            return None
        from searchengine.catalog import filters

        which = filters.condition(query.filters, query.exact)
        with self._catalog.read() as session:
            return (filters.newest if by_date else filters.passing)(session, self.id, which)

    def _stored(self, data: bytes) -> Vector | None:
        import numpy as np

        from searchengine.images.hashes import content_hash

        digest = content_hash(data)
        with self._catalog.read() as session:
            content = files.contents_by_hash(session, [digest]).get(digest)
            if content is None:
                return None
            embedding = images.embedding_ids(session, self.id, [content]).get(content)
        if embedding is None:
            return None
        _, vectors = self._source.vectors(np.array([embedding]))
        vector: Vector = vectors[0].astype(np.float32)
        return vector / np.linalg.norm(vector)
