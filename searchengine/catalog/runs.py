"""Indexing runs: when, how much, how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import select, update

from searchengine.catalog.clock import now
from searchengine.catalog.models import Run

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from searchengine.status import Outcome


@dataclass(frozen=True, slots=True)
class RunRow:
    """One indexing run.

    Attributes:
        id: Its key.
        started_at: UTC.
        finished_at: UTC; None while it runs, or when it was killed.
        outcome: How it ended.
        counts: As ``index --json`` prints them; how far it is, while it runs.
    """

    id: int
    started_at: datetime
    finished_at: datetime | None
    outcome: Outcome
    counts: dict[str, Any]


def start_run(session: Session) -> int:
    """A new run. One that never said how it ended was killed: it becomes ``interrupted``."""
    session.execute(update(Run).where(Run.outcome == "running").values(outcome="interrupted", counts={}))
    run = Run(started_at=now(), outcome="running", counts={})
    session.add(run)
    session.flush()
    return run.id


def update_run(session: Session, run_id: int, progress: dict[str, Any]) -> None:
    """Say how far a run is: in the place of the counts that it will have in the end."""
    session.execute(update(Run).where(Run.id == run_id).values(counts=progress))


def finish_run(session: Session, run_id: int, outcome: Outcome, counts: dict[str, Any]) -> None:
    """Say how a run ended."""
    session.execute(
        update(Run).where(Run.id == run_id).values(outcome=outcome, counts=counts, finished_at=now())
    )


def last_run(session: Session) -> RunRow | None:
    """The latest run, whether it has ended or not."""
    run = session.scalar(select(Run).order_by(Run.id.desc()).limit(1))
    if run is None:
        return None
    return RunRow(run.id, run.started_at, run.finished_at, cast("Outcome", run.outcome), run.counts)
