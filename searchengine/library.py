"""The one object people hold: a library of pictures that answers questions."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from searchengine.answering.pages import Answering, Sort
from searchengine.answering.question import Question
from searchengine.catalog import images, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.database import BUSY_TIMEOUT
from searchengine.errors import UsageError
from searchengine.layout import Layout, default_library
from searchengine.query.compose import compose
from searchengine.query.grammar import parse
from searchengine.query.paging import Page
from searchengine.query.relevance import STRICTNESS, checked
from searchengine.query.terms import Example, Query, Words
from searchengine.query.text import Text
from searchengine.reach import Reach
from searchengine.remembered import Remembered
from searchengine.understanding.prompts import TEMPLATES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from searchengine.catalog.portable import Count
    from searchengine.catalog.spaces import SpaceRow
    from searchengine.details import Details
    from searchengine.duplicates.results import Duplicates, Level
    from searchengine.encoders.load import Runtime
    from searchengine.exchange.formats import Format
    from searchengine.images.open import Picture
    from searchengine.open_space import OpenSpace
    from searchengine.query.compose import Direction
    from searchengine.results import SearchResults
    from searchengine.status import Failure, Progress, Status
    from searchengine.understanding.classify import Classification
    from searchengine.understanding.clusters import Cluster, Placed
    from searchengine.understanding.describe import Description
    from searchengine.understanding.objects import Objects
    from searchengine.understanding.pictures import Answers, Given
    from searchengine.understanding.tags import Tags
    from searchengine.understanding.taught import LabelledPicture, Suggestion, TaughtLabel
    from searchengine.understanding.teach import Teacher

Tell = Callable[[str], None]
Pictures = Callable[[str], bytes | int]


class Library:
    """An indexed library, open for questions. Searches may come from several threads at once.

    Attributes:
        path: The library's folder.
        on_stage: Told how many seconds a search's stages take: `encode` (a query to its vector) and `rank`
            (the vectors, filters and pictures). Several threads may tell of theirs at once.
        open_picture: Opens a picture that is asked by, from its bytes, upright and no smaller than so many
            pixels. Where strangers ask, it can be one that no picture can crash.
    """

    def __init__(
        self, path: Path, catalog: Catalog, *, runtime: Runtime, keep_model: bool, on_progress: Tell | None
    ) -> None:
        self.path = path
        self._keep_model = keep_model
        self._on_progress = on_progress
        self._layout = Layout(path)
        self._catalog = catalog
        self._runtime = runtime
        self._answering = Answering(path, catalog, self._space, self._tell_stage)
        self._facets: Remembered[dict[str, dict[str, int]]] = Remembered(catalog.generation, most=16)
        self._active: Remembered[SpaceRow | None] = Remembered(catalog.generation, most=1)
        self._opened: OpenSpace | None = None
        self._opening = threading.Lock()
        self._reach = Reach()
        self.on_stage: Callable[[str, float], None] | None = None
        self.open_picture: Callable[[bytes, int], Picture] = _open_picture

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        runtime: Runtime = "onnx",
        keep_model: bool = True,
        patience: float = BUSY_TIMEOUT,
        on_progress: Tell | None = None,
    ) -> Library:
        """Open a library that `imgsearch index` has made.

        Args:
            path: Its folder; None for $IMGSEARCH_LIBRARY or the one in the user's data folder.
            runtime: What runs the model. `onnx` answers single queries quickest and needs no torch; `torch`
                uses a GPU; `auto` is torch where there is a GPU, else onnx.
            keep_model: Whether the model stays in memory after a query. Who asks once needs it only until
                the vectors are looked through, and so half the memory.
            patience: Seconds to wait for another process's transaction, which is for who teaches.
            on_progress: Told in words when a search has to wait for a model to be downloaded or exported.

        Raises:
            LibraryNotFoundError: There is none.
            LibraryVersionError: It was made by a newer imgsearch.
            LibraryError: It can't be read.
        """
        folder = Path(path).expanduser() if path is not None else default_library()
        layout = Layout(folder)
        catalog = Catalog.open(layout.catalog, busy_timeout=patience)
        return cls(folder, catalog, runtime=runtime, keep_model=keep_model, on_progress=on_progress)

    def close(self) -> None:
        """Let go of the files. A closed library answers no more."""
        self._answering.close()
        self._catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def search(
        self,
        query: str | Text,
        *,
        k: int | None = 10,
        offset: int = 0,
        cursor: str | None = None,
        sort: Sort = "relevance",
        collapse: bool = False,
        strictness: float = STRICTNESS,
        pictures: Pictures | None = None,
        more: Sequence[int] = (),
        less: Sequence[int] = (),
    ) -> SearchResults:
        """Find the pictures that a query asks for.

        Args:
            query: A line in the query language (`searchengine.query.grammar`), in which ``image:`` names a
                file; or a `Text`, which is taken literally. With filters only, the newest come first.
            k: How many results; None for all.
            offset: How many of the ranking to leave out at its start.
            cursor: Instead of an offset, `SearchResults.next` of the page before: whatever has been added or
                removed since, no picture comes twice and none that was there is passed over.
            collapse: Whether edits of one picture (see `duplicates`) are one result, the best of them. Reads
                thumbnails: some hundredths of a second a result.
            sort: `newest` and `oldest` put all that is relevant in the order of the dates, undated ones last;
                what isn't follows, the nearest first. Before the library knows a relevance line, the k best
                are put in that order.
            strictness: Where the relevance line lies: the share of unrelated queries that find nothing
                above it, from 0 to 1.
            pictures: What ``image:`` means, if not a file: gives a reference's bytes, or a picture's id.
            more: Ids of results that are what is meant: the ranking is learned anew from them and the query,
                and so is the relevance line, whatever the strictness.
            less: Ids of results that aren't.

        Raises:
            QueryError: The query can't be understood.
            UsageError: A negative k or offset, a strictness beyond 0 or 1, a cursor of another query, or a
                picture that isn't there.
            ImageError: A picture in the query can't be read.
            ModelError: The library's model can't be loaded.
        """
        if isinstance(query, Text):
            text, asked = query.text, Query((Words(query.text),))
        else:
            text, asked = query, parse(query)
        asked = replace(asked, more=tuple(more), less=tuple(less))
        read = pictures or _read
        question = Question(text, asked, lambda space: space.encode(asked, read), strictness, collapse)
        return self._answering.answer(question, Page(k, offset, cursor), sort)

    def similar(
        self,
        image: str | os.PathLike[str] | bytes | int | Image.Image,
        *,
        k: int | None = 10,
        offset: int = 0,
        cursor: str | None = None,
        collapse: bool = False,
        strictness: float = STRICTNESS,
    ) -> SearchResults:
        """Find the pictures nearest to a picture; one that is in the library finds itself too.

        Args:
            image: A file, a file's bytes, the id of a picture in the library, or an opened picture.
            k: How many results; None for all.
            offset: How many of the ranking to leave out at its start.
            cursor: Instead of an offset, `SearchResults.next` of the page before.
            collapse: Whether edits of one picture are one result, as for `search`.
            strictness: Where the relevance line lies, as in `search`.

        Raises:
            UsageError: A negative k or offset, a strictness beyond 0 or 1, a cursor of another search, or no
                such file or id.
            ImageError: The picture can't be read.
            ModelError: The library's model can't be loaded.
        """
        if isinstance(image, str | os.PathLike):
            name = os.fspath(image)
            picture: bytes | int | Image.Image = _read(name)
        else:
            name = ""
            picture = image

        def encode(space: OpenSpace) -> Direction:
            return compose([], [(space.encode_picture(picture), 1.0)])

        question = Question(name, Query(examples=(Example(name),)), encode, strictness, collapse)
        return self._answering.answer(question, Page(k, offset, cursor))

    @property
    def model(self) -> str | None:
        """Name of the model that answers; None before the first run of the indexer."""
        space = self._space()
        return space.name if space else None

    def embed_text(self, text: str) -> NDArray[np.float32]:
        """A text's embedding: float32 (dim,), of length 1. Nothing in it is a filter or a sign.

        Raises:
            UsageError: The library has no model yet.
            ModelError: It can't be loaded.
        """
        return self._known_space().encode_text(text)

    def embed_picture(self, data: bytes) -> tuple[NDArray[np.float32], int, int]:
        """A picture's embedding, float32 (dim,), of length 1; and its width and height, upright.

        Args:
            data: A file's bytes.

        Raises:
            UsageError: The library has no model yet.
            ImageError: The picture can't be read.
            ModelError: The model can't be loaded.
        """
        space = self._known_space()
        picture = self.open_picture(data, space.draft_to)
        return space.encode_picture(picture.image), picture.width, picture.height

    def status(self) -> Status:
        """Say what is indexed, by which model, and how the last run went."""
        from searchengine.reporting import status

        return status(self._catalog, self._layout, self._space(), self._reach)

    def progress(self) -> Progress:
        """Say how many pictures there are and how far a run is: some milliseconds, for whoever asks often."""
        from searchengine.reporting import progress

        return progress(self._catalog)

    def failures(self, *, k: int | None = None, after: Failure | None = None) -> tuple[Failure, ...]:
        """The files that couldn't be indexed, and why, in order of path within their folders.

        Args:
            k: How many; None for all.
            after: The one after which to begin; it need not be there any more.
        """
        from searchengine.reporting import failures

        return failures(self._catalog, k, after)

    def paths(self, ids: Collection[int]) -> dict[int, tuple[str, ...]]:
        """Where pictures lie: the absolute paths of their files, reachable ones first, by id.

        Pictures that aren't there are left out.
        """
        with self._catalog.look() as reading:
            found = images.images(reading, ids, is_reachable=self._reach)
        return {row.id: tuple(os.fsdecode(file.path) for file in row.files) for row in found.values()}

    def export(self, file: IO[bytes], format: Format = "jsonl") -> Count:  # noqa: A002  the command's name for it
        """Write every picture's embeddings and metadata, for another library or another program.

        Args:
            file: Where to; it need not be seekable.
            format: `jsonl`, `parquet` or `npz`; `searchengine.exchange` says what they hold.

        Returns:
            How much that is.

        Raises:
            UsageError: Nothing is indexed yet, or the format's extra isn't installed.
        """
        from searchengine.exchange.formats import export

        self._known_space()
        with self._catalog.read() as session:
            space = spaces.active_space(session)
            assert space is not None  # noqa: S101  it is known
            return export(session, space, file, format)

    def classify(
        self,
        images: Given = (),
        labels: Sequence[str] = (),
        *,
        where: str | None = None,
        templates: Sequence[str] = TEMPLATES,
    ) -> Answers[Classification]:
        """Say which of some labels pictures go with: P(label | picture), without any training.

        Args:
            images: Files, folders and files' bytes, which need not be indexed, and ids of pictures in the
                library.
            labels: What the pictures may be called, in words.
            where: Instead of files, a query: all pictures that pass its filters, and where it has words or
                pictures those above its relevance line. Their stored embeddings are used.
            templates: Prompts with ``{}`` for the label; the mean of their embeddings stands for it.

        Returns:
            Probabilities by picture. Those of a CLIP model sum to 1; those of a SigLIP model are each label's
            own.

        Raises:
            UsageError: No or doubled labels, a template without ``{}``, a path that isn't there, files and a
                query together, or nothing is indexed yet.
            QueryError: The query can't be understood.
            ModelError: The library's model can't be loaded.
        """
        from searchengine.understanding.classify import classify
        from searchengine.understanding.pictures import look

        space = self._known_space()
        return classify(space, look(space, *self._subjects(images, where)), labels, templates)

    def cluster(
        self, count: int | None = None, *, phrases: Sequence[str] | None = None
    ) -> tuple[Cluster, ...]:
        """Group the library's pictures by looks, and name each group; the largest first.

        Args:
            count: How many groups; None for a number that suits the library's size.
            phrases: What groups may be called; None for some 400 words of everyday things and places.

        Raises:
            UsageError: More groups than pictures, or a phrase that is empty or doubled.
            ModelError: The library's model can't be loaded.
        """
        from searchengine.understanding.clusters import cluster

        space = self._space()
        return () if space is None else cluster(self._catalog, space, count, phrases)

    def map(self, clusters: Sequence[Cluster]) -> tuple[Placed, ...]:
        """Put the pictures of `cluster` on a plane, like beside like; of many about a thousand.

        Raises:
            UsageError: Nothing is indexed yet.
        """
        from searchengine.understanding.clusters import placed

        return placed(self._catalog, self._known_space(), clusters)

    def labels(self) -> tuple[TaughtLabel, ...]:
        """The concepts that were taught by example, for ``label:`` in queries; `teacher` teaches them."""
        space = self._space()
        return () if space is None else space.taught.labels()

    def examples(
        self, label: str, *, k: int | None = None, after: tuple[bool, int] | None = None
    ) -> tuple[LabelledPicture, ...]:
        """The pictures that a concept was taught by: those that show it, then those that don't.

        Args:
            label: The concept's name.
            k: At most how many; None for all.
            after: The one after which to begin: whether it shows the concept, and its id.

        Raises:
            UsageError: No concept goes by this name, or nothing is indexed yet.
        """
        return self._known_space().taught.examples(label, k, after)

    @property
    def teacher(self) -> Teacher:
        """Teaches concepts by example: the one way to change a library that isn't the indexer's."""
        from searchengine.understanding.teach import Teacher

        return Teacher(self._catalog, self._space)

    def suggest(self, label: str, k: int = 10) -> tuple[Suggestion, ...]:
        """The pictures that would teach a concept most: those it is least sure of.

        Raises:
            QueryError: No concept goes by this name.
            UsageError: Nothing is indexed yet.
        """
        space = self._known_space()
        space.refresh()
        return space.taught.suggest(label, k)

    def tag(
        self,
        images: Given = (),
        *,
        where: str | None = None,
        vocabulary: Sequence[str] | None = None,
        strictness: float = STRICTNESS,
    ) -> Answers[Tags]:
        """Say which words of a vocabulary hold of pictures; of some none do.

        A word holds of a picture where a search for it would call the picture relevant.

        Args:
            images: As for `classify`.
            where: As for `classify`.
            vocabulary: The words; None for some 500 of everyday things, places and scenes.
            strictness: As for `search`.

        Raises:
            UsageError: As for `classify`; a strictness beyond 0 or 1; or a library without measurements yet.
            QueryError: The query can't be understood.
            ModelError: The library's model can't be loaded.
        """
        from searchengine.understanding.pictures import look
        from searchengine.understanding.tags import tag

        space = self._known_space()
        return tag(space, look(space, *self._subjects(images, where)), vocabulary, checked(strictness))

    def objects(
        self,
        images: Given = (),
        labels: Sequence[str] | None = None,
        *,
        where: str | None = None,
        least: float | None = None,
    ) -> Answers[Objects]:
        """Say what is where in pictures, without any training. Their files are read, indexed or not.

        Args:
            images: As for `classify`.
            labels: What to look for, in words; None for some 300 everyday things.
            where: As for `classify`.
            least: The lowest score of an object, from 0 to 1; None for 0.2, where a third of them are right.

        Raises:
            UsageError: As for `classify`; or a label that is empty or doubled.
            QueryError: The query can't be understood.
            ModelError: The library's model can't be loaded.
        """
        from searchengine.understanding.objects import LEAST_SCORE, detect
        from searchengine.understanding.pictures import open_files
        from searchengine.understanding.windows import draft_to

        space = self._known_space()
        opened = open_files(space, *self._subjects(images, where), draft_to(space.spec))
        return detect(space, opened, labels, LEAST_SCORE if least is None else least)

    def describe(self, images: Given = (), *, where: str | None = None) -> Answers[Description]:
        """Say in a sentence what pictures show. Their files are read, indexed or not.

        Args:
            images: As for `classify`.
            where: As for `classify`.

        Raises:
            UsageError: As for `classify`.
            QueryError: The query can't be understood.
            ModelError: The library's model can't be loaded.
        """
        from searchengine.understanding.describe import describe
        from searchengine.understanding.pictures import open_files
        from searchengine.understanding.windows import draft_to

        space = self._known_space()
        return describe(space, open_files(space, *self._subjects(images, where), draft_to(space.spec)))

    def _subjects(self, given: Given, where: str | None) -> tuple[list[tuple[int, str]], list[str | bytes]]:
        """The pictures of the library, by id and path, and the files that are meant."""
        from searchengine.understanding.pictures import named

        given = list(given)
        if where is None:
            return named(given, self.paths)
        if given:
            raise UsageError("name either pictures or a query, not both")
        hits = self.search(where, k=None)
        return [(hit.id, hit.path) for hit in hits if hit.relevant is not False], []

    def duplicates(self, level: Level = "edited") -> Duplicates:
        """Group the files that are the same picture, or nearly; nothing is deleted.

        Args:
            level: How alike: `exact` (same bytes), `edited` (the same picture), `burst` (seconds apart) or
                `similar`; each takes in the ones before it. All but `exact` read thumbnails, and make those
                that are missing.

        Raises:
            UsageError: No such level.
        """
        from searchengine.duplicates.find import find_duplicates
        from searchengine.duplicates.results import LEVELS

        if level not in LEVELS:
            raise UsageError(f"there is no level {level!r}; choose one of {', '.join(LEVELS)}")
        return find_duplicates(
            self._catalog,
            self._space(),
            self.path,
            level,
            is_reachable=self._reach,
            on_progress=self._on_progress,
        )

    def thumbnail(self, id: int, time: float | None = None) -> bytes:  # noqa: A002  the names in every result
        """A small WebP of a picture, made when first asked for and kept in the library.

        Args:
            id: The content's key.
            time: Seconds into a video; None for its first key frame, and for a picture.

        Raises:
            KeyError: No picture has this id.
            ImageError: None of its files can be read now.
        """
        from searchengine.images.thumbnails import keep_thumbnail

        digest, files = self._files(id)
        return keep_thumbnail(self.path, digest, files, time=time)

    def preview(self, id: int, time: float | None = None) -> bytes:  # noqa: A002  the names in every result
        """A WebP of a picture that every browser shows, at most 2048 pixels wide and high; made every time.

        Args:
            id: The content's key.
            time: As for `thumbnail`.

        Raises:
            KeyError: No picture has this id.
            ImageError: None of its files can be read now.
        """
        from searchengine.images.thumbnails import PREVIEW_SIZE, thumbnail_of

        digest, files = self._files(id)
        return thumbnail_of(files, digest, PREVIEW_SIZE, time=time)

    def _files(self, content_id: int) -> tuple[bytes, list[bytes]]:
        """SHA-256 of a picture's bytes, and the files that hold it; KeyError where there is none."""
        with self._catalog.look() as reading:
            image = images.images(reading, [content_id])[content_id]
        return image.hash, [file.path for file in image.files]

    def image(self, id: int) -> Details:  # noqa: A002  the name it has in every result
        """Everything that is known of a picture.

        Raises:
            KeyError: No picture has this id.
        """
        from searchengine.catalog import details

        with self._catalog.read() as session:
            found = details.details(session, id, is_reachable=self._reach)
        if found is None:
            raise KeyError(id)
        return found

    def hashes(self, ids: Collection[int]) -> dict[int, str]:
        """SHA-256 of pictures' bytes, hexadecimal, by id: what a cache of theirs may go by."""
        from searchengine.catalog import details

        with self._catalog.read() as session:
            return details.hashes(session, ids)

    def facets(self, folder: str = "") -> dict[str, dict[str, int]]:
        """How many pictures have which camera, lens, type, year, folder and label; the most frequent first.

        Args:
            folder: Whose folders are counted, as ``path:`` has it; by default those of all indexed folders.
        """

        def count() -> dict[str, dict[str, int]]:
            from searchengine.catalog import details

            with self._catalog.read() as session:
                found = details.facets(session) | {"folder": details.folders(session, folder)}
            space = self._space()
            if space is not None:
                space.refresh()
            return found | {"label": {} if space is None else space.taught.counts()}

        return self._facets.get(folder, count)

    def last_change(self) -> int:
        """A number that grows whenever pictures come or go; for caches of what depends on all of them."""
        from searchengine.catalog import details

        with self._catalog.read() as session:
            return details.last_change(session)

    def _space(self) -> OpenSpace | None:
        """The space that answers now, opened once; another one after a switch of models."""
        active = self._active.get(None, self._read_active)
        if active is None:
            return None
        with self._opening:
            if self._opened is None or self._opened.id != active.id:
                from searchengine.open_space import OpenSpace

                self._opened = OpenSpace(
                    self._catalog,
                    active,
                    self._layout.vector_store,
                    runtime=self._runtime,
                    keep_model=self._keep_model,
                    on_progress=self._on_progress,
                    open_picture=self._open_by,
                )
            return self._opened

    def _tell_stage(self, stage: str, seconds: float) -> None:
        if self.on_stage is not None:
            self.on_stage(stage, seconds)

    def _open_by(self, data: bytes, draft_to: int) -> Picture:
        return self.open_picture(data, draft_to)  # whatever it is by now

    def _read_active(self) -> SpaceRow | None:
        with self._catalog.look() as reading:
            return spaces.active_space(reading)

    def _known_space(self) -> OpenSpace:
        space = self._space()
        if space is None:
            raise UsageError(
                "nothing is indexed yet, so there is no model; begin with: imgsearch index FOLDER"
            )
        return space


def _open_picture(data: bytes, draft_to: int) -> Picture:
    from searchengine.images.open import open_image

    return open_image(data, draft_to=draft_to)


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"can't read {path}: {error.strerror}; name a picture file that is there") from error
