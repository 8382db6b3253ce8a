"""Which format a file is in, and the whole way in and out of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Literal

from searchengine.catalog import portable, roots
from searchengine.errors import EmbeddingFileError, UsageError
from searchengine.exchange import jsonl, npz, parquet
from searchengine.exchange.rows import Header, to_pictures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

    from sqlalchemy.orm import Session

    from searchengine.catalog.portable import Count, PortablePicture
    from searchengine.catalog.spaces import SpaceRow

Format = Literal["jsonl", "parquet", "npz"]

FORMATS: dict[Format, ModuleType] = {"jsonl": jsonl, "parquet": parquet, "npz": npz}


@dataclass(frozen=True, slots=True)
class Opened:
    """A file of embeddings that is open for reading.

    Attributes:
        path: Where it is.
        header: What it says of itself.
    """

    path: Path
    header: Header
    _module: ModuleType
    _file: IO[bytes]

    def pictures(self) -> Iterator[PortablePicture]:
        """All that is in it, in its order; call it once.

        Raises:
            EmbeddingFileError: It is damaged or cut off; what came before that has been given.
        """
        seen = 0
        try:
            for picture in to_pictures(self._module.read(self._file, self.header)):
                seen += len(picture.vectors)
                yield picture
        except ValueError as error:
            raise _unusable(self.path, str(error)) from error
        if self.header.rows is not None and seen != self.header.rows:
            raise _unusable(self.path, f"it ends after {seen:,} of {self.header.rows:,} rows")


def export(session: Session, space: SpaceRow, file: IO[bytes], format_: Format) -> Count:
    """Write all that the catalog has of a space's pictures; how much that is.

    Args:
        session: A reading session: what others commit meanwhile isn't in the file.
        space: The space.
        file: Where to; it need not be seekable.
        format_: Which format.

    Raises:
        UsageError: The format's extra isn't installed.
    """
    counted = portable.count(session, space.id)
    folders = tuple(root.path for root in roots.all_roots(session))
    header = Header(space.spec, space.precision, folders, counted.embeddings)

    def pictures() -> Iterator[PortablePicture]:
        return portable.pictures(session, space)

    if format_ == "npz":
        npz.write(file, header, pictures)
    else:
        FORMATS[format_].write(file, header, pictures())
    return counted


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """Open a file of embeddings; its first bytes say which format it is in.

    Raises:
        UsageError: It can't be opened, or its format's extra isn't installed.
        EmbeddingFileError: It isn't a file of embeddings.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(f"can't read {path}: {error.strerror}; name a file that is there") from error
    with file:
        start = file.read(4)
        file.seek(0)
        module = next((each for each in FORMATS.values() if start.startswith(each.MAGIC)), None)
        if module is None:
            raise _unusable(path, "it is neither JSON lines, Parquet nor an .npz archive")
        try:
            header = module.read_header(file)
        except ValueError as error:
            raise _unusable(path, str(error)) from error
        yield Opened(path, header, module, file)


def format_of(name: str) -> Format | None:
    """The format that a file's name promises; None where it promises none."""
    return next((each for each in FORMATS if name.lower().endswith(f".{each}")), None)


def _unusable(path: Path, cause: str) -> EmbeddingFileError:
    return EmbeddingFileError(
        f"{path} can't be imported: {cause}. Write it anew with: imgsearch export -o {path.name}"
    )
