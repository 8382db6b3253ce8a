"""Where things lie in a library, and where the library lies when nobody says."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING

from searchengine.engines import CATALOG_FILE, Engines, engines_of
from searchengine.errors import LibraryError

if TYPE_CHECKING:
    from searchengine.vectors.store import VectorStore

LIBRARY_VARIABLE = "IMGSEARCH_LIBRARY"


def default_library() -> Path:
    """The library that is meant when none is named: $IMGSEARCH_LIBRARY, or one in the user's data folder."""
    named = os.environ.get(LIBRARY_VARIABLE)
    if named:
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("imgsearch", appauthor=False) / "library"


def make_folder(folder: Path) -> None:
    """Make a library's folder, and those above it, where there is none.

    Raises:
        LibraryError: It can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = "there is a file by that name" if isinstance(error, FileExistsError) else error.strerror
        raise LibraryError(
            f"the library's folder {folder} can't be made ({reason}): name another place with --library DIR"
        ) from error


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one library.

    Attributes:
        folder: The library itself.
    """

    folder: Path

    @property
    def engines(self) -> Engines:
        """What the library lies on, as its folder or the environment says; raises what `engines_of` does."""
        return engines_of(self.folder)

    @property
    def catalog(self) -> Path | str:
        """Where the truth is: SQLite's file, or a database's URL, which may hold a password."""
        return self.engines.catalog or self.folder / CATALOG_FILE

    @property
    def vector_store(self) -> VectorStore:
        """What searches the embeddings, and holds what is derived from them for that; raises as `engines`."""
        from searchengine.vectors.store import open_store

        return open_store(self.engines.vectors, self.vectors)

    @property
    def vectors(self) -> Path:
        """Snapshots of the embeddings, derived from the catalog."""
        return self.folder / "vectors"

    @property
    def shards(self) -> Path:
        """What machines of a cluster have embedded, until it is in the catalog."""
        return self.folder / "shards"

    def size(self, pattern: str) -> int:
        """Bytes of the files that match a glob below the folder; what vanishes meanwhile counts nothing."""
        total = 0
        for path in self.folder.glob(pattern):
            with suppress(OSError):
                found = path.stat()
                total += found.st_size if S_ISREG(found.st_mode) else 0
        return total
