"""Files by what their paths contain: an index of runs of three characters, so that not every path is read.

It is SQLite's FTS5 over the paths in `file`, which triggers keep up (migration 0007); case is folded as
widely as Unicode has it. It only leads to files: whether a path is as it was asked for is for `filters` to
say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import select

from searchengine.catalog import full_text

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

_index = full_text.full_text("path_index", "path")

# What a glob leaves open, and what a path that isn't UTF-8 doesn't hold as it is written.
_OPEN = re.compile(r"[*?\0\ufffd\ud800-\udfff]")


def containing(glob: str) -> Select[tuple[int]] | None:
    """Files, by id, among which are all whose path has what a glob names; None where that is too short.

    Args:
        glob: With ``*`` and ``?``, of a path or of any part of it.
    """
    runs = [run for part in _OPEN.split(glob) for run in _apart(part)]
    if not runs:
        return None
    phrases = " AND ".join('"{}"'.format(run.replace('"', '""')) for run in dict.fromkeys(runs))
    return select(_index.c.rowid).where(_index.c.path_index.op("MATCH", is_comparison=True)(phrases))


def is_damaged(session: Session) -> bool | None:
    """Whether the index doesn't agree with the paths of the files; None where it can't be told."""
    return full_text.is_damaged(session, _index)


def rebuild(session: Session) -> None:
    """Make the index anew from the paths of the files."""
    full_text.rebuild(session, _index)


def _apart(text: str) -> list[str]:
    """Runs of three that cover a text: side by side they tell nearly as much as all, in half the time."""
    runs = [text[at : at + 3] for at in range(0, len(text) - 2, 3)]
    return [*runs, text[-3:]] if runs and len(text) % 3 else runs
