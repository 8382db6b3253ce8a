"""What a library says of itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

Outcome = Literal["running", "done", "interrupted", "failed"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that couldn't be indexed.

    Attributes:
        path: Absolute.
        reason: Why, and what to do about it.
        root: The indexed folder it lies below.
    """

    path: str
    reason: str
    root: str


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is that goes on now.

    Attributes:
        stage: What it does, in a word or two: ``scanning``, ``indexing``, ….
        done: Files dealt with in this stage.
        total: Files there are, or None where nobody knows yet.
        failed: Those of `done` that couldn't be read.
        rate: Files a second over the last half minute, or None at the start.
        eta_s: Seconds to go, or None where that can't be told.
    """

    stage: str
    done: int
    total: int | None
    failed: int
    rate: float | None
    eta_s: float | None


@dataclass(frozen=True, slots=True)
class RunStatus:
    """The last indexing run.

    Attributes:
        started_at: UTC.
        finished_at: UTC; None while it runs, or when it was killed.
        outcome: How it went, or that it goes on.
        counts: As `index --json` printed them; empty while it runs; when it failed, its `error`.
        progress: How far it is, while it runs and once it has said so.
    """

    started_at: datetime
    finished_at: datetime | None
    outcome: Outcome
    counts: dict[str, Any]
    progress: RunProgress | None = None

    def to_dict(self) -> dict[str, Any]:
        """As `status --json` prints it."""
        started, finished = (
            moment and moment.replace(tzinfo=UTC).isoformat()
            for moment in (self.started_at, self.finished_at)
        )
        return {**asdict(self), "started_at": started, "finished_at": finished}


@dataclass(frozen=True, slots=True)
class Progress:
    """What changes while a library is being indexed: cheap to ask for, again and again.

    Attributes:
        images: Distinct pictures that can be found.
        failed: Files that couldn't be indexed.
        change: Grows whenever pictures come or go.
        run: The last run, going on or ended; None before the first.
    """

    images: int
    failed: int
    change: int
    run: RunStatus | None

    def to_dict(self) -> dict[str, Any]:
        """As the server sends it."""
        return {**asdict(self), "run": self.run and self.run.to_dict()}


@dataclass(frozen=True, slots=True)
class IndexReport:
    """How the vectors are searched.

    Attributes:
        kind: `exact` compares with every vector, `approximate` with candidates that short codes name.
        reason: Why this type.
        vectors: How many can be found.
        snapshot: How many the snapshot on disk holds, if there is one; the rest is replayed from the catalog.
        note: What a user should know, e.g. that the snapshot was damaged and wasn't used.
        recall: Share of the nearest ten that a search finds, measured with texts; 1 where it is exact.
    """

    kind: str
    reason: str
    vectors: int
    snapshot: int | None
    note: str | None
    recall: float


@dataclass(frozen=True, slots=True)
class SpaceReport:
    """One embedding space: a model and the embeddings it has made.

    Attributes:
        model: Its name.
        state: `active` answers, `building` isn't complete, `retired` answered before and is kept.
        dim: Length of an embedding.
        embeddings: How many it has.
        bytes: What its vectors and their snapshot take on disk.
        regions: Whether pictures have embeddings of their regions too.
    """

    model: str
    state: str
    dim: int
    embeddings: int
    bytes: int
    regions: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """What is indexed, by which model, and how the last run went.

    Attributes:
        library: The library's folder.
        images: Distinct pictures that can be found.
        files: Files they lie in, copies counted.
        failed: Files that couldn't be indexed.
        missing: Files that are out of reach at present.
        space: Name of the model, or None before the first run.
        dim: Length of an embedding.
        spaces: Every embedding space, oldest first.
        index: How the vectors are searched.
        last_run: The last indexing run; None before the first.
        roots: Folders that were indexed.
        bytes: Size of the library on disk, with its catalog wherever that is.
        catalog: Where its catalog is: a file, or the URL of a database, without a password.
        offline_roots: Those of the folders that can't be reached now.
    """

    library: str
    images: int
    files: int
    failed: int
    missing: int
    space: str | None
    dim: int | None
    spaces: tuple[SpaceReport, ...]
    index: IndexReport | None
    last_run: RunStatus | None
    roots: tuple[str, ...]
    bytes: int
    catalog: str
    offline_roots: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As `status --json` prints it."""
        return {**asdict(self), "last_run": self.last_run and self.last_run.to_dict()}
