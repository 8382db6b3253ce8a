"""A run in words, for people."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from searchengine.cli.display import count, duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.summary import Summary

# More folders than this that can't be read are summed up.
PROBLEMS_SHOWN = 5


def counts_in_words(summary: Summary) -> str:
    """The counts that aren't zero, on one line."""
    names = ("added", "updated", "moved", "unchanged", "failed", "removed", "missing")
    parts = [f"{value:,} {name}" for name in names if (value := getattr(summary, name))]
    took = duration(summary.duration_s)
    done = f"{count(summary.seen, 'picture file')} in {took}: {', '.join(parts) or 'none found there'}"
    if summary.companions:
        done += f"; {summary.companions:,} beside them are the RAW or the video of one of them"
    return done


def stages_in_words(summary: Summary) -> str:
    """Where the time went, and how fast files were read."""
    stages = " · ".join(f"{stage} {seconds:.2f} s" for stage, seconds in summary.stages.items())
    fresh = summary.added + summary.updated
    reading = summary.stages.get("read")
    rate = f" · {fresh / reading:,.1f} files/s" if fresh and reading else ""
    return stages + rate


def remarks(summary: Summary) -> Iterator[str]:
    """What a user has to know or do, a paragraph each."""
    if summary.outcome == "interrupted":
        yield "Stopped. What was done is kept; run the same command again to go on."
    for root in summary.unreachable:
        yield (
            f"{root} can't be reached: its pictures are kept and marked offline. "
            f"If it is gone for good: imgsearch forget {shlex.quote(root)}"
        )
    for root, gone in summary.held_back.items():
        yield (
            f"{count(gone, 'file')} below {root} are gone at once, as if a disk were missing: they are kept "
            "and marked offline. If they really are gone: "
            f"imgsearch index {shlex.quote(root)} --accept-removals"
        )
    for problem in summary.problems[:PROBLEMS_SHOWN]:
        yield f"can't read {os.fsdecode(problem.path)}: {problem.reason}; what it holds is kept as it was"
    if len(summary.problems) > PROBLEMS_SHOWN:
        yield f"… and {count(len(summary.problems) - PROBLEMS_SHOWN, 'more folder')} that can't be read"
    if summary.videos:
        yield (
            f"{count(summary.videos, 'video')} left out: to find what they show,"
            " pip install 'imgsearch[video]' and index again"
        )
    if summary.illegible:
        yield (
            f"the text in {count(summary.illegible, 'picture')} isn't read:"
            " pip install 'imgsearch[ocr]' and index again, or index once with --no-ocr"
        )
    if summary.failed:
        yield f"{count(summary.failed, 'file')} couldn't be indexed; see why: imgsearch failures"
