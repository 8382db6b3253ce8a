"""The one object people hold: a library of pictures that answers questions."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal, ParamSpec, Self, TypeVar

from searchengine.catalog import details, images, report, roots, runs, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.cores import available_cores
from searchengine.errors import LibraryNotFoundError, UsageError
from searchengine.layout import Layout, default_library
from searchengine.lock import WRITER, is_locked
from searchengine.query.compose import compose
from searchengine.query.grammar import parse
from searchengine.query.paging import Cursor, Page
from searchengine.query.rank import by_date, to_results
from searchengine.query.relevance import STRICTNESS, checked
from searchengine.query.terms import Example, Query, Words
from searchengine.query.text import Text
from searchengine.reach import Reach
from searchengine.remembered import Remembered
from searchengine.results import SearchResults
from searchengine.status import Failure, IndexReport, Progress, RunProgress, RunStatus, SpaceReport, Status
from searchengine.understanding.prompts import TEMPLATES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from searchengine.catalog.runs import RunRow
    from searchengine.catalog.spaces import SpaceRow
    from searchengine.details import Details
    from searchengine.duplicates.results import Duplicates, Level
    from searchengine.images.open import Picture
    from searchengine.open_space import OpenSpace
    from searchengine.query.compose import Direction
    from searchengine.understanding.classify import Classified
    from searchengine.understanding.clusters import Cluster, Placed
    from searchengine.understanding.pictures import Seen, Unread
    from searchengine.understanding.tags import Tagged
    from searchengine.understanding.taught import Suggestion, TaughtLabel

Tell = Callable[[str], None]
Runtime = Literal["auto", "onnx", "torch"]
Sort = Literal["relevance", "newest", "oldest"]
Pictures = Callable[[str], bytes | int]

VERDICTS_KEPT = 100_000
"""Pairs of pictures that no further page has to compare again; 20 MB."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


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
        self._encoding = ThreadPoolExecutor(thread_name_prefix="encode")
        self._ranking = threading.BoundedSemaphore(available_cores())
        self._active: Remembered[SpaceRow | None] = Remembered(catalog.generation, most=1)
        self._verdicts: dict[tuple[int, int], bool] = {}
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
        on_progress: Tell | None = None,
    ) -> Library:
        """Open a library that `imgsearch index` has made.

        Args:
            path: Its folder; None for $IMGSEARCH_LIBRARY or the one in the user's data folder.
            runtime: What runs the model. `onnx` answers single queries quickest and needs no torch; `torch`
                uses a GPU; `auto` is torch where there is a GPU, else onnx.
            keep_model: Whether the model stays in memory after a query. Who asks once needs it only until
                the vectors are looked through, and so half the memory.
            on_progress: Told in words when a search has to wait for a model to be downloaded or exported.

        Raises:
            LibraryNotFoundError: There is none.
            LibraryVersionError: It was made by a newer imgsearch.
            LibraryError: It can't be read.
        """
        folder = Path(path).expanduser() if path is not None else default_library()
        layout = Layout(folder)
        if not layout.catalog.exists():
            raise LibraryNotFoundError(
                f"there is no library at {folder}; make one with: imgsearch --library {folder} index PATH…"
            )
        catalog = Catalog.open(layout.catalog)
        return cls(folder, catalog, runtime=runtime, keep_model=keep_model, on_progress=on_progress)

    def close(self) -> None:
        """Let go of the files. A closed library answers no more."""
        self._encoding.shutdown()
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
            written, asked = query.text, Query((Words(query.text),))
        else:
            written, asked = query, parse(query)
        asked = replace(asked, more=tuple(more), less=tuple(less))
        # What a cursor belongs to: the same words with other judgements rank otherwise.
        name = f"{written} {asked.more} {asked.less}" if more or less else written
        page = Page(k, offset, cursor)
        answering = self._collapsed if collapse else self._answer
        read = pictures or _read

        def answer(part: Page) -> SearchResults:
            found = answering(name, asked, lambda space: space.encode(asked, read), part, strictness)
            return replace(found, query=written)

        dated = not asked.has_direction and asked.ranking_label is None
        if sort == "relevance" or (sort == "newest" and dated):
            return answer(page)
        return self._dated(name, answer, page, newest=sort == "newest")

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
        asked = Query(examples=(Example(name),))

        def encode(space: OpenSpace) -> Direction:
            return compose([], [(space.encode_picture(picture), 1.0)])

        answering = self._collapsed if collapse else self._answer
        return answering(name, asked, encode, Page(k, offset, cursor), strictness)

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
        return self._space_with_model().encode_text(text)

    def embed_picture(self, data: bytes) -> tuple[NDArray[np.float32], int, int]:
        """A picture's embedding, float32 (dim,), of length 1; and its width and height, upright.

        Args:
            data: A file's bytes.

        Raises:
            UsageError: The library has no model yet.
            ImageError: The picture can't be read.
            ModelError: The model can't be loaded.
        """
        space = self._space_with_model()
        picture = self.open_picture(data, space.draft_to)
        return space.encode_picture(picture.image), picture.width, picture.height

    def _space_with_model(self) -> OpenSpace:
        space = self._space()
        if space is None:
            raise UsageError("the library has no model yet; index some pictures: imgsearch index FOLDER")
        return space

    def status(self) -> Status:
        """Say what is indexed, by which model, and how the last run went."""
        with self._catalog.read() as session:
            counts = report.counts(session)
            last = runs.last_run(session)
            folders = [root.path for root in roots.all_roots(session)]
            known, embeddings = spaces.all_spaces(session), spaces.embedding_counts(session)
        space = self._space()
        index = space.index.status if space else None
        return Status(
            library=str(self.path),
            images=counts.images,
            files=counts.files,
            failed=counts.failed,
            missing=counts.missing,
            space=space.name if space else None,
            dim=space.dim if space else None,
            spaces=tuple(
                SpaceReport(
                    each.spec.name,
                    each.state,
                    each.spec.dim,
                    count := embeddings.get(each.id, 0),
                    count * 2 * each.spec.dim + self._layout.size(f"vectors/space-{each.id}[-.]*"),
                )
                for each in known
            ),
            index=IndexReport(
                index.kind, index.reason, index.count, index.snapshot_count, index.note, index.recall
            )
            if index
            else None,
            last_run=self._run_status(last) if last else None,
            roots=tuple(map(os.fsdecode, folders)),
            offline_roots=tuple(os.fsdecode(folder) for folder in folders if not self._reach(folder)),
            bytes=self._layout.size("**/*"),
        )

    def progress(self) -> Progress:
        """Say how many pictures there are and how far a run is: some milliseconds, for whoever asks often."""
        with self._catalog.read() as session:
            counts = report.counts(session)
            change = details.last_change(session)
            last = runs.last_run(session)
        return Progress(counts.images, counts.failed, change, self._run_status(last) if last else None)

    def _run_status(self, run: RunRow) -> RunStatus:
        if run.outcome != "running":
            return RunStatus(run.started_at, run.finished_at, run.outcome, run.counts)
        if not is_locked(self.path / WRITER):
            return RunStatus(run.started_at, None, "interrupted", {})  # it was killed
        progress = RunProgress(**run.counts) if run.counts else None
        return RunStatus(run.started_at, None, "running", {}, progress)

    def failures(self, *, k: int | None = None, after: Failure | None = None) -> tuple[Failure, ...]:
        """The files that couldn't be indexed, and why, in order of path within their folders.

        Args:
            k: How many; None for all.
            after: The one after which to begin; it need not be there any more.
        """
        place = None if after is None else (os.fsencode(after.root), os.fsencode(after.path))
        with self._catalog.read() as session:
            rows = report.failures(session, limit=k, after=place)
        return tuple(Failure(os.fsdecode(row.path), row.error, os.fsdecode(row.root)) for row in rows)

    def paths(self, ids: Collection[int]) -> dict[int, tuple[str, ...]]:
        """Where pictures lie: the absolute paths of their files, reachable ones first, by id.

        Pictures that aren't there are left out.
        """
        with self._catalog.read() as session:
            found = images.images(session, ids, is_reachable=self._reach)
        return {row.id: tuple(os.fsdecode(file.path) for file in row.files) for row in found.values()}

    def classify(
        self,
        images: Iterable[str | os.PathLike[str] | bytes | int] = (),
        labels: Sequence[str] = (),
        *,
        where: str | None = None,
        templates: Sequence[str] = TEMPLATES,
    ) -> Classified:
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

        space = self._known_space()
        return classify(space, self._pictures(space, images, where), labels, templates)

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
        """The concepts that were taught by example, for ``label:`` in queries; `indexer.teaching` teaches."""
        space = self._space()
        return () if space is None else space.taught.labels()

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
        images: Iterable[str | os.PathLike[str] | bytes | int] = (),
        *,
        where: str | None = None,
        vocabulary: Sequence[str] | None = None,
        strictness: float = STRICTNESS,
    ) -> Tagged:
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
        from searchengine.understanding.tags import tag

        space = self._known_space()
        return tag(space, self._pictures(space, images, where), vocabulary, checked(strictness))

    def _pictures(
        self,
        space: OpenSpace,
        given: Iterable[str | os.PathLike[str] | bytes | int],
        where: str | None,
    ) -> Iterator[Seen | Unread]:
        """The pictures that files, folders and ids name, or a query, embedded."""
        from searchengine.understanding import pictures

        given = list(given)
        ids = [each for each in given if isinstance(each, int)]
        files = list(pictures.files(each for each in given if not isinstance(each, int)))
        if where is None:
            return chain(pictures.look_up(space, self._named(ids)), pictures.look_at(space, files))
        if given:
            raise UsageError("name either pictures or a query, not both")
        hits = self.search(where, k=None)
        return pictures.look_up(space, [(hit.id, hit.path) for hit in hits if hit.relevant is not False])

    def _named(self, ids: Collection[int]) -> list[tuple[int, str]]:
        """Pictures of the library with their paths; raises UsageError where there is none with such an id."""
        paths = self.paths(ids)
        if unknown := [each for each in ids if each not in paths]:
            raise UsageError(f"the library has no picture {unknown[0]} now; take an id from a result")
        return [(each, paths[each][0]) for each in ids]

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

        with self._catalog.read() as session:
            image = images.images(session, [id])[id]
        return keep_thumbnail(self.path, image.hash, [file.path for file in image.files], time=time)

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

        with self._catalog.read() as session:
            image = images.images(session, [id])[id]
        return thumbnail_of([file.path for file in image.files], image.hash, PREVIEW_SIZE, time=time)

    def image(self, id: int) -> Details:  # noqa: A002  the name it has in every result
        """Everything that is known of a picture.

        Raises:
            KeyError: No picture has this id.
        """
        with self._catalog.read() as session:
            found = details.details(session, id, is_reachable=self._reach)
        if found is None:
            raise KeyError(id)
        return found

    def hashes(self, ids: Collection[int]) -> dict[int, str]:
        """SHA-256 of pictures' bytes, hexadecimal, by id: what a cache of theirs may go by."""
        with self._catalog.read() as session:
            return details.hashes(session, ids)

    def facets(self) -> dict[str, dict[str, int]]:
        """How many pictures have which camera, lens, type and year; the most frequent first."""
        with self._catalog.read() as session:
            return details.facets(session)

    def last_change(self) -> int:
        """A number that grows whenever pictures come or go; for caches of what depends on all of them."""
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
                    self._layout.vectors,
                    runtime=self._runtime,
                    keep_model=self._keep_model,
                    on_progress=self._on_progress,
                    open_picture=self._open_by,
                )
            return self._opened

    def _open_by(self, data: bytes, draft_to: int) -> Picture:
        return self.open_picture(data, draft_to)  # whatever it is by now

    def _read_active(self) -> SpaceRow | None:
        with self._catalog.read() as session:
            return spaces.active_space(session)

    def _known_space(self) -> OpenSpace:
        space = self._space()
        if space is None:
            raise UsageError(
                "nothing is indexed yet, so there is no model; begin with: imgsearch index FOLDER"
            )
        return space

    def _dated(
        self, name: str, ask: Callable[[Page], SearchResults], page: Page, *, newest: bool
    ) -> SearchResults:
        """An answer in the order of dates, as far as it is relevant: as much of the ranking as that takes."""
        start = time.perf_counter()
        question = f"{'newest' if newest else 'oldest'} {name}"
        space = self._space()
        after = None
        if page.cursor is not None and space is not None:
            after = Cursor.decode(page.cursor, question=question, space=space.id)
        first = after.rank if after else page.offset
        wanted = depth = None if page.k is None else first + page.k + 1
        while True:
            answer = ask(Page(depth))
            if depth is None or len(answer) < depth or answer.results[-1].relevant is not True:
                break
            depth *= 4
        if answer.results and answer.results[-1].relevant is None:
            answer = answer.with_results(answer.results[: None if wanted is None else wanted - 1])
        rest = by_date(answer.results, newest=newest, after=after)[0 if after else page.offset :]
        shown = tuple(replace(each, rank=rank) for rank, each in enumerate(rest[: page.k], start=first + 1))
        following = None
        if shown and len(rest) > len(shown) and space is not None:
            last = shown[-1]
            score = last.score if last.relevant is False else None
            following = Cursor(question, space.id, last.rank, last.id, score, last.taken_at).encode()
        took_ms = (time.perf_counter() - start) * 1000
        return replace(answer, results=shown, next=following, took_ms=took_ms)

    def _collapsed(
        self,
        name: str,
        asked: Query,
        encode: Callable[[OpenSpace], Direction],
        page: Page,
        strictness: float,
    ) -> SearchResults:
        """An answer in which edits of one picture are one result: as much of the ranking as that takes."""
        start = time.perf_counter()
        question = f"collapsed {name}"
        after = None
        if page.cursor is not None and (space := self._space()) is not None:
            after = Cursor.decode(page.cursor, question=question, space=space.id)
        first = after.rank if after else page.offset
        # One beyond tells whether there is a next page.
        wanted = None if page.k is None else first + page.k + 1
        depth = None if wanted is None else 2 * wanted
        while True:
            answer = self._answer(name, asked, encode, Page(depth), strictness)
            space = self._space()
            if space is None:
                return answer
            from searchengine.duplicates.find import collapse_results

            results, enough = collapse_results(
                answer.results,
                wanted,
                self._catalog,
                space,
                self.path,
                verdicts=self._verdicts,
                is_reachable=Reach(),
            )
            if enough or answer.next is None or depth is None:
                break
            depth *= 2
        if len(self._verdicts) > VERDICTS_KEPT:
            self._verdicts = {}
        if after:
            # Where that result is now; when it has gone, where it was.
            first = next((each.rank for each in results if each.id == after.id), min(first, len(results)))
        shown = results[first:][: page.k]
        following = None
        if shown and len(results) > first + len(shown):
            following = Cursor(question, space.id, shown[-1].rank, shown[-1].id).encode()
        took_ms = (time.perf_counter() - start) * 1000
        return replace(answer, results=tuple(shown), next=following, took_ms=took_ms)

    def _answer(
        self,
        name: str,
        asked: Query,
        encode: Callable[[OpenSpace], Direction],
        page: Page,
        strictness: float,
    ) -> SearchResults:
        start = time.perf_counter()
        checked(strictness)
        while True:
            space = self._space()
            if space is None:
                return SearchResults(name, "", 0, (time.perf_counter() - start) * 1000, ())
            after = None
            if page.cursor is not None:
                after = Cursor.decode(page.cursor, question=name, space=space.id)
            first = after.rank if after else page.offset
            # The model loads in another thread while this one imports and maps the vectors: both are native
            # code, so a cold query waits for the longer of the two instead of for both.
            direction = None
            if not asked.has_direction:
                space.refresh()
            elif space.is_warm:
                direction = self._timed("encode", encode, space)
                space.refresh()
            else:
                encoded = self._encoding.submit(self._timed, "encode", encode, space)
                self._timed("vectors", space.refresh)
                direction = encoded.result()
            vector = direction.vector if direction else None
            if asked.ranking_label is not None:
                vector, _ = space.taught.concept(asked.ranking_label).direction
            # The vectors' search uses every core: more of them at once than there are cores gain nothing.
            with self._ranking:
                answer = self._timed("rank", space.answer, vector, asked, page.k, page.offset, after=after)
            there = max(answer.total - first, 0)
            complete = answer.total > 0 and len(answer.found) >= (
                there if page.k is None else min(page.k, there)
            )
            # Fewer than there are: another process may just have switched models and dropped this space.
            if complete or self._space() is space:
                break
        # Whatever passes a filter is what was asked for, also where a taught concept ranks it.
        line = None if asked.ranking_label is None else -math.inf
        if direction and answer.best is not None:
            line = space.line(direction, answer.best, strictness)
        results = to_results(answer.found, answer.rows, offset=first, line=line)
        following = None
        if answer.more and answer.found:
            (embedding, by, _), last = answer.found[-1], results[-1]
            key = last.id if by is None else embedding
            following = Cursor(name, space.id, last.rank, key, by, last.taken_at).encode()
        took_ms = (time.perf_counter() - start) * 1000
        return SearchResults(name, space.name, answer.total, took_ms, results, following)

    def _timed(self, stage: str, run: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        start = time.perf_counter()
        try:
            return run(*args, **kwargs)
        finally:
            if self.on_stage is not None:
                self.on_stage(stage, time.perf_counter() - start)


def _open_picture(data: bytes, draft_to: int) -> Picture:
    from searchengine.images.open import open_image

    return open_image(data, draft_to=draft_to)


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"can't read {path}: {error.strerror}; name a picture file that is there") from error
