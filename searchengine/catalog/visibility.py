"""What is shown, decided in one place: an embedding is, exactly when its content has a live file.

Whoever adds, moves or removes files or embeddings says afterwards which contents and embeddings that
touched. `settle` then compares what should be shown with what was, and writes the difference to `change`;
the index of words follows it.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, exists, insert, literal, select, update

from searchengine.catalog import words
from searchengine.catalog.bulk import chunks
from searchengine.catalog.models import Change, Content, Embedding, File

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy.orm import Session

has_live_file = exists().where(File.content_id == Content.id)
"""Only live files have a content (a constraint on `file` sees to that)."""


def settle(session: Session, contents: Iterable[int], *, embeddings: Collection[int] = ()) -> None:
    """Make `content.shown`, the change log and the index of words agree with the files.

    Args:
        session: A writing session; what it did to files and embeddings must be in the database already.
        contents: Ids of contents that gained or lost a file, or whose texts may have changed.
        embeddings: Ids of embeddings that are new.
    """
    contents = sorted(set(contents))
    mark = secrets.randbits(31)
    # First those whose content was in sight before: a content that turns up now brings all of its own along.
    for ids in chunks(embeddings):
        _log(session, Embedding.id.in_(ids), shown=True, mark=mark, only_shown=True)

    turned: dict[bool, list[int]] = {False: [], True: []}
    for ids in chunks(contents):
        rows = session.execute(select(Content.id, Content.shown, has_live_file).where(Content.id.in_(ids)))
        for content_id, was_shown, is_live in rows:
            if bool(is_live) != was_shown:
                turned[bool(is_live)].append(content_id)
    for shown, content_ids in turned.items():
        for ids in chunks(content_ids):
            session.execute(
                update(Content).where(Content.id.in_(ids)).values(shown=shown),
                execution_options={"synchronize_session": False},
            )
            _log(session, Embedding.content_id.in_(ids), shown=shown, mark=mark)
    words.settle(session, contents)


def _log(
    session: Session, which: ColumnElement[bool], *, shown: bool, mark: int, only_shown: bool = False
) -> None:
    rows = select(Embedding.space_id, Embedding.id, literal(shown), literal(mark)).where(which)
    if only_shown:
        rows = rows.join(Content, Content.id == Embedding.content_id).where(Content.shown)
    columns = [Change.space_id, Change.embedding_id, Change.shown, Change.mark]
    session.execute(insert(Change).from_select(columns, rows.order_by(Embedding.id)))
