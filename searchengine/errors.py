"""Every error the packages raise on purpose.

    ImgsearchError                something the message explains (exit 1)
    ├── UsageError                asked for wrongly (exit 2)
    │   └── QueryError            a query that can't be understood; points at the word
    ├── LibraryError              the library on disk
    │   ├── LibraryNotFoundError
    │   ├── LibraryVersionError   made by a newer imgsearch
    │   ├── LibraryDamagedError   its catalog can't be made sense of
    │   ├── LibraryBusyError      another process holds it
    │   └── VectorStoreError      the engine that searches its vectors can't be reached, or fails
    ├── EmbeddingFileError        a file of embeddings that can't be taken in
    ├── ModelError                a model or its weights
    │   ├── ModelNotFoundError    no such name, folder or checkpoint
    │   ├── ModelDownloadError    the hub can't be reached or doesn't have it
    │   ├── ModelMismatchError    not the model this library was made with
    │   └── ParityError           an export that doesn't answer as the original does
    ├── ClusterError              the machines that `index --ray` is to embed on
    └── ImageError                one picture that can't be read; the run goes on
        ├── UnsupportedImageError not an image, or a format that needs an extra
        ├── ImageLimitError       more pixels, bytes or seconds than is allowed
        └── DamagedImageError     the decoder gave up

Only the command line and the server turn these into exit codes and statuses. Every message names
the thing, the cause and the next step.
"""

from __future__ import annotations


class ImgsearchError(Exception):
    """Something went wrong that the message explains."""

    exit_code = 1


class UsageError(ImgsearchError):
    """The caller asked for something that can't be asked for."""

    exit_code = 2


class QueryError(UsageError):
    """A query that can't be understood.

    Attributes:
        query: The text as given.
        start: Offset in characters of the first one at fault.
        end: Offset after the last one at fault.
    """

    def __init__(self, message: str, *, query: str = "", start: int = 0, end: int = 0) -> None:
        super().__init__(message)
        self.query = query
        self.start = start
        self.end = end


class LibraryError(ImgsearchError):
    """The library on disk can't be used."""


class LibraryNotFoundError(LibraryError):
    """There is no library at this place."""


class LibraryVersionError(LibraryError):
    """The library was made by a newer version than this one."""


class LibraryDamagedError(LibraryError):
    """The library's catalog is damaged, or isn't a catalog."""


class LibraryBusyError(LibraryError):
    """Another process is writing to the library."""


class VectorStoreError(LibraryError):
    """The engine that searches the library's vectors can't be reached, or fails."""


class EmbeddingFileError(ImgsearchError):
    """A file of embeddings is damaged, or isn't one."""


class ModelError(ImgsearchError):
    """A model or its weights can't be used."""


class ModelNotFoundError(ModelError):
    """No model goes by this name, and no folder or checkpoint does."""


class ModelDownloadError(ModelError):
    """The weights can't be had from the hub."""


class ModelMismatchError(ModelError):
    """The model isn't the one that the library's embeddings were made with."""


class ParityError(ModelError):
    """An exported model doesn't give the original's answers."""


class ClusterError(ImgsearchError):
    """The machines of a Ray cluster can't be reached, or can't do the work."""


class ImageError(ImgsearchError):
    """One picture can't be read."""


class UnsupportedImageError(ImageError):
    """The file isn't an image, or needs an extra that isn't installed."""


class ImageLimitError(ImageError):
    """The picture asks for more pixels, bytes, memory or seconds than is allowed."""


class DamagedImageError(ImageError):
    """The decoder gave up on the file's content."""
