"""Where vectors come from: what an index is built from and kept up to date with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    Position = tuple[int, int]
    """A place in the history of changes: a sequence that only grows, and a random mark; first (0, 0)."""

    Vectors = tuple[NDArray[np.int64], NDArray[np.float16]]
    """Ids (n,), ascending, and their unit vectors (n, dim)."""

    Expected = Callable[[int], NDArray[np.int64]]
    """The ids that are shown after the change with this sequence, ascending."""


class VectorSource(Protocol):
    """The truth about one embedding space.

    A vector never changes and its id is never used again; it can be shown, hidden, shown again, or forgotten.
    Every call is one consistent view, and threads may call at the same time.
    """

    @property
    def name(self) -> str:
        """A file name for what is derived from this space."""
        ...

    @property
    def identity(self) -> dict[str, str]:
        """What a derived file must say of itself to be believed."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    def position(self) -> Position:
        """Where the history stands now."""
        ...

    def knows(self, position: Position) -> bool:
        """Whether this history went through `position`."""
        ...

    def changes(self, since: int) -> tuple[Position, NDArray[np.int64], NDArray[np.bool_]]:
        """After the sequence `since`: the position reached, the ids that changed, and which are shown now."""
        ...

    def vectors(self, ids: NDArray[np.int64]) -> Vectors:
        """The vectors of these ids; forgotten ones are left out."""
        ...

    def parts(self, after: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Vectors with an id above `after` that are further parts of a thing, hidden ones too.

        Returns:
            Their ids (n,), ascending, and for each the id of its thing's first vector.
        """
        ...

    def shown(self) -> AbstractContextManager[tuple[Position, int, Iterator[Vectors]]]:
        """All that is shown: the position it is valid at, how many, the vectors in batches, ids ascending."""
        ...

    def texts(self) -> NDArray[np.float32]:
        """Texts such as people search for, unit vectors (q, dim); q = 0 where none has been encoded yet."""
        ...
