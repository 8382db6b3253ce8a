"""What SQLite and PostgreSQL have to be asked for in ways of their own, by whoever holds a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from searchengine.catalog.dangling import Dangling


class Dialect(Protocol):
    """A module with these functions, one for each database."""

    def integrity(self, session: Session) -> list[str] | None:
        """What the database finds wrong with its pages and indexes, at most 100 things; None: not asked."""
        ...

    def dangling(self, session: Session) -> list[Dangling]:
        """Rows that refer to rows that aren't there."""
        ...

    def last_keys(self, session: Session) -> dict[str, int]:
        """The last key that was handed out, by table; a table that had none yet may be left out."""
        ...

    def use_up_keys(self, session: Session, table: str, key: int) -> None:
        """Hand out keys of a table from the one after `key` on."""
        ...

    def add_words(self, session: Session, rows: Mapping[int, tuple[str, str]]) -> None:
        """Put pictures, which aren't there, into the index of words: by id, both texts as `normalized`."""
        ...

    def words_are_damaged(self, session: Session) -> bool | None:
        """Whether what the index of words keeps for itself doesn't agree with its texts; None: can't tell."""
        ...

    def rebuild_words(self, session: Session) -> None:
        """Make the index of words anew from the texts it is of."""
        ...

    def files_containing(self, session: Session, parts: Sequence[str]) -> Select[Any] | None:
        """Files, by id, among which are all whose path has these parts; None where no index can tell."""
        ...

    def paths_are_damaged(self, session: Session) -> bool | None:
        """Whether the index of paths doesn't agree with the paths; None where it can't be told."""
        ...

    def rebuild_paths(self, session: Session) -> None:
        """Make the index of paths anew."""
        ...


def dialect_of(session: Session) -> Dialect:
    """What the session's database speaks."""
    if session.get_bind().dialect.name == "sqlite":
        from searchengine.catalog.sqlite import dialect as sqlite

        return sqlite
    from searchengine.catalog.postgres import dialect as postgres

    return postgres
