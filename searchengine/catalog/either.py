"""An expression of which SQLite and PostgreSQL have different words for the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.sql.compiler import SQLCompiler


class Either(FunctionElement[Any]):
    """Two expressions that mean the same; a statement says the one that its database understands.

    Args:
        sqlite: For SQLite. Its type is that of the whole.
        postgres: For PostgreSQL.
    """

    name = "either"
    inherit_cache = True

    def __init__(self, sqlite: ColumnElement[Any], postgres: ColumnElement[Any]) -> None:
        super().__init__(sqlite, postgres)
        self.type = sqlite.type

    def self_group(self, against: object = None) -> Either:  # noqa: ARG002
        """Itself: it stands in brackets anyhow, and SQLite finds no index for a condition that is `= 1`."""
        return self


@compiles(Either, "sqlite")
def _in_sqlite(either: Either, compiler: SQLCompiler, **settings: Any) -> str:
    return _in_brackets(either, 0, compiler, settings)


@compiles(Either, "postgresql")
def _in_postgres(either: Either, compiler: SQLCompiler, **settings: Any) -> str:
    return _in_brackets(either, 1, compiler, settings)


def _in_brackets(either: Either, which: int, compiler: SQLCompiler, settings: dict[str, Any]) -> str:
    return f"({compiler.process(list(either.clauses)[which], **settings)})"
