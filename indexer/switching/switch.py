"""Another model for a library: its space is built beside the old one, which answers until it is complete.

    building ──► every shown picture has its embedding ──► one transaction: active; the old one retired

Only that transaction needs the writer's lock, so the library can be indexed while a space is built; what
comes in meanwhile is caught up with before the switch. Batches are committed as they come, so a switch that
was stopped or killed goes on where it was.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from indexer.calibrate import keep_calibrated
from indexer.lock import writing
from indexer.pipeline.again import Work
from indexer.planning.plan import is_held_back
from indexer.precision import in_precision, precision_of
from indexer.progress import OnProgress, Progress, Rate, silent
from indexer.regions.catch_up import catch_up
from searchengine.catalog import files, report, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.catalog.mending import read_again
from searchengine.catalog.regions import want
from searchengine.errors import LibraryBusyError, LibraryError, UsageError
from searchengine.layout import Layout
from searchengine.understanding.learn import learn

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.decoding.decode import DecodePool
    from searchengine.catalog.spaces import SpaceRow
    from searchengine.encoders.encoder import Encoder
    from searchengine.encoders.load import Runtime

LOCK = "switch.lock"
BATCH_SIZE = 32
# Pictures whose files are looked up at a time: little memory, and what is forgotten meanwhile isn't read.
SLICE = 2048


@dataclass(frozen=True, slots=True)
class Switched:
    """What a switch did.

    Attributes:
        model: The one that answers now (or will, when the switch was interrupted).
        before: The one that answered; the same where there was nothing to do.
        embedded: Pictures embedded in this run.
        left_out: Pictures that couldn't be read, and are out of sight until the indexer has.
        duration_s: Seconds.
        outcome: `interrupted` when it was stopped on the way: what was done stays.
    """

    model: str
    before: str
    embedded: int
    left_out: int
    duration_s: float
    outcome: Literal["done", "interrupted"] = "done"


class Switch:
    """One run that builds a space, or goes on building it, and switches to it.

    Args:
        library: The library's folder.
        model: The model to switch to.
        runtime: `auto`, `onnx` or `torch`.
        leave_out: Switch also when many pictures can't be read now.
        on_progress: Told where the run is.
    """

    def __init__(
        self,
        library: Path,
        model: str,
        *,
        runtime: Runtime = "auto",
        leave_out: bool = False,
        on_progress: OnProgress = silent,
    ) -> None:
        self._layout = Layout(library)
        self._model = model
        self._runtime = runtime
        self._leave_out = leave_out
        self._on_progress = on_progress
        self._unreadable: dict[int, str] = {}
        self._embedded = 0

    def run(self) -> Switched:
        """Embed every picture with the new model, then let it answer.

        Ctrl-C stops it cleanly: what was embedded is kept, and the summary says `interrupted`.

        Raises:
            UsageError: Nothing is indexed yet.
            ModelError: The model can't be had.
            LibraryNotFoundError: There is no library.
            LibraryBusyError: Another switch is going on.
            LibraryError: Too many pictures can't be read now, or the library can't be written to.
        """
        start = time.perf_counter()
        with (
            writing(self._layout.folder, "imgsearch switch-model", name=LOCK),
            Catalog.open(self._layout.catalog) as catalog,
        ):
            with catalog.read() as session:
                before = spaces.active_space(session)
            if before is None:
                raise UsageError(
                    f"nothing is indexed in {self._layout.folder} yet, so there is nothing to switch; "
                    f"choose the model with: imgsearch index FOLDER --model {self._model}"
                )
            encoder = self._load_encoder()
            space = self._space(catalog, encoder, regions=before.regions)
            encoder = in_precision(encoder, "auto", space.precision)
            left_out = 0
            outcome: Literal["done", "interrupted"] = "done"
            if space.id != before.id:
                try:
                    left_out = self._build_and_switch(catalog, encoder, space)
                except KeyboardInterrupt:
                    outcome = "interrupted"
        return Switched(
            model=space.spec.name,
            before=before.spec.name if space.id != before.id else space.spec.name,
            embedded=self._embedded,
            left_out=left_out,
            duration_s=time.perf_counter() - start,
            outcome=outcome,
        )

    def _load_encoder(self) -> Encoder:
        from searchengine.encoders import load_encoder

        def tell(message: str) -> None:
            self._on_progress(Progress(message))

        encoder = load_encoder(self._model, runtime=self._runtime, on_progress=tell)
        return in_precision(encoder, "auto", None, tell)

    def _space(self, catalog: Catalog, encoder: Encoder, *, regions: bool) -> SpaceRow:
        """The model's space: the one that a run before this began, or that was switched away from, or new."""
        with catalog.write() as session:
            found = spaces.space_of(session, encoder.spec) or spaces.create_space(
                session, encoder.spec, precision=precision_of(encoder), state="building"
            )
            if regions:
                want(session, found.id)
        return replace(found, regions=regions)

    def _build_and_switch(self, catalog: Catalog, encoder: Encoder, space: SpaceRow) -> int:
        from indexer.decoding.decode import DecodePool

        with DecodePool(encoder.spec.preprocessing) as pool:
            while True:
                self._build(catalog, encoder, space, pool)
                try:
                    with writing(self._layout.folder, "imgsearch switch-model"):
                        self._build(
                            catalog, encoder, space, pool
                        )  # what came in since, while nobody adds more
                        return self._switch(catalog, encoder, space)
                except LibraryBusyError as busy:
                    self._on_progress(Progress(f"all is embedded, waiting: {busy}"))

    def _build(self, catalog: Catalog, encoder: Encoder, space: SpaceRow, pool: DecodePool) -> None:
        """Embed what is shown and has no embedding in the space yet."""
        with catalog.read() as session:
            lacking = files.contents_to_embed(session, space.id)
            done = report.counts(session).images - len(lacking)
        lacking = [each for each in lacking if each not in self._unreadable]
        total, rate = done + len(lacking), Rate()
        work = Work(catalog, space.id, self._unreadable)

        def tell() -> None:
            position = done + work.embedded
            self._on_progress(
                Progress(
                    f"embedding with {space.spec.name}",
                    position,
                    total,
                    len(self._unreadable),
                    rate.mark(position),
                )
            )

        try:
            for at in range(0, len(lacking), SLICE):
                some = lacking[at : at + SLICE]
                work.embed(some, encoder, pool, batch_size=BATCH_SIZE, on_batch=tell)
        finally:
            self._embedded += work.embedded
        if space.regions:
            catch_up(catalog, space, lambda: encoder, self._on_progress)

    def _switch(self, catalog: Catalog, encoder: Encoder, space: SpaceRow) -> int:
        """Let the space answer; how many pictures that leaves out. Only for who holds the writer's lock."""
        with catalog.read() as session:
            lacking = files.contents_to_embed(session, space.id)
            total = report.counts(session).images
        if is_held_back(len(lacking), total) and not self._leave_out:
            reason = next(iter(self._unreadable.values()), "")
            raise LibraryError(
                f"{len(lacking):,} of {total:,} pictures can't be read now (the first: {reason}), so they "
                "would be left out. Connect their disk and run the command again, which goes on from here; "
                "or switch without them, until they are indexed again, with --leave-out"
            )
        self._on_progress(Progress("writing the snapshot"))
        self._layout.vector_store.rebuild(EmbeddingSource(catalog, space))
        keep_calibrated(catalog, self._layout, space, lambda: encoder)
        learn(catalog, space, lambda: encoder)
        with catalog.write() as session:
            read_again(
                session,
                lacking,
                f"couldn't be read when the library was switched to {space.spec.name}; "
                "index its folder again when it can be reached",
            )
            spaces.activate_space(session, space.id)
        return len(lacking)


def drop_old(library: Path) -> list[SpaceRow]:
    """Delete every embedding space but the one that answers, with all that is derived from it.

    Returns:
        The spaces that went.

    Raises:
        LibraryNotFoundError: There is no library.
        LibraryBusyError: Somebody else is changing it, or building a space.
    """
    layout = Layout(library)
    with (
        writing(library, "imgsearch switch-model --drop-old", name=LOCK),
        writing(library, "imgsearch switch-model --drop-old"),
        Catalog.open(layout.catalog) as catalog,
    ):
        with catalog.write() as session:
            gone = [space for space in spaces.all_spaces(session) if space.state != "active"]
            for space in gone:
                spaces.drop_space(session, space.id)
        for space in gone:
            layout.vector_store.drop(EmbeddingSource(catalog, space))
    return gone
