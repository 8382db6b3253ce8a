"""What a scan is compared with: the files and contents that the catalog knows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import ColumnElement, func, or_, select

from searchengine.catalog.bulk import chunks
from searchengine.catalog.models import Content, Embedding, File
from searchengine.catalog.sql import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sqlalchemy.orm import Session

    from searchengine.catalog.sql import Row


class FileRow(NamedTuple):
    """A file as last seen.

    Attributes:
        id: Its key.
        path: Relative to its root, as `os.fsencode` gives it.
        size: Bytes.
        mtime_ns: Nanoseconds since the epoch.
        state: ``indexed``, ``failed`` or ``missing``.
        content_id: What is in it; None when it failed.
        sidecar: `Sidecar.stamp` of the ``.xmp`` files beside it; None where there were none.
    """

    id: int
    path: bytes
    size: int
    mtime_ns: int
    state: str
    content_id: int | None
    sidecar: str | None = None


# Calling the class itself takes twice as long, which a hundred thousand files notice.
_file_row: Callable[[Row], FileRow] = partial(tuple.__new__, FileRow)

_FILES = "SELECT id, path, size, mtime_ns, state, content_id, NULL FROM file WHERE root_id = :root"
_BESIDE = "SELECT path, stamp FROM file JOIN sidecar ON file_id = id WHERE root_id = :root"
_WITHIN = " AND (path = :scope OR path > :first AND path < :end)"

_COLUMNS = (File.id, File.path, File.size, File.mtime_ns, File.state, File.content_id)


def within(scope: bytes) -> ColumnElement[bool]:
    """The file or folder `scope` (relative to its root) and everything below it, from the index on paths.

    Bytes compare one by one: below ``a/b`` means between ``a/b/`` and ``a/b0``, the byte after the slash.
    """
    return or_(File.path == scope, (File.path > scope + b"/") & (File.path < scope + b"0"))


def files_below(session: Session, root_id: int, scope: bytes = b"") -> dict[bytes, FileRow]:
    """The files of a root, or those in one folder of it (or that one file), by path.

    Args:
        session: A session.
        root_id: The root.
        scope: Relative path of a folder or a file; empty for the whole root.
    """
    below, values = "", {}
    if scope:
        below, values = _WITHIN, {"scope": scope, "first": scope + b"/", "end": scope + b"0"}
    # All at once, and without a join that hardly any row has a partner in.
    found = map(_file_row, rows(session, _FILES + below, root=root_id, **values))
    files = {file.path: file for file in found}
    for path, stamp in rows(session, _BESIDE + below, root=root_id, **values):
        files[path] = files[path]._replace(sidecar=stamp)
    return files


def count_below(session: Session, root_id: int, scope: bytes = b"") -> int:
    """How many files `files_below` would give."""
    statement = select(func.count()).select_from(File).where(File.root_id == root_id)
    return session.scalar(statement.where(within(scope)) if scope else statement) or 0


def known_sizes(session: Session, sizes: Collection[int]) -> set[int]:
    """Those of the sizes (bytes) that some content has; a file of any other size holds something new."""
    found: set[int] = set()
    for chunk in chunks(set(sizes)):
        found.update(session.scalars(select(Content.size).where(Content.size.in_(chunk)).distinct()))
    return found


def embedded_hashes(session: Session, space_id: int, sizes: Collection[int]) -> dict[int, list[bytes]]:
    """SHA-256 of the contents of these sizes (bytes) that have an embedding in the space, by size."""
    found: dict[int, list[bytes]] = {}
    for chunk in chunks(set(sizes)):
        rows = session.execute(
            select(Content.size, Content.hash)
            .join(Embedding, Embedding.content_id == Content.id)
            .where(Content.size.in_(chunk), Embedding.space_id == space_id, Embedding.part == 0)
        )
        for size, content_hash in rows:
            found.setdefault(size, []).append(content_hash)
    return found


def contents_by_hash(session: Session, hashes: Collection[bytes]) -> dict[bytes, int]:
    """Content ids by SHA-256, for those that are known; also contents that have no file at present."""
    found: dict[bytes, int] = {}
    for chunk in chunks(set(hashes)):
        rows = session.execute(select(Content.hash, Content.id).where(Content.hash.in_(chunk)))
        found.update((row[0], row[1]) for row in rows)
    return found


def embedded(session: Session, space_id: int, content_ids: Collection[int]) -> set[int]:
    """Those of the contents that have an embedding of the whole picture in the space."""
    found: set[int] = set()
    for chunk in chunks(set(content_ids)):
        found.update(
            session.scalars(
                select(Embedding.content_id).where(
                    Embedding.content_id.in_(chunk), Embedding.space_id == space_id, Embedding.part == 0
                )
            )
        )
    return found


def existing(session: Session, content_ids: Collection[int]) -> set[int]:
    """Those of the contents that the catalog (still) has."""
    found: set[int] = set()
    for chunk in chunks(set(content_ids)):
        found.update(session.scalars(select(Content.id).where(Content.id.in_(chunk))))
    return found


def contents_to_embed(session: Session, space_id: int) -> list[int]:
    """Shown contents without an embedding of the whole picture in the space, in order of id."""
    has_one = (
        select(Embedding.id)
        .where(Embedding.content_id == Content.id, Embedding.space_id == space_id, Embedding.part == 0)
        .exists()
    )
    return list(session.scalars(select(Content.id).where(Content.shown, ~has_one).order_by(Content.id)))
