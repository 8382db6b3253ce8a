"""Where the machines leave what they embedded until it is in the catalog: Parquet files in one folder.

A shard appears whole or not at all, under a name that follows from the files it is about, and goes once the
catalog has it. What a run that was killed left behind, the next one takes up.
"""

from __future__ import annotations

import io
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from indexer.distributed.outcomes import Row, row_from, schema
from searchengine.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from searchengine.encoders.spec import ModelSpec

_ENDING = ".parquet"


class Shards:
    """A folder of shards, of vectors of one embedding space.

    Args:
        url: The folder: a path, or anything `fsspec` takes (``s3://bucket/folder``). One library's alone.
        space: What tells the vectors of this space from others; see `space_key`.

    Raises:
        ClusterError: fsspec can't use it.
    """

    def __init__(self, url: str, space: str) -> None:
        from fsspec.core import url_to_fs

        self.url, self.space = url, space
        try:
            self._files, folder = url_to_fs(url)
            self._outer = folder.rstrip("/")
            self._folder = f"{self._outer}/{space}"
            self._is_new = not self._files.exists(self._outer)
            self._files.makedirs(self._folder, exist_ok=True)
        except (OSError, ValueError, ImportError) as error:
            raise ClusterError(
                f"shards can't be kept at {url}: {error}; name another place: --shards"
            ) from error

    def write(self, name: str, rows: Iterable[dict[str, Any]]) -> None:
        """Put a shard there, in the place of one of this name.

        Raises:
            OSError: It can't be written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        data = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema()), data)
        part = f"{self._folder}/{name}.{secrets.token_hex(4)}"  # two machines may be at the same block
        self._files.pipe_file(part, data.getvalue())
        self._files.mv(part, self._path(name))

    def has(self, name: str) -> bool:
        """Whether there is a shard of this name."""
        return bool(self._files.exists(self._path(name)))

    def names(self) -> list[str]:
        """The shards that are there."""
        self._files.invalidate_cache()
        names = (os.path.basename(path) for path in self._files.ls(self._folder, detail=False))
        return sorted(name.removesuffix(_ENDING) for name in names if name.endswith(_ENDING))

    def read(self, name: str) -> list[Row]:
        """What came of each of a shard's files.

        Raises:
            OSError: It isn't there, or can't be read.
            ClusterError: It is damaged.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        data = self._files.cat_file(self._path(name))
        try:
            return [row_from(values) for values in pq.read_table(io.BytesIO(data)).to_pylist()]
        except (pa.ArrowInvalid, KeyError) as error:
            raise ClusterError(
                f"the shard {self._path(name)} is damaged ({error}); delete it and index again"
            ) from error

    def delete(self, name: str) -> None:
        """Take a shard away."""
        with suppress(FileNotFoundError):
            self._files.rm_file(self._path(name))

    def tidy(self) -> None:
        """Take away the folders that were made for this, unless something is in them."""
        with suppress(OSError):
            self._files.rmdir(self._folder)
            if self._is_new:
                self._files.rmdir(self._outer)

    def leave_mark(self) -> str:
        """A file that whoever sees this folder sees; to be taken away with `delete_mark`."""
        mark = f"mark-{secrets.token_hex(8)}"
        self._files.pipe_file(f"{self._folder}/{mark}", b"")
        return mark

    def has_mark(self, mark: str) -> bool:
        """Whether this is the folder where the mark was left."""
        return bool(self._files.exists(f"{self._folder}/{mark}"))

    def delete_mark(self, mark: str) -> None:
        """Take a mark away."""
        with suppress(FileNotFoundError):
            self._files.rm_file(f"{self._folder}/{mark}")

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}{_ENDING}"


def space_key(spec: ModelSpec, precision: str) -> str:
    """Tells the vectors of one embedding space from all others: weights, preprocessing and precision."""
    return f"{spec.weights[:16]}-{spec.preprocessing.fingerprint}-{precision}"
