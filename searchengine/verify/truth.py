"""Checks of the catalog: whether what it says can be believed, and whether its parts agree."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from searchengine.catalog import invariants, paths, spaces, words
from searchengine.catalog.files import contents_to_embed
from searchengine.catalog.models import Change, Content, File
from searchengine.errors import LibraryError
from searchengine.verify.findings import Check, examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session

    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.spaces import SpaceRow


def checks(catalog: Catalog) -> Iterator[Check]:
    """Every check of the catalog, each in one consistent view; others may write meanwhile."""
    for look in (
        _database,
        _references,
        _shown,
        _one_answers,
        _keys,
        _places,
        _words,
        _word_index,
        _path_index,
    ):
        yield _in_one_view(catalog, look)
    try:
        with catalog.read() as session:
            known = spaces.all_spaces(session)
    except LibraryError:
        return  # too damaged, which has been said by then
    for space in known:
        for look_at in (_log, _vectors):
            yield _in_one_view(catalog, partial(look_at, space=space))
        if space.state == "active":
            yield _in_one_view(catalog, partial(_complete, space=space))


def _in_one_view(catalog: Catalog, look: Callable[[Session], Check]) -> Check:
    try:
        with catalog.read() as session:
            return look(session)
    except LibraryError as error:
        return Check("the catalog can be read", (str(error),))


def _database(session: Session) -> Check:
    name, wrong = "the database is whole", invariants.integrity(session)
    if wrong is None:
        return Check(name, (), ("the server sees to that; pg_amcheck looks at all of it",))
    return Check(name, tuple(wrong))


def _references(session: Session) -> Check:
    wrong = [f"{each.table} {each.id} refers to no {each.parent}" for each in invariants.dangling(session)]
    return Check("what is referred to is there", tuple(wrong))


def _shown(session: Session) -> Check:
    wrong = invariants.wrongly_shown(session)
    said = f"{len(wrong):,} pictures are shown without a file, or aren't with one: {examples(wrong)}"
    count = session.scalar(select(func.count()).select_from(Content))
    return Check("pictures are shown exactly when they have a file", (said,) if wrong else (), (), count)


def _one_answers(session: Session) -> Check:
    name = "one model answers"
    active = [space.id for space in spaces.all_spaces(session) if space.state == "active"]
    if len(active) > 1:
        return Check(name, (f"{len(active)} embedding spaces are active: {examples(active)}",))
    if not active and session.scalar(select(Content.id).where(Content.shown).limit(1)) is not None:
        return Check(name, ("there are pictures, but no embedding space is active",))
    return Check(name)


def _keys(session: Session) -> Check:
    wrong = [
        f"the next key of {table} may have been used: up to {key} are taken"
        for table, key in invariants.reusable_keys(session).items()
    ]
    return Check("keys are never used again", tuple(wrong))


def _places(session: Session) -> Check:
    wrong = [
        f"{os.fsdecode(root)} lies in another of the library's folders"
        for root in invariants.overlapping_roots(session)
    ]
    if stray := invariants.stray_paths(session):
        wrong.append(f"files that aren't below their folder: {examples(stray)}")
    count = session.scalar(select(func.count()).select_from(File))
    return Check("every path belongs to one folder", tuple(wrong), (), count)


def _words(session: Session) -> Check:
    wrong = words.differences(session)
    said = f"the words of {len(wrong):,} pictures aren't indexed as they are: {examples(wrong)}"
    return Check("every picture's words are indexed", (said,) if wrong else ())


def _word_index(session: Session) -> Check:
    return _full_text("the index of words is whole", words.is_damaged(session))


def _path_index(session: Session) -> Check:
    return _full_text("the index of paths is whole", paths.is_damaged(session))


def _full_text(name: str, damaged: bool | None) -> Check:  # noqa: FBT001  an answer, passed on
    if damaged is None:
        return Check(name, (), ("it wasn't looked at: the library can't be written to now, or has none",))
    return Check(name, ("it is damaged, and finds too much or too little",) if damaged else ())


def _log(session: Session, space: SpaceRow) -> Check:
    lacking, surplus = invariants.log_differences(session, space.id)
    wrong = []
    if len(lacking):
        wrong.append(f"{len(lacking):,} embeddings never came into sight: {examples(lacking)}")
    if len(surplus):
        wrong.append(f"{len(surplus):,} embeddings never went out of sight: {examples(surplus)}")
    count = session.scalar(select(func.count()).where(Change.space_id == space.id))
    return Check(f"the changes lead to what is shown ({_named(space)})", tuple(wrong), (), count)


def _vectors(session: Session, space: SpaceRow) -> Check:
    broken, count = invariants.broken_vectors(session, space)
    said = f"{len(broken):,} embeddings aren't unit vectors of {space.spec.dim} numbers: {examples(broken)}"
    return Check(f"vectors are unit vectors ({_named(space)})", (said,) if broken else (), (), count)


def _complete(session: Session, space: SpaceRow) -> Check:
    lacking = contents_to_embed(session, space.id)
    said = f"{len(lacking):,} pictures have no embedding: {examples(lacking)}"
    return Check(f"every picture has its embedding ({_named(space)})", (said,) if lacking else ())


def _named(space: SpaceRow) -> str:
    return space.spec.name if space.state == "active" else f"{space.spec.name}, {space.state}"
