"""An embedding space, opened: the model that encodes and the vectors that are searched."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from searchengine.catalog import calibrations, images
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.encoders.texts import TextVectors
from searchengine.errors import UsageError
from searchengine.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from searchengine.calibration import Calibration
    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.spaces import SpaceRow
    from searchengine.encoders.captioner import Captioner
    from searchengine.encoders.encoder import Encoder
    from searchengine.encoders.load import Runtime
    from searchengine.encoders.spec import ModelSpec
    from searchengine.images.open import Picture
    from searchengine.query.compose import Direction
    from searchengine.query.terms import Query
    from searchengine.understanding.taught import Taught
    from searchengine.vectors.space_index import SpaceIndex
    from searchengine.vectors.store import VectorStore

    Vector = NDArray[np.float32]


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
        vectors: VectorStore,
        *,
        runtime: Runtime,
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
        self._index: SpaceIndex | None = None
        self._calibration: Remembered[Calibration | None] = Remembered(catalog.generation, most=1)
        self._fresh: tuple[int, int] | None = None
        self._loading_encoder = threading.Lock()
        self._loading_index = threading.Lock()

    @property
    def row(self) -> SpaceRow:
        """As the catalog has it."""
        return self._space

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
    def index(self) -> SpaceIndex:
        """The vectors, as fresh as at the last `refresh`."""
        with self._loading_index:
            if self._index is None:
                self._index = self._vectors.open(self._source)
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
        now = self._catalog.generation(), self._vectors.changed_at()
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

    def captioner(self) -> Captioner | None:
        """The model, as one that writes; None where it is none. Raises ModelError when it can't be loaded."""
        from searchengine.encoders.captioner import can_write, load_captioner

        spec = self._space.spec
        return load_captioner(spec, on_progress=self._on_progress) if can_write(spec.name) else None

    def pixels(self, picture: bytes | Image.Image) -> NDArray[np.uint8]:
        """A picture as the model wants it, uint8 (height, width, 3); raises ImageError."""
        from PIL import ImageOps

        from searchengine.encoders.preprocess import preprocess
        from searchengine.images.pixels import to_rgb

        if isinstance(picture, bytes):
            upright = self.upright(picture, self.draft_to)
        else:
            upright = to_rgb(ImageOps.exif_transpose(picture))
        return preprocess(upright, self._space.spec.preprocessing)

    def upright(self, data: bytes, draft_to: int) -> Image.Image:
        """A file's picture, RGB and upright, its shorter side no shorter than so many pixels; ImageError."""
        return self._open_picture(data, draft_to).image

    def recognised(self, data: bytes) -> Vector | None:
        """The embedding, float32 (dim,), of a file's bytes that are indexed; None of others."""
        content = self.content_of(data)
        return None if content is None else self.stored([content]).get(content)

    def content_of(self, data: bytes) -> int | None:
        """The picture of the library that has a file's bytes, by id; None where none has."""
        from searchengine.catalog import files
        from searchengine.images.hashes import content_hash

        digest = content_hash(data)
        with self._catalog.read() as session:
            return files.contents_by_hash(session, [digest]).get(digest)

    def stored(self, contents: Collection[int]) -> dict[int, Vector]:
        """Embeddings of pictures of the library, float32 (dim,), of length 1, by id; of a video the first.

        Ids of which there is none, or none any more, are left out.
        """
        import numpy as np

        with self._catalog.look() as reading:
            embeddings = images.embedding_ids(reading, self.id, contents)
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
        with self._catalog.look() as reading:
            return calibrations.calibration(reading, self.id)
