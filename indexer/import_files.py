"""Take the embeddings and metadata that another library has exported into this one; nothing is embedded."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from indexer.calibrate import keep_calibrated
from indexer.lock import writing
from indexer.progress import OnProgress, Progress, Rate, silent
from indexer.snapshot import keep_snapshot
from searchengine.catalog import portable, roots, spaces
from searchengine.catalog.bulk import chunks
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.portable import Adopted
from searchengine.engines import record
from searchengine.errors import EmbeddingFileError, ModelError, ModelMismatchError
from searchengine.exchange.formats import opened
from searchengine.layout import Layout
from searchengine.understanding.learn import learn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from searchengine.catalog.spaces import SpaceRow
    from searchengine.encoders.encoder import Encoder
    from searchengine.exchange.formats import Opened

# Pictures committed together: what a crash can lose, which the next try brings again.
BATCH_SIZE = 1000


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Attributes:
        pictures: How many the files held, as far as they were read.
        added: Those that the library didn't know.
        embeddings: Vectors that it didn't have.
        files: Paths that it didn't know.
        model: Whose embeddings they are.
        outcome: `interrupted` when it was stopped on the way: what was done stays.
        uncalibrated: Why the relevance line couldn't be measured now; None where it was.
    """

    pictures: int
    added: int
    embeddings: int
    files: int
    model: str
    outcome: Literal["done", "interrupted"] = "done"
    uncalibrated: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As `import --json` prints it."""
        return asdict(self)


class Import:
    """One run that takes in files of embeddings.

    What the library knows already stays as it is, so the same file may come again: after an interruption that
    is how to go on.

    Args:
        library: The library's folder; made when it isn't there.
        on_progress: Told where the run is.
    """

    def __init__(self, library: Path, *, on_progress: OnProgress = silent) -> None:
        self._layout = Layout(library)
        self._on_progress = on_progress
        self._adopted = Adopted()
        self._pictures = 0

    def run(self, paths: Sequence[Path]) -> Imported:
        """Take in the files, one after the other.

        Ctrl-C stops it cleanly.

        Raises:
            UsageError: A file can't be opened, or its format's extra isn't installed.
            EmbeddingFileError: A file is damaged; what was right before that place has been taken in.
            ModelMismatchError: Its embeddings are another model's than the library's.
            LibraryBusyError: Somebody else is changing the library.
            LibraryError: The library can't be written.
        """
        for path in paths:  # a file that is none must not leave an empty library behind
            with opened(path):
                pass
        self._layout.folder.mkdir(parents=True, exist_ok=True)
        with (
            writing(self._layout.folder, "imgsearch import"),
            Catalog.open(self._layout.catalog, create=True) as catalog,
        ):
            self._layout.vector_store.reach()
            record(self._layout.folder, self._layout.engines)
            outcome: Literal["done", "interrupted"] = "done"
            try:
                for path in paths:
                    with opened(path) as file:
                        self._take_in(catalog, file)
            except KeyboardInterrupt:
                outcome = "interrupted"
            with catalog.read() as session:
                active = spaces.active_space(session)
            uncalibrated = None
            if active is not None:
                self._on_progress(Progress("writing the snapshot"))
                keep_snapshot(catalog, self._layout)
                if outcome == "done":
                    uncalibrated = self._measure(catalog, active)
        return Imported(
            pictures=self._pictures,
            added=self._adopted.contents,
            embeddings=self._adopted.embeddings,
            files=self._adopted.files,
            model=active.spec.name if active else "",
            outcome=outcome,
            uncalibrated=uncalibrated,
        )

    def _take_in(self, catalog: Catalog, file: Opened) -> None:
        with catalog.write() as session:
            space = spaces.active_space(session)
            _check(space, file)
            if space is None:
                space = spaces.create_space(session, file.header.spec, precision=file.header.precision)
            for folder in file.header.roots:
                roots.include_root(session, folder)
        rate, rows = Rate(), 0
        for batch in chunks(file.pictures(), BATCH_SIZE):
            with catalog.write() as session:
                try:
                    adopted = portable.adopt(session, space.id, batch)
                except ValueError as error:
                    raise EmbeddingFileError(f"{file.path} can't be imported: {error}") from error
            self._adopted += adopted
            self._pictures += len(batch)
            rows += sum(len(picture.vectors) for picture in batch)
            self._on_progress(Progress("importing", rows, file.header.rows, rate=rate.mark(rows)))

    def _measure(self, catalog: Catalog, space: SpaceRow) -> str | None:
        """Measure the relevance line and learn concepts, which takes the model; or why that can't be."""
        from searchengine.encoders import load_encoder

        def encoder() -> Encoder:
            return load_encoder(
                space.spec.name,
                weights=space.spec.weights,
                on_progress=lambda message: self._on_progress(Progress(message)),
            )

        try:
            keep_calibrated(catalog, self._layout, space, encoder)
            learn(catalog, space, encoder)
        except ModelError as error:
            return str(error)
        keep_snapshot(catalog, self._layout)  # now its recall can be measured, if it has to be
        return None


def _check(space: SpaceRow | None, file: Opened) -> None:
    """Raise ModelMismatchError where the vectors can't be compared with the library's."""
    if space is None:
        return
    ours, theirs = space.spec, file.header.spec
    if (ours.weights, ours.dim, ours.preprocessing) == (theirs.weights, theirs.dim, theirs.preprocessing):
        return
    which = f"{theirs.name}, the library's of {ours.name}"
    if ours.name == theirs.name:
        which = f"{theirs.name} with other weights or preprocessing than the library's"
    raise ModelMismatchError(
        f"{file.path} holds embeddings of {which}: they can't be compared. Import it into a library of its "
        f"own with --library DIR; or let this library's pictures be embedded with that model first: "
        f"imgsearch switch-model {theirs.name}"
    )
