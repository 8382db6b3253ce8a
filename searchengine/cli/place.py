"""Which library a command is about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.catalog.database import BUSY_TIMEOUT
from searchengine.layout import default_library

if TYPE_CHECKING:
    from searchengine.library import Library


@dataclass(frozen=True, slots=True)
class Place:
    """What `@click.pass_obj` hands to every command.

    Attributes:
        given: The folder named by ``--library`` or the environment, as written; None when nobody named one.
    """

    given: str | None = None

    @property
    def library(self) -> Path:
        """The library's folder, absolute; it need not exist."""
        return (Path(self.given).expanduser() if self.given else default_library()).absolute()

    def open(self, *, keep_model: bool = True, patience: float = BUSY_TIMEOUT) -> Library:
        """Open the library for questions.

        Args:
            keep_model: See `Library.open`.
            patience: The same.

        Raises:
            LibraryNotFoundError: There is none yet.
        """
        from searchengine.cli.output import note
        from searchengine.library import Library

        return Library.open(self.library, keep_model=keep_model, patience=patience, on_progress=note)
