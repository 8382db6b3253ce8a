"""What stands in such a file, whatever its format: a header, and a row for each embedding.

A picture is one row; a video has one for each of its frames, one after the other, of which the first says
what is known of the whole. Row i goes with vector i. Values are JSON's; in the formats that have types they
are typed by `COLUMNS`.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from searchengine.catalog.portable import PortableFile, PortablePicture
from searchengine.catalog.record import ContentFacts, SidecarText
from searchengine.encoders.spec import ModelSpec
from searchengine.images.description import UNDESCRIBED, Description

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    Row = dict[str, Any]

VERSION = 1

KEY = "imgsearch"
"""What the header goes by, in each format."""

_FACTS = (
    "size",
    "width",
    "height",
    "format",
    "taken_at",
    "camera",
    "lens",
    "focal_length",
    "latitude",
    "longitude",
    "perceptual_hash",
    "flags",
    "duration",
)
_SAID = ("title", "caption", "keywords", "place", "rating")

SAID = {"title": "text", "caption": "text", "keywords": "texts", "place": "text", "rating": "integer"}
"""What people have said; for units and meaning see `images.description`."""

COLUMNS = {
    "hash": "text",
    "part": "integer",
    "seconds": "number",
    "size": "integer",
    "width": "integer",
    "height": "integer",
    "format": "text",
    "taken_at": "time",
    "camera": "text",
    "lens": "text",
    "focal_length": "number",
    "latitude": "number",
    "longitude": "number",
    "perceptual_hash": "text",
    "flags": "texts",
    "duration": "number",
    **SAID,
    "text": "text",
    "labels": "texts",
    "not_labels": "texts",
    "files": "files",
}
"""A row's values, and what they are: `catalog.models` has the units. `hash` is the SHA-256 of the
picture's bytes and `perceptual_hash` eight bytes, both hexadecimal; `text` was read in it; `labels` are those
that it is an example of, `not_labels` those that it is a counter-example of; a file has an absolute `path`,
`size`, `mtime_ns`, whether it is `missing`, and a `sidecar` with its `stamp` and what it says."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of all its rows.

    Attributes:
        spec: The model that made the embeddings.
        precision: Arithmetic of its image tower.
        roots: The folders that the files lie below, as `os.fsencode` gives them.
        rows: How many there are; None where the writer couldn't know.
    """

    spec: ModelSpec
    precision: str
    roots: tuple[bytes, ...] = ()
    rows: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            KEY: VERSION,
            "space": {**self.spec.to_dict(), "precision": self.precision},
            "roots": [os.fsdecode(root) for root in self.roots],
            "rows": self.rows,
        }

    @classmethod
    def from_dict(cls, values: Any) -> Header:
        """From what `to_dict` gave.

        Raises:
            ValueError: It is something else, or a newer version's.
        """
        if not isinstance(values, dict) or not isinstance(values.get(KEY), int):
            raise ValueError("it doesn't begin as `imgsearch export` does")  # noqa: TRY004  the file's fault
        if values[KEY] > VERSION:
            raise ValueError("a newer imgsearch wrote it; upgrade with: pip install --upgrade imgsearch")
        try:
            space = dict(values["space"])
            precision = str(space.pop("precision"))
            roots = tuple(os.fsencode(root) for root in values["roots"])
            return cls(ModelSpec.from_dict(space), precision, roots, values["rows"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"what it says of its model or folders lacks something ({error})") from error


def to_rows(picture: PortablePicture) -> Iterator[Row]:
    """The rows of a picture; the i-th goes with the i-th of its vectors."""
    for part, seconds in enumerate(picture.seconds):
        row: Row = {"hash": picture.facts.hash.hex(), "part": part, "seconds": seconds}
        yield row | _whole(picture) if part == 0 else row


def _whole(picture: PortablePicture) -> Row:
    facts, said = picture.facts, picture.labels or {}
    row: Row = {name: getattr(facts, name) for name in _FACTS}
    row["taken_at"] = facts.taken_at and facts.taken_at.isoformat()
    row["perceptual_hash"] = facts.perceptual_hash and facts.perceptual_hash.hex()
    row["flags"] = list(facts.flags)
    row |= _from_description(facts.description)
    row["text"] = picture.text
    row["labels"] = [name for name, shows in said.items() if shows]
    row["not_labels"] = [name for name, shows in said.items() if not shows]
    row["files"] = [
        {
            "path": os.fsdecode(file.path),
            "size": file.size,
            "mtime_ns": file.mtime_ns,
            "missing": file.missing,
            "sidecar": file.sidecar
            and {"stamp": file.sidecar.stamp, **_from_description(file.sidecar.description)},
        }
        for file in picture.files
    ]
    return row


def _from_description(description: Description) -> Row:
    return {**asdict(description), "keywords": list(description.keywords)}


def to_pictures(rows: Iterable[tuple[Row, NDArray[np.float16]]]) -> Iterator[PortablePicture]:
    """Pictures out of rows with their vectors, float16 (dim,).

    Raises:
        ValueError: A row isn't as `to_rows` gives it, or rows of a picture don't follow each other.
    """
    for digest, group in groupby(rows, key=lambda each: each[0].get("hash")):
        parts = list(group)
        try:
            if [row["part"] for row, _ in parts] != list(range(len(parts))):
                raise ValueError("its rows don't stand one after the other, part 0 first")  # noqa: TRY301
            yield _picture([row for row, _ in parts], np.stack([vector for _, vector in parts]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(
                f"the picture {digest} isn't as `imgsearch export` writes it ({error})"
            ) from error


def _picture(rows: list[Row], vectors: NDArray[np.float16]) -> PortablePicture:
    whole = rows[0]
    # Of what the file has no value, the catalog's default holds: other programs need not write everything.
    facts = {name: whole[name] for name in _FACTS if whole.get(name) is not None}
    if "taken_at" in facts:
        facts["taken_at"] = datetime.fromisoformat(facts["taken_at"])
    if "perceptual_hash" in facts:
        facts["perceptual_hash"] = bytes.fromhex(facts["perceptual_hash"])
    facts["flags"] = tuple(facts.get("flags", ()))
    return PortablePicture(
        ContentFacts(hash=_digest(whole["hash"]), description=_to_description(whole) or UNDESCRIBED, **facts),
        vectors,
        tuple(row.get("seconds") for row in rows),
        tuple(_file(file) for file in whole.get("files") or ()),
        whole.get("text"),
        dict.fromkeys(whole.get("labels") or (), True) | dict.fromkeys(whole.get("not_labels") or (), False),
    )


def _digest(text: str) -> bytes:
    digest = bytes.fromhex(text)
    if len(digest) != 32:
        raise ValueError("a hash is 64 hexadecimal digits")
    return digest


def _file(values: Row) -> PortableFile:
    beside = values.get("sidecar")
    return PortableFile(
        os.fsencode(values["path"]),
        values["size"],
        values["mtime_ns"],
        bool(values.get("missing")),
        beside and SidecarText(beside["stamp"], _to_description(beside)),
    )


def _to_description(values: Row) -> Description:
    said: Row = {name: values.get(name) for name in _SAID}
    return Description(**said | {"keywords": tuple(said["keywords"] or ())})
