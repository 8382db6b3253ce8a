"""What came of reading and embedding a file, as a row of a Parquet shard."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from indexer.decoding.decode import Decoded, Hashed, Unreadable
from searchengine.images.description import UNDESCRIBED, Description
from searchengine.images.metadata import Metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from indexer.pipeline.job import Job
    from indexer.pipeline.pipeline import Batch

# Of `Decoded`, what is one value and travels as it is.
_PLAIN = ("width", "height", "format", "perceptual_hash", "duration")
_METADATA = tuple(field.name for field in fields(Metadata))
_DESCRIPTION = tuple(field.name for field in fields(Description))


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """What came of one file.

    Attributes:
        path: Absolute, as `os.fsencode` gives it.
        size: Bytes when it was scanned.
        mtime_ns: When it was scanned.
        result: A picture without its pixels, the hash of bytes that are embedded already, or why neither.
        vectors: Of a picture float32 (n, dim), one of each key frame; else None.
    """

    path: bytes
    size: int
    mtime_ns: int
    result: Decoded | Hashed | Unreadable
    vectors: NDArray[np.float32] | None = None


def schema() -> pa.Schema:
    """The columns of a shard; those that say nothing of an outcome are null."""
    import pyarrow as pa

    strings = pa.list_(pa.string())
    return pa.schema(
        {
            "path": pa.binary(),
            "size": pa.int64(),
            "mtime_ns": pa.int64(),
            "outcome": pa.string(),  # decoded, hashed or unreadable
            "hash": pa.binary(),
            "read_size": pa.int64(),
            "read_mtime_ns": pa.int64(),
            "width": pa.int32(),
            "height": pa.int32(),
            "format": pa.string(),
            "perceptual_hash": pa.binary(),
            "duration": pa.float64(),
            "flags": strings,
            "taken_at": pa.timestamp("us"),
            "camera": pa.string(),
            "lens": pa.string(),
            "focal_length": pa.float64(),
            "latitude": pa.float64(),
            "longitude": pa.float64(),
            "described": pa.bool_(),
            "title": pa.string(),
            "caption": pa.string(),
            "keywords": strings,
            "place": pa.string(),
            "rating": pa.int32(),
            "seconds": pa.list_(pa.float64()),
            "vectors": pa.list_(pa.binary()),  # float16, little-endian, as the catalog keeps them
            "kind": pa.string(),
            "reason": pa.string(),
        }
    )


def rows_of(batch: Batch) -> Iterator[dict[str, Any]]:
    """A batch that has been encoded, as values for `schema`."""
    for (job, decoded), vectors in zip(batch.decoded, batch.vectors, strict=True):
        yield {
            **_scanned(job, "decoded"),
            **_read(decoded),
            **{name: getattr(decoded, name) for name in _PLAIN},
            **asdict(decoded.metadata),
            **_said(decoded.description),
            "flags": list(decoded.flags),
            "seconds": list(decoded.seconds),
            "vectors": [vector.astype("<f2").tobytes() for vector in vectors],
        }
    for job, hashed in batch.copies:
        yield {**_scanned(job, "hashed"), **_read(hashed), **_said(hashed.description)}
    for job, unreadable in batch.failures:
        yield {**_scanned(job, "unreadable"), "kind": unreadable.kind, "reason": unreadable.reason}


def row_from(values: dict[str, Any]) -> Row:
    """What `rows_of` said, after a way through Parquet."""
    place = values["path"], values["size"], values["mtime_ns"]
    if values["outcome"] == "unreadable":
        return Row(*place, Unreadable(values["path"], values["reason"], values["kind"]))
    read = {"hash": values["hash"], "size": values["read_size"], "mtime_ns": values["read_mtime_ns"]}
    description = _description(values)
    if values["outcome"] == "hashed":
        return Row(*place, Hashed(**read, description=description))
    import numpy as np

    vectors = np.stack([np.frombuffer(each, "<f2") for each in values["vectors"]]).astype(np.float32)
    decoded = Decoded(
        **read,
        **{name: values[name] for name in _PLAIN},
        metadata=Metadata(**{name: values[name] for name in _METADATA}),
        flags=tuple(values["flags"]),
        pixels=np.empty((len(vectors), 0, 0, 3), np.uint8),  # they stayed where they were embedded
        seconds=tuple(values["seconds"]),
        description=description or UNDESCRIBED,
    )
    return Row(*place, decoded, vectors)


def _scanned(job: Job, outcome: str) -> dict[str, Any]:
    return {"path": job.absolute, "size": job.size, "mtime_ns": job.mtime_ns, "outcome": outcome}


def _read(result: Decoded | Hashed) -> dict[str, Any]:
    return {"hash": result.hash, "read_size": result.size, "read_mtime_ns": result.mtime_ns}


def _said(description: Description | None) -> dict[str, Any]:
    if description is None:
        return {"described": False}
    return {**asdict(description), "keywords": list(description.keywords), "described": True}


def _description(values: dict[str, Any]) -> Description | None:
    if not values["described"]:
        return None
    said = {name: values[name] for name in _DESCRIPTION}
    return Description(**{**said, "keywords": tuple(values["keywords"])})
