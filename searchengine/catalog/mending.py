"""Putting right what `invariants` finds wrong, in the transaction that is given.

Nothing that is right is touched, so on a sound catalog all of this does nothing. What can't be had from the
catalog itself (a picture's vector) is had from the files: they are marked to be read again.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from searchengine.catalog import invariants, paths, spaces, words
from searchengine.catalog.bulk import chunks
from searchengine.catalog.dialect import dialect_of
from searchengine.catalog.files import contents_to_embed
from searchengine.catalog.models import Caption, Change, ContentText, Embedding, File, OcrText, Sidecar
from searchengine.catalog.visibility import settle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

# No file has this time, so one that is marked with it is read again as soon as it can be.
NEVER = -1


def mend(session: Session) -> list[str]:
    """Put right everything that can be; what was done, in words."""
    steps = (_references, _one_answers, _vectors, _shown, _unembedded, _log, _keys, _words, _paths)
    return [words for step in steps for words in step(session)]


def read_again(session: Session, content_ids: Iterable[int], reason: str) -> int:
    """Take pictures out of sight until the indexer has read their files again.

    Args:
        session: A writing session.
        content_ids: The pictures.
        reason: Why, as `imgsearch failures` tells it.

    Returns:
        How many files that concerns.
    """
    touched = 0
    ids = sorted(set(content_ids))
    for chunk in chunks(ids):
        done = session.connection().execute(
            update(File)
            .where(File.content_id.in_(chunk))
            .values(state="failed", error=reason, content_id=None, mtime_ns=NEVER)
        )
        touched += done.rowcount
    settle(session, ids)
    return touched


def _references(session: Session) -> Iterator[str]:
    dangling = invariants.dangling(session)
    lost = {each.id for each in dangling if each.table == "file" and each.parent == "content"}
    rootless = {each.id for each in dangling if each.table == "file" and each.parent == "root"}
    useless = {each.id for each in dangling if each.table == "embedding"}
    unsaid = {each.id for each in dangling if each.table == "sidecar"} | rootless
    for ids in chunks(unsaid):
        session.execute(delete(Sidecar).where(Sidecar.file_id.in_(ids)))
    for table in (ContentText, OcrText, Caption):
        for ids in chunks({each.id for each in dangling if each.table == table.__tablename__}):
            session.execute(delete(table).where(table.content_id.in_(ids)))
    for ids in chunks(rootless):
        session.execute(delete(File).where(File.id.in_(ids)))
    for ids in chunks(lost - rootless):
        session.execute(
            update(File)
            .where(File.id.in_(ids))
            .values(
                state="failed", error="its picture was lost; index again", content_id=None, mtime_ns=NEVER
            )
        )
    _drop_embeddings(session, useless)
    if rootless:
        yield f"dropped {len(rootless):,} files of no folder"
    if lost - rootless:
        yield f"marked {len(lost - rootless):,} files without their picture to be read again"
    if useless:
        yield f"dropped {len(useless):,} embeddings of nothing"


def _one_answers(session: Session) -> Iterator[str]:
    known = spaces.all_spaces(session)
    active = [space for space in known if space.state == "active"]
    if len(active) == 1 or not known:
        return
    retired = [space for space in known if space.state == "retired"]
    chosen = (active or retired or known)[-1]
    spaces.activate_space(session, chosen.id)
    yield f"let the model {chosen.spec.name} answer"


def _vectors(session: Session) -> Iterator[str]:
    for space in spaces.all_spaces(session):
        broken, _ = invariants.broken_vectors(session, space)
        _drop_embeddings(session, _with_all_parts(session, space.id, broken))
        if broken:
            yield f"dropped {len(broken):,} embeddings that weren't unit vectors ({space.spec.name})"


def _shown(session: Session) -> Iterator[str]:
    wrong = invariants.wrongly_shown(session)
    settle(session, wrong)
    if wrong:
        yield f"put {len(wrong):,} pictures into or out of sight, as their files are"


def _unembedded(session: Session) -> Iterator[str]:
    active = spaces.active_space(session)
    lacking = contents_to_embed(session, active.id) if active else []
    files = read_again(session, lacking, "its embedding was lost; index again to make a new one")
    if files:
        yield f"marked {files:,} files without an embedding to be read again: imgsearch index their folders"


def _log(session: Session) -> Iterator[str]:
    for space in spaces.all_spaces(session):
        lacking, surplus = invariants.log_differences(session, space.id)
        _note(session, space.id, lacking, shown=True)
        _note(session, space.id, surplus, shown=False)
        if len(lacking) or len(surplus):
            yield f"added {len(lacking) + len(surplus):,} changes that were missing ({space.spec.name})"


def _keys(session: Session) -> Iterator[str]:
    for table, key in invariants.reusable_keys(session).items():
        dialect_of(session).use_up_keys(session, table, key)
        yield f"made sure that keys of {table} aren't used again"


def _words(session: Session) -> Iterator[str]:
    if words.is_damaged(session):
        words.rebuild(session)
        yield "built the index of words anew"
    wrong = words.differences(session)
    words.settle(session, wrong)
    if wrong:
        yield f"put the words of {len(wrong):,} pictures right"


def _paths(session: Session) -> Iterator[str]:
    if paths.is_damaged(session):
        paths.rebuild(session)
        yield "built the index of paths anew"


def _with_all_parts(session: Session, space_id: int, ids: Collection[int]) -> list[int]:
    """Embeddings with all others of the same contents: none may be left without its first part."""
    found: list[int] = []
    for chunk in chunks(ids):
        contents = select(Embedding.content_id).where(Embedding.id.in_(chunk))
        found += session.scalars(
            select(Embedding.id).where(Embedding.space_id == space_id, Embedding.content_id.in_(contents))
        )
    return sorted(set(found))


def _drop_embeddings(session: Session, ids: Collection[int]) -> None:
    """Delete them, and tell whoever replays the changes."""
    by_space: dict[int, list[int]] = {}
    for chunk in chunks(ids):
        for row in session.execute(select(Embedding.id, Embedding.space_id).where(Embedding.id.in_(chunk))):
            by_space.setdefault(row[1], []).append(row[0])
        session.execute(delete(Embedding).where(Embedding.id.in_(chunk)))
    for space_id, gone in by_space.items():
        _note(session, space_id, gone, shown=False)


def _note(session: Session, space_id: int, ids: NDArray[np.int64] | list[int], *, shown: bool) -> None:
    mark = secrets.randbits(31)
    rows = [{"space_id": space_id, "embedding_id": int(each), "shown": shown, "mark": mark} for each in ids]
    if rows:
        session.execute(insert(Change), rows)
