"""Everything a library knows of one picture."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class PictureFile:
    """One of the files that hold a picture.

    Attributes:
        path: Absolute.
        root: The indexed folder it lies below.
        size: Bytes, when it was indexed.
        mtime_ns: Modification time, when it was indexed.
        missing: Whether it can't be reached.
    """

    path: str
    root: str
    size: int
    mtime_ns: int
    missing: bool


@dataclass(frozen=True, slots=True)
class PictureLabel:
    """What was said of a picture when a concept was taught.

    Attributes:
        name: The concept's.
        shows: Whether the picture shows it.
    """

    name: str
    shows: bool


@dataclass(frozen=True, slots=True)
class Details:
    """A picture with all that is known of it; None where it isn't.

    Attributes:
        id: The content's key in the catalog.
        hash: SHA-256 of its bytes, hexadecimal.
        size: Bytes.
        width: Pixels, upright.
        height: Pixels, upright.
        format: ``JPEG``, ``PNG``, …
        taken_at: Local time of the picture, without zone.
        camera: Maker and model.
        lens: The lens's model.
        focal_length: Millimetres, as on the lens.
        latitude: Degrees, north positive.
        longitude: Degrees, east positive.
        duration: Seconds that a video lasts; None for a picture.
        frames: Seconds into a video of the frames that can be found; empty for a picture.
        flags: What a user should know about the picture, e.g. ``truncated``.
        text: What stands in it, where that has been read.
        described: What imgsearch has said of it, where that was kept; people's captions stand in results.
        labels: The concepts that were taught by it.
        files: Where it lies, never empty: reachable ones first.
    """

    id: int
    hash: str
    size: int
    width: int
    height: int
    format: str
    taken_at: datetime | None
    camera: str | None
    lens: str | None
    focal_length: float | None
    latitude: float | None
    longitude: float | None
    duration: float | None
    frames: tuple[float, ...]
    flags: tuple[str, ...]
    text: str | None
    described: str | None
    labels: tuple[PictureLabel, ...]
    files: tuple[PictureFile, ...]

    @property
    def offline(self) -> bool:
        """True when none of its files can be reached."""
        return all(file.missing for file in self.files)

    def to_dict(self) -> dict[str, Any]:
        """As the JSON that the server sends."""
        values = asdict(self)
        values["taken_at"] = self.taken_at.isoformat() if self.taken_at else None
        first, *copies = (file.path for file in self.files)
        del values["files"]
        return {**values, "path": first, "copies": copies, "offline": self.offline}
