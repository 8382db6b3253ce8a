"""Bring a library up to date with the folders and files a user names."""

from __future__ import annotations

import time
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from indexer.calibrate import keep_calibrated
from indexer.garbage import uncollected
from indexer.lock import writing
from indexer.model import RunModel
from indexer.planning.ground import known_files, prepare, without_library
from indexer.planning.settle import settle
from indexer.planning.survey import Survey, survey
from indexer.precision import precision_of
from indexer.progress import OnProgress, Progress, Rate, Stopwatch, silent
from indexer.recorded import recorded
from indexer.snapshot import keep_snapshot
from indexer.summary import Summary, summarize
from searchengine.catalog import ocr, regions, removal, roots, runs, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.engines import record
from searchengine.layout import Layout, make_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from indexer.ahead import Ahead
    from indexer.disk.scan import Problem
    from indexer.pipeline.commit import Committer
    from indexer.pipeline.job import Job
    from indexer.pipeline.pipeline import Batch, Commit
    from indexer.planning.ground import Ground, KnownFiles, Paths
    from searchengine.catalog.spaces import SpaceRow
    from searchengine.encoders import Resolved
    from searchengine.encoders.encoder import Encoder
    from searchengine.encoders.load import Runtime
    from searchengine.encoders.precision import Asked

# Pictures encoded and committed together: more gain nothing on a processor, and are what a crash can lose.
BATCH_SIZE = 16


class Update:
    """One run of the indexer over one library.

    Args:
        library: The library's folder; made when it isn't there.
        model: Which model to embed with; None for the library's own, or the default for a new one.
        runtime: `auto`, `onnx` or `torch`.
        exclude: Globs of names or relative paths to leave out, besides the default ones.
        accept_removals: Believe that files are gone, however many.
        rehash: Read every file, whatever its size and mtime say.
        regions: Whether pictures' regions are embedded too, so that small things are found; None for what
            the library is used to. False drops those there are.
        ocr: Whether the text in pictures is read; None for what the library is used to. False drops what
            has been read.
        ray: The Ray cluster to decode and embed on; see `indexer.distributed.ray.joined`. None for this
            machine alone.
        shards: Where the cluster's machines leave what they embedded: a folder or URL that all of them and
            this one reach. None for the library's folder.
        encoder: A model that is loaded already, for whoever runs often; another is loaded where the library
            has come to use another.
        ahead: The same of a model that is being opened, for a library that isn't there yet.
        on_progress: Told where the run is; called from several threads, one at a time.
    """

    def __init__(
        self,
        library: Path,
        *,
        model: str | None = None,
        runtime: Runtime = "auto",
        precision: Asked = "auto",
        exclude: Sequence[str] = (),
        accept_removals: bool = False,
        rehash: bool = False,
        regions: bool | None = None,
        ocr: bool | None = None,
        ray: str | None = None,
        shards: str | None = None,
        encoder: Encoder | None = None,
        ahead: Ahead | None = None,
        on_progress: OnProgress = silent,
    ) -> None:
        self._layout = Layout(library)
        self._model = RunModel(
            model, runtime=runtime, precision=precision, encoder=encoder, ahead=ahead, tell=self._tell
        )
        self._runtime = runtime
        self._exclude = exclude
        self._accept_removals = accept_removals
        self._rehash = rehash
        self._regions = regions
        self._ocr = ocr
        self._ray = ray
        self._shards = shards
        self._told = on_progress
        self._on_progress = on_progress
        self._stopwatch = Stopwatch()
        self._interrupted = False

    @property
    def encoder(self) -> Encoder | None:
        """The model that is open; None as long as none is."""
        return self._model.encoder

    def survey(self, paths: Paths) -> Survey:
        """Say what a run would have to do, and do nothing.

        Raises:
            UsageError: A path that neither is there nor belongs to the library.
            ModelMismatchError: Another model was asked for than the library was made with.
            UsageError: The same of the precision.
        """
        if not Catalog.exists(self._layout.catalog):
            return self._survey(without_library(paths))
        with Catalog.open(self._layout.catalog) as catalog, catalog.read() as session:
            self._check_model(spaces.active_space(session))
            known = known_files(session, paths)
        return self._survey(known)

    def model(self) -> Resolved:
        """The model that a run would embed with, and what it would take to have it.

        Raises:
            ModelNotFoundError: No model goes by this name.
        """
        from searchengine.encoders import resolve

        return resolve(self._model.name(self._space_now()))

    def embeds_regions(self) -> bool:
        """Whether a run would embed pictures' regions, too."""
        if self._regions is not None:
            return self._regions
        space = self._space_now()
        return space is not None and space.regions

    def run(self, paths: Paths) -> Summary:
        """Bring the library up to date with these folders and files.

        Ctrl-C stops it cleanly: what was decoded is committed, and the summary says `interrupted`.

        Raises:
            UsageError: A path that neither is there nor belongs to the library.
            ModelMismatchError: Another model was asked for than the library was made with.
            UsageError: The same of the precision.
            ModelError: The model can't be had.
            ClusterError: The Ray cluster can't be joined, or can't do the work.
            LibraryBusyError: Somebody else is changing the library.
            LibraryError: The library can't be written.
        """
        if self._ocr:
            from indexer.text.recognize import require

            require()
        if self._ray is not None:
            from indexer.distributed.ray import require as require_ray

            require_ray()
        start = time.perf_counter()
        paths = list(paths)
        if not Catalog.exists(self._layout.catalog):
            without_library(paths)  # a mistyped path must not leave an empty library behind
        make_folder(self._layout.folder)
        with (
            writing(self._layout.folder, "imgsearch index"),
            Catalog.open(self._layout.catalog, create=True) as catalog,
        ):
            self._layout.vector_store.reach()
            record(self._layout.folder, self._layout.engines)
            with catalog.read() as session:
                space = spaces.active_space(session)
            self._check_model(space)
            with uncollected(), catalog.write() as session:
                ground = prepare(session, paths)
            with catalog.write() as session:
                run_id = runs.start_run(session)
            self._on_progress = recorded(catalog, run_id, self._told)
            outcome: Literal["done", "interrupted", "failed"] = "failed"
            counts: dict[str, Any] = {}
            try:
                found = self._survey(ground.files)
                committer = self._read(catalog, space, found, ground) if found.to_read else None
                unread = self._describe(catalog, found, ground)
                self._embed_regions(catalog)
                illegible = self._read_text(catalog)
                summary = self._conclude(
                    catalog, ground, found, committer, unread=unread, illegible=illegible, start=start
                )
                outcome, counts = summary.outcome, summary.to_dict()
            except KeyboardInterrupt:
                outcome = "interrupted"
                raise
            except Exception as error:
                counts = {"error": str(error)}
                raise
            finally:
                with catalog.write() as session:
                    runs.finish_run(session, run_id, outcome, counts)
        return summary

    def _space_now(self) -> SpaceRow | None:
        """The library's space, as far as there is a library."""
        if not Catalog.exists(self._layout.catalog):
            return None
        with Catalog.open(self._layout.catalog) as catalog, catalog.read() as session:
            return spaces.active_space(session)

    def _check_model(self, space: SpaceRow | None) -> None:
        if space is not None:
            self._model.check(space, self._layout.folder)

    def _survey(self, known: KnownFiles) -> Survey:
        with uncollected():
            return survey(
                known,
                exclude=self._exclude,
                rehash=self._rehash,
                on_progress=self._on_progress,
                stopwatch=self._stopwatch,
            )

    def _read(self, catalog: Catalog, space: SpaceRow | None, found: Survey, ground: Ground) -> Committer:
        """Read, encode and commit what is new or changed."""
        from indexer.pipeline.commit import Committer
        from indexer.planning.jobs import jobs

        todo = jobs(catalog, found, ground.root_ids, rehash=self._rehash)
        with nullcontext() if self._model.is_open(space) else self._stopwatch.timed("load"):
            encoder = (
                self._model.for_new_library([job.absolute for job in todo])
                if space is None
                else self._model.of(space)
            )
        if space is None:
            with catalog.write() as session:
                space = spaces.create_space(session, encoder.spec, precision=precision_of(encoder))
        committer = Committer(catalog, space.id)
        total, done, rate = found.to_read, 0, Rate()

        def report() -> None:
            self._on_progress(Progress("indexing", done, total, committer.failed, rate.mark(done)))

        def commit(batch: Batch) -> None:
            nonlocal done
            committer(batch)
            done += len(batch)
            report()

        report()
        with self._stopwatch.timed("read"):
            try:
                if self._ray is None:
                    self._embed_here(todo, encoder, committer, commit)
                else:
                    self._embed_on(self._ray, todo, space, committer, commit)
            except KeyboardInterrupt:
                self._interrupted = True
        return committer

    def _embed_here(self, todo: list[Job], encoder: Encoder, committer: Committer, commit: Commit) -> None:
        from indexer.decoding.decode import DecodePool
        from indexer.pipeline.pipeline import Pipeline

        with DecodePool(encoder.spec.preprocessing) as pool:
            Pipeline(
                pool=pool,
                encoder=encoder,
                commit=commit,
                is_known=committer.is_known,
                batch_size=BATCH_SIZE,
                stopwatch=self._stopwatch,
            ).run(todo)

    def _embed_on(
        self, cluster: str, todo: list[Job], space: SpaceRow, committer: Committer, commit: Commit
    ) -> None:
        from indexer.distributed.embed import ClusterRun
        from indexer.distributed.embedder import Model
        from indexer.distributed.ray import joined
        from indexer.distributed.shards import Shards, space_key

        spec, precision = space.spec, space.precision
        ClusterRun(
            join=partial(joined, cluster),
            shards=Shards(self._shards or str(self._layout.shards), space_key(spec, precision)),
            open_encoder=Model(spec.name, spec.weights, precision, self._runtime),
            commit=commit,
            is_known=committer.is_known,
            known_hashes=committer.known_hashes,
            batch_size=BATCH_SIZE,
            stopwatch=self._stopwatch,
        ).run(todo)

    def _calibrate(self, catalog: Catalog) -> None:
        """Bring the relevance line's measurements up to date; the model is loaded only if it has to be."""
        with catalog.read() as session:
            space = spaces.active_space(session)
        if space is not None:
            keep_calibrated(catalog, self._layout, space, lambda: self._model.of(space))

    def _describe(self, catalog: Catalog, found: Survey, ground: Ground) -> list[Problem]:
        """Take in what is said beside pictures that haven't changed themselves."""
        if self._interrupted or not found.to_describe:
            return []
        from indexer.pipeline.describe import describe

        self._on_progress(Progress("reading .xmp files"))
        with self._stopwatch.timed("describe"):
            return describe(catalog, ground.root_ids, found.to_describe)

    def _embed_regions(self, catalog: Catalog) -> None:
        """Embed the regions of pictures, where that is wanted."""
        if self._regions is not None:
            with catalog.write() as session:
                if self._regions:
                    regions.want(session)
                else:
                    regions.forget(session)
        with catalog.read() as session:
            space = spaces.active_space(session)
        if self._interrupted or space is None or not space.regions:
            return
        from indexer.regions.catch_up import catch_up

        with self._stopwatch.timed("regions"):
            try:
                catch_up(catalog, space, lambda: self._model.of(space), self._on_progress)
            except KeyboardInterrupt:
                self._interrupted = True

    def _read_text(self, catalog: Catalog) -> int:
        """Read the text in pictures, where that is wanted; how many are left for want of a reader."""
        if self._ocr is False:
            with catalog.write() as session:
                ocr.forget(session)
        with catalog.read() as session:
            wanted = self._ocr or (self._ocr is None and ocr.is_wanted(session))
        if self._interrupted or not wanted:
            return 0
        from indexer.text.catch_up import catch_up
        from indexer.text.recognize import is_installed

        if not is_installed():
            with catalog.read() as session:
                return ocr.count_unread(session)
        with self._stopwatch.timed("text"):
            self._interrupted = not catch_up(catalog, self._on_progress)
        return 0

    def _tell(self, message: str) -> None:
        self._on_progress(Progress(message))

    def _conclude(
        self,
        catalog: Catalog,
        ground: Ground,
        found: Survey,
        committer: Committer | None,
        *,
        unread: list[Problem],
        illegible: int,
        start: float,
    ) -> Summary:
        """Settle what vanished, bring the snapshot up to date, and count."""
        settled = settle(
            found,
            committer.arrivals if committer else {},
            ground.totals,
            accept_removals=self._accept_removals,
            complete=not self._interrupted,
        )
        with catalog.write() as session:
            removal.remove_files(session, settled.moved + settled.removed)
            removal.mark_missing(session, settled.missing)
            removal.mark_present(session, settled.returned)
            roots.mark_seen(session, {ground.root_ids[target.root] for target in found.plans})
        self._on_progress(Progress("writing the snapshot"))
        with self._stopwatch.timed("snapshot"):
            keep_snapshot(catalog, self._layout)
        if not self._interrupted:
            with self._stopwatch.timed("calibrate"):
                self._calibrate(catalog)
            with self._stopwatch.timed("snapshot"):
                keep_snapshot(catalog, self._layout)  # now its recall can be measured, if it has to be
        return summarize(
            found,
            settled,
            committer,
            unread=tuple(unread),
            illegible=illegible,
            duration_s=time.perf_counter() - start,
            stages=self._stopwatch.seconds(),
            outcome="interrupted" if self._interrupted else "done",
        )
