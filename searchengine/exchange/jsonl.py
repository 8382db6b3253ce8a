"""JSON lines: the header, then a row a line; a vector is the base64 of its float16 numbers, little-endian."""

from __future__ import annotations

import base64
import json
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from searchengine.as_json import to_json
from searchengine.exchange.rows import Header, to_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from searchengine.catalog.portable import PortablePicture
    from searchengine.exchange.rows import Row

MAGIC = b"{"


def write(file: IO[bytes], header: Header, pictures: Iterable[PortablePicture]) -> None:
    """Write a whole file, a picture at a time."""
    file.write(to_json(header.to_dict()) + b"\n")
    for picture in pictures:
        for row, vector in zip(to_rows(picture), picture.vectors, strict=True):
            packed = base64.b64encode(vector.astype("<f2").tobytes()).decode()
            file.write(to_json({**row, "vector": packed}) + b"\n")


def read_header(file: IO[bytes]) -> Header:
    """What the first line says; the next line is a row.

    Raises:
        ValueError: It is something else.
    """
    return Header.from_dict(_parsed(file.readline(), 1))


def read_rows(file: IO[bytes]) -> Iterator[Row]:
    """The lines after the header, as they stand there.

    Raises:
        ValueError: One isn't an object, as at the end of a file that was cut off.
    """
    for number, line in enumerate(file, start=2):
        yield _parsed(line, number)


def read(file: IO[bytes], header: Header) -> Iterator[tuple[Row, NDArray[np.float16]]]:
    """The rows with their vectors, after `read_header`.

    Raises:
        ValueError: See `read_rows`; or a vector has another length than the model's.
    """
    for row in read_rows(file):
        packed = base64.b64decode(row.pop("vector", ""))
        if len(packed) != 2 * header.spec.dim:
            raise ValueError(f"a vector has {len(packed)} bytes, not {2 * header.spec.dim}")
        yield row, np.frombuffer(packed, "<f2")


def _parsed(line: bytes, number: int) -> Any:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise ValueError(f"line {number} isn't JSON, or is cut off") from error
    if not isinstance(value, dict):
        raise ValueError(f"line {number} isn't an object")  # noqa: TRY004  the file's fault, not the caller's
    return value
