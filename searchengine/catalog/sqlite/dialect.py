"""`searchengine.catalog.dialect.Dialect`, in SQLite's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, text

from searchengine.catalog.dangling import Dangling
from searchengine.catalog.sqlite import full_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

_words = full_text.full_text("text_index", "path", "said")
_paths = full_text.full_text("path_index", "path")


def integrity(session: Session) -> list[str] | None:
    """What `PRAGMA integrity_check` finds; every page is read."""
    said = [row[0] for row in session.execute(text("PRAGMA integrity_check"))]
    return [] if said == ["ok"] else said


def dangling(session: Session) -> list[Dangling]:
    """What `PRAGMA foreign_key_check` finds."""
    return [Dangling(*row[:3]) for row in session.execute(text("PRAGMA foreign_key_check"))]


def last_keys(session: Session) -> dict[str, int]:
    """What AUTOINCREMENT goes by."""
    return {row[0]: row[1] for row in session.execute(text("SELECT name, seq FROM sqlite_sequence"))}


def use_up_keys(session: Session, table: str, key: int) -> None:
    """Write it where AUTOINCREMENT looks."""
    values = {"key": key, "table": table}
    done = session.connection().execute(
        text("UPDATE sqlite_sequence SET seq = :key WHERE name = :table"), values
    )
    if not done.rowcount:
        session.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :key)"), values)


def add_words(session: Session, rows: Mapping[int, tuple[str, str]]) -> None:
    """FTS5's tokeniser makes words of the texts."""
    values = [{"rowid": each, "path": path, "said": said} for each, (path, said) in rows.items()]
    session.execute(insert(_words), values)


def words_are_damaged(session: Session) -> bool | None:
    """FTS5's own check."""
    return full_text.is_damaged(session, _words)


def rebuild_words(session: Session) -> None:
    """FTS5's own way."""
    full_text.rebuild(session, _words)


def files_containing(session: Session, parts: Sequence[str]) -> Select[Any] | None:  # noqa: ARG001
    """By runs of three characters; triggers keep their index up (migration 0007)."""
    runs = [run for part in parts for run in _apart(part)]
    if not runs:
        return None
    phrases = " AND ".join('"{}"'.format(run.replace('"', '""')) for run in dict.fromkeys(runs))
    return select(_paths.c.rowid).where(_paths.c.path_index.op("MATCH", is_comparison=True)(phrases))


def paths_are_damaged(session: Session) -> bool | None:
    """FTS5's own check."""
    return full_text.is_damaged(session, _paths)


def rebuild_paths(session: Session) -> None:
    """FTS5's own way."""
    full_text.rebuild(session, _paths)


def _apart(text: str) -> list[str]:
    """Runs of three that cover a text: side by side they tell nearly as much as all, in half the time."""
    runs = [text[at : at + 3] for at in range(0, len(text) - 2, 3)]
    return [*runs, text[-3:]] if runs and len(text) % 3 else runs
