"""Where a space's vectors are searched: in files beside the catalog by FAISS, or by an engine elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from searchengine.vectors.compare import Condition
    from searchengine.vectors.source import Expected, VectorSource
    from searchengine.vectors.space_index import SpaceIndex


class VectorStore(Protocol):
    """Holds what is derived from each space. All of it may be lost: the catalog has the truth.

    Only who holds the library's lock may call `keep`, `rebuild` and `drop`; others search meanwhile.
    """

    def open(self, source: VectorSource) -> SpaceIndex:
        """The space as it is now, for searching.

        Raises:
            VectorStoreError: The engine can't be reached.
        """
        ...

    def keep(self, source: VectorSource) -> None:
        """Bring what is held up to date with the catalog, where enough has changed to be worth it.

        Raises:
            LibraryError: The folder can't be written to, or the disk is full.
            VectorStoreError: The engine can't be reached.
        """
        ...

    def rebuild(self, source: VectorSource) -> int:
        """Make what is held anew; searches go on with the old until the new is complete.

        Returns:
            How many vectors it has.

        Raises:
            LibraryError: See `keep`.
            VectorStoreError: See `keep`.
        """
        ...

    def drop(self, source: VectorSource) -> None:
        """Delete all that is held of a space.

        Raises:
            VectorStoreError: The engine can't be reached.
        """
        ...

    def check(self, source: VectorSource, expected: Expected) -> Condition:
        """Compare every vector that is held with the catalog's.

        Args:
            source: The space.
            expected: Which should be held.

        Raises:
            LibraryError: The catalog can't be read.
            VectorStoreError: The engine can't be reached.
        """
        ...

    def reach(self) -> None:
        """Make sure that it can be used, before much is done that it is needed for in the end.

        Raises:
            VectorStoreError: The engine can't be reached.
        """
        ...

    def changed_at(self) -> int:
        """A number that is another one when something has been replaced here; cheap."""
        ...


def open_store(address: str, folder: Path) -> VectorStore:
    """The store with this address.

    Args:
        address: As ``--vectors`` takes it; empty for FAISS.
        folder: Where files go.

    Raises:
        UsageError: The address can't be understood, or its extra isn't installed.
    """
    if not address:
        return FaissStore(folder)
    from searchengine.vectors.milvus.address import parse
    from searchengine.vectors.milvus.store import MilvusStore

    return MilvusStore(parse(address))


@dataclass(frozen=True, slots=True)
class FaissStore:
    """Snapshots in files, mapped by whoever searches; see `vectors.snapshot`.

    Attributes:
        folder: Where they lie.
    """

    folder: Path

    def open(self, source: VectorSource) -> SpaceIndex:
        """See `VectorStore.open`."""
        from searchengine.vectors.live import LiveIndex

        return LiveIndex(source, self.folder)

    def keep(self, source: VectorSource) -> None:
        """See `VectorStore.keep`."""
        from searchengine.vectors.snapshot import keep_snapshot

        keep_snapshot(source, self.folder)

    def rebuild(self, source: VectorSource) -> int:
        """See `VectorStore.rebuild`."""
        from searchengine.vectors.snapshot import take_snapshot

        return take_snapshot(source, self.folder).count

    def drop(self, source: VectorSource) -> None:
        """See `VectorStore.drop`."""
        from searchengine.vectors.snapshot import delete_snapshot

        delete_snapshot(source, self.folder)

    def check(self, source: VectorSource, expected: Expected) -> Condition:
        """See `VectorStore.check`."""
        from searchengine.vectors.snapshot import condition

        return condition(source, self.folder, expected)

    def reach(self) -> None:
        """See `VectorStore.reach`: whether the folder can be written to shows when it is."""

    def changed_at(self) -> int:
        """See `VectorStore.changed_at`: when a file was last made, renamed or deleted."""
        try:
            return self.folder.stat().st_mtime_ns
        except OSError:
            return 0
