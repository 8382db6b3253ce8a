"""Apache Parquet: a column a value, a fixed-size list of float16 for the vector; the header is metadata."""

from __future__ import annotations

import json
import os
from datetime import datetime
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from searchengine.errors import UsageError
from searchengine.exchange.rows import COLUMNS, KEY, SAID, Header, to_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from searchengine.catalog.portable import PortablePicture
    from searchengine.exchange.rows import Row

MAGIC = b"PAR1"

VECTOR = "vector"

GROUP = 16_384
"""Rows of a row group: 16 MB of vectors at dimension 512, which reader and writer have in memory."""

# Rows made into columns, or read, at a time.
_TOGETHER = 2048


def require() -> None:
    """Raise where Parquet can't be read or written.

    Raises:
        UsageError: The extra isn't installed.
    """
    try:
        import pyarrow  # noqa: F401, ICN001
    except ImportError as error:
        raise UsageError(
            f"Parquet needs the extra parquet: pip install 'imgsearch[parquet]' ({error})"
        ) from error


def schema(header: Header) -> Any:
    """The columns, as pyarrow's `Schema`, with the header."""
    import pyarrow as pa

    kinds = {
        "text": pa.string(),
        "texts": pa.list_(pa.string()),
        "integer": pa.int64(),
        "number": pa.float64(),
        "time": pa.timestamp("us"),
    }
    sidecar = pa.struct([("stamp", pa.string()), *((name, kinds[kind]) for name, kind in SAID.items())])
    kinds["files"] = pa.list_(
        pa.struct(
            [
                ("path", pa.string()),
                ("raw_path", pa.binary()),  # where the path isn't UTF-8; `path` shows it with marks then
                ("size", pa.int64()),
                ("mtime_ns", pa.int64()),
                ("missing", pa.bool_()),
                ("sidecar", sidecar),
            ]
        )
    )
    fields = [pa.field(name, kinds[kind]) for name, kind in COLUMNS.items()]
    fields.insert(3, pa.field(VECTOR, pa.list_(pa.float16(), header.spec.dim)))
    return pa.schema(fields, metadata={KEY: json.dumps(header.to_dict())})


def write(file: IO[bytes], header: Header, pictures: Iterable[PortablePicture]) -> None:
    """Write a whole file, a row group at a time.

    Raises:
        UsageError: The extra isn't installed.
    """
    require()
    import pyarrow as pa
    import pyarrow.parquet as pq

    form = schema(header)
    plain = [name for name in COLUMNS if name not in ("hash", "files")]
    with pq.ParquetWriter(file, form, compression="zstd", use_dictionary=plain) as writer:
        each = ((row, vector) for p in pictures for row, vector in zip(to_rows(p), p.vectors, strict=True))
        tables: list[Any] = []
        while some := list(islice(each, _TOGETHER)):
            # As columns, rows take a tenth of the memory.
            tables.append(_table(form, some))
            if len(tables) * _TOGETHER >= GROUP:
                writer.write_table(pa.concat_tables(tables))
                tables.clear()
        if tables:
            writer.write_table(pa.concat_tables(tables))


def _table(form: Any, group: list[tuple[Row, NDArray[np.float16]]]) -> Any:
    import pyarrow as pa

    flat = np.concatenate([vector for _, vector in group]).astype(np.float16)
    columns = []
    for field in form:
        if field.name == VECTOR:
            columns.append(pa.FixedSizeListArray.from_arrays(pa.array(flat), field.type.list_size))
            continue
        values = [row.get(field.name) for row, _ in group]
        if field.name == "taken_at":
            values = [value and datetime.fromisoformat(value) for value in values]
        elif field.name == "files":
            values = [value and _with_raw_paths(value) for value in values]
        columns.append(pa.array(values, field.type))
    return pa.Table.from_arrays(columns, schema=form)


def _with_raw_paths(files: list[Row]) -> list[Row]:
    """Parquet's texts are UTF-8; what a path has beside that is kept as bytes."""
    made = []
    for file in files:
        raw = os.fsencode(file["path"])
        text = raw.decode(errors="replace")
        made.append({**file, "path": text, "raw_path": None if text.encode() == raw else raw})
    return made


def read_header(file: IO[bytes]) -> Header:
    """What the metadata says.

    Raises:
        ValueError: It is something else.
        UsageError: The extra isn't installed.
    """
    metadata = _opened(file).schema_arrow.metadata or {}
    return Header.from_dict(json.loads(metadata.get(KEY.encode(), b"null")))


def read(file: IO[bytes], header: Header) -> Iterator[tuple[Row, NDArray[np.float16]]]:
    """The rows with their vectors.

    Raises:
        ValueError: A column is missing, or a vector has another length than the model's.
    """
    opened = _opened(file)
    names = set(opened.schema_arrow.names)
    for needed in ("hash", "part", VECTOR):
        if needed not in names:
            raise ValueError(f"it has no column {needed}")
    for batch in opened.iter_batches(batch_size=_TOGETHER):
        vectors = _vectors(batch.column(VECTOR), header.spec.dim)
        for row, vector in zip(batch.drop_columns([VECTOR]).to_pylist(), vectors, strict=True):
            taken_at = row.get("taken_at")
            row["taken_at"] = taken_at and taken_at.isoformat()
            for each in row.get("files") or ():
                if (raw := each.get("raw_path")) is not None:
                    each["path"] = os.fsdecode(raw)
            yield row, vector


def _vectors(column: Any, dim: int) -> NDArray[np.float16]:
    """float16 (n, dim) out of lists of any kind of number."""
    flat = column.flatten().to_numpy(zero_copy_only=False).astype(np.float16)
    if flat.size != len(column) * dim:
        raise ValueError(f"its vectors aren't all of {dim} numbers")
    vectors: NDArray[np.float16] = flat.reshape(-1, dim)
    return vectors


def _opened(file: IO[bytes]) -> Any:
    require()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(file)
    except pa.ArrowInvalid as error:
        raise ValueError(f"it is cut off, or damaged ({error})") from error
