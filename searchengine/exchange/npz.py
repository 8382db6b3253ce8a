"""NumPy's archive: `vectors`, float16 (n, dim), and `rows.jsonl`, the header and a row for each vector.

`numpy.load(…)["vectors"]` reads the one, `pandas.read_json(…, lines=True)` the other. Both are streamed, so
neither side ever has them in memory.
"""

from __future__ import annotations

import zipfile
from typing import IO, TYPE_CHECKING

import numpy as np

from searchengine.as_json import to_json
from searchengine.exchange import jsonl
from searchengine.exchange.rows import to_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from searchengine.catalog.portable import PortablePicture
    from searchengine.exchange.rows import Header, Row

MAGIC = b"PK"

VECTORS = "vectors.npy"
ROWS = "rows.jsonl"

# Vectors read at a time: 1 MB at dimension 512.
_TOGETHER = 1024


def write(file: IO[bytes], header: Header, pictures: Callable[[], Iterable[PortablePicture]]) -> None:
    """Write a whole file.

    Args:
        file: Where to; it need not be seekable.
        header: With the number of rows.
        pictures: Gives the same pictures twice: an archive's members are written one after the other.
    """
    shape = (header.rows, header.spec.dim)
    with zipfile.ZipFile(file, "w") as archive:
        with archive.open(zipfile.ZipInfo(VECTORS), "w", force_zip64=True) as member:
            np.lib.format.write_array_header_1_0(
                member, {"descr": "<f2", "fortran_order": False, "shape": shape}
            )
            for picture in pictures():
                member.write(picture.vectors.astype("<f2").tobytes())
        about = zipfile.ZipInfo(ROWS)
        about.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(about, "w", force_zip64=True) as member:
            member.write(to_json(header.to_dict()) + b"\n")
            for picture in pictures():
                for row in to_rows(picture):
                    member.write(to_json(row) + b"\n")


def read_header(file: IO[bytes]) -> Header:
    """What the first of the rows says.

    Raises:
        ValueError: It is something else.
    """
    with _opened(file) as archive, archive.open(ROWS) as member:
        return jsonl.read_header(member)


def read(file: IO[bytes], header: Header) -> Iterator[tuple[Row, NDArray[np.float16]]]:
    """The rows with their vectors.

    Raises:
        ValueError: The two don't fit together, or one isn't what it should be.
    """
    with _opened(file) as archive, archive.open(ROWS) as rows, archive.open(VECTORS) as member:
        jsonl.read_header(rows)
        if np.lib.format.read_magic(member) != (1, 0):
            raise ValueError(f"{VECTORS} is of another version of NumPy's format")
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        if shape != (header.rows, header.spec.dim) or dtype != np.dtype("<f2"):
            raise ValueError(
                f"{VECTORS} holds {shape} {dtype}, not ({header.rows}, {header.spec.dim}) float16"
            )
        try:
            yield from zip(jsonl.read_rows(rows), _vectors(member, header.spec.dim), strict=True)
        except zipfile.BadZipFile as error:
            raise ValueError(f"it is damaged ({error})") from error


def _vectors(member: IO[bytes], dim: int) -> Iterator[NDArray[np.float16]]:
    while block := member.read(_TOGETHER * 2 * dim):
        yield from np.frombuffer(block, "<f2").reshape(-1, dim)


def _opened(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise ValueError("it is cut off, or damaged") from error
    if {VECTORS, ROWS} - set(archive.namelist()):
        raise ValueError(f"it lacks {VECTORS} or {ROWS}")
    return archive
