"""`searchengine.catalog.dialect.Dialect`, in PostgreSQL's words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, select, text

from searchengine.catalog.models import File
from searchengine.catalog.postgres.lexemes import vector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from searchengine.catalog.dangling import Dangling

PATH_INDEX = "ix_file_path_text"
"""Made by migration 0007 where the server has pg_trgm."""

_SPECIAL = re.compile(r"([\\%_])")
_ESCAPED = r"\\\1"

# Shorter ones have no run of three characters.
_LONG_ENOUGH = 3

_ADD = text(
    "INSERT INTO text_index (rowid, path, said, words)"
    " VALUES (:rowid, :path, :said, CAST(:words AS tsvector))"
)
_DIFFER = text(
    "SELECT count(*) FROM text_index"
    " JOIN unnest(CAST(:ids AS bigint[]), CAST(:words AS text[])) AS made (id, words) ON rowid = made.id"
    " WHERE text_index.words <> CAST(made.words AS tsvector)"
)
_TEXTS = text("SELECT rowid, path, said FROM text_index WHERE rowid > :last ORDER BY rowid LIMIT 1000")
_RENEW = text("UPDATE text_index SET words = CAST(:words AS tsvector) WHERE rowid = :rowid")
_KEYS = (
    " FROM (SELECT table_name, CAST(pg_get_serial_sequence(quote_ident(table_name), column_name) AS regclass)"
    " AS keys FROM information_schema.columns"
    " WHERE table_schema = current_schema() AND is_identity = 'YES') AS sequences"
)
_LAST_KEYS = text(f"SELECT table_name, pg_sequence_last_value(keys) {_KEYS}")
_USE_UP = text(f"SELECT setval(keys, :key) {_KEYS} WHERE table_name = :table")


def integrity(session: Session) -> list[str] | None:  # noqa: ARG001
    """Not for a client to say: a server checks pages as it reads them, and `pg_amcheck` reads all of them."""
    return None


def dangling(session: Session) -> list[Dangling]:  # noqa: ARG001
    """None: the server lets none come about."""
    return []


def last_keys(session: Session) -> dict[str, int]:
    """What the identity columns' sequences have given out."""
    rows = session.execute(_LAST_KEYS)
    return {row[0]: row[1] for row in rows if row[1] is not None}


def use_up_keys(session: Session, table: str, key: int) -> None:
    """Set the table's sequence forward."""
    session.execute(_USE_UP, {"table": table, "key": key})


def add_words(session: Session, rows: Mapping[int, tuple[str, str]]) -> None:
    """The words are ours, not those of the server's parser: both databases shall find the same."""
    session.execute(
        _ADD,
        [
            {"rowid": each, "path": path, "said": said, "words": vector(path, said)}
            for each, (path, said) in rows.items()
        ],
    )


def words_are_damaged(session: Session) -> bool | None:
    """Whether a row's words aren't those of its texts."""
    return any(
        session.scalar(
            _DIFFER, {"ids": [row["rowid"] for row in rows], "words": [row["words"] for row in rows]}
        )
        for rows in _all_words(session)
    )


def rebuild_words(session: Session) -> None:
    """Take every row's words from its texts once more, and build the index of them anew."""
    for rows in _all_words(session):
        session.execute(_RENEW, rows)
    session.execute(text("REINDEX INDEX ix_text_index_words"))


def _all_words(session: Session) -> Iterator[list[dict[str, object]]]:
    """All rows with the words that they should have, a thousand at a time."""
    last = 0
    while True:
        found = session.execute(_TEXTS, {"last": last}).all()
        if not found:
            return
        last = found[-1][0]
        yield [{"rowid": row[0], "words": vector(row[1], row[2])} for row in found]


def files_containing(session: Session, parts: Sequence[str]) -> Select[Any] | None:
    """By pg_trgm, where there is its index."""
    telling = [part for part in parts if len(part) >= _LONG_ENOUGH]
    if not telling or not _has_path_index(session):
        return None
    path = func.path_text(File.path)
    likes = (f"%{_SPECIAL.sub(_ESCAPED, part)}%" for part in telling)
    return select(File.id).where(and_(*(path.ilike(like) for like in likes)))


def paths_are_damaged(session: Session) -> bool | None:
    """No: the index is the server's own, as those of columns are; None where there is none."""
    return False if _has_path_index(session) else None


def rebuild_paths(session: Session) -> None:
    """Build it once more, where there is one."""
    if _has_path_index(session):
        session.execute(text(f"REINDEX INDEX {PATH_INDEX}"))


def _has_path_index(session: Session) -> bool:
    return session.scalar(select(func.to_regclass(PATH_INDEX))) is not None
