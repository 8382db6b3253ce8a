"""What EXIF says of a picture: when, with what, where. Never raises; what makes no sense is left out."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PIL import ExifTags

from searchengine.images.lines import clean_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL import Image

_DATE = re.compile(r"(\d{4})[:\-/.](\d{1,2})[:\-/.](\d{1,2})(?:[ T]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?)?")
_YEARS = range(1800, 2101)  # scans of old prints carry old dates; clocks gone wild lie outside

# Words after a maker's name that are its legal form, not its name.
_LEGAL_FORM = re.compile(
    r"[\s,]+(corporation|corp|company|co|ltd|limited|inc|gmbh|ag|imaging|optical)\b\.?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a picture says of itself; None where it doesn't, or says nonsense.

    Attributes:
        taken_at: Local time at the place, without zone, as cameras write it.
        camera: Maker and model, without repeating the maker: ``Canon EOS 5D``.
        lens: The lens's model.
        focal_length: Millimetres, as on the lens (not the 35 mm equivalent).
        latitude: Degrees, north positive.
        longitude: Degrees, east positive.
    """

    taken_at: datetime | None = None
    camera: str | None = None
    lens: str | None = None
    focal_length: float | None = None
    latitude: float | None = None
    longitude: float | None = None


def read_metadata(exif: Image.Exif | None) -> Metadata:
    """Read what is of use from an EXIF block, tag by tag, so that a broken one costs only itself."""
    if exif is None:
        return Metadata()
    main: Mapping[int, Any] = exif
    detail, gps = _directory(exif, ExifTags.IFD.Exif), _directory(exif, ExifTags.IFD.GPSInfo)
    latitude, longitude = _place(gps)
    return Metadata(
        taken_at=(
            parse_date(detail.get(ExifTags.Base.DateTimeOriginal))
            or parse_date(detail.get(ExifTags.Base.DateTimeDigitized))
            or parse_date(main.get(ExifTags.Base.DateTime))
        ),
        camera=camera_name(main.get(ExifTags.Base.Make), main.get(ExifTags.Base.Model)),
        lens=clean_text(detail.get(ExifTags.Base.LensModel)),
        focal_length=_in_range(detail.get(ExifTags.Base.FocalLength), 0.1, 10_000),
        latitude=latitude,
        longitude=longitude,
    )


def first_known(*sources: Metadata) -> Metadata:
    """Each fact from the first source that knows it."""
    return Metadata(
        **{
            field.name: next(
                (value for source in sources if (value := getattr(source, field.name)) is not None), None
            )
            for field in fields(Metadata)
        }
    )


def _directory(exif: Image.Exif, tag: int) -> Mapping[int, Any]:
    try:
        return exif.get_ifd(tag)
    except Exception:  # noqa: BLE001 -- a bad offset raises whatever the bytes there happen to cause
        return {}


def parse_date(value: Any) -> datetime | None:
    """EXIF's ``2023:05:01 10:11:12`` and its misspellings, naive; None for ``0000:00:00`` and the like."""
    match = _DATE.match(clean_text(value) or "")
    if match is None or int(match[1]) not in _YEARS:
        return None
    try:
        return datetime(*(int(part or 0) for part in match.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return None


def camera_name(make: Any, model: Any) -> str | None:
    """Maker and model without repetition: ``NIKON CORPORATION`` and ``NIKON D850`` give ``NIKON D850``."""
    maker, body = clean_text(make), clean_text(model)
    if maker is None or body is None:
        return body or maker
    maker = _LEGAL_FORM.sub("", maker)
    if body.casefold().startswith(maker.split()[0].casefold()):
        return body
    return f"{maker} {body}"


def _place(gps: Mapping[int, Any]) -> tuple[float | None, float | None]:
    """(latitude, longitude) in degrees, or (None, None): half a place is none."""
    latitude = _angle(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), 90)
    longitude = _angle(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), 180)
    if latitude is None or longitude is None:
        return None, None
    if latitude == 0 and longitude == 0:  # what receivers write before they know
        return None, None
    return latitude, longitude


def _angle(value: Any, reference: Any, largest: float) -> float | None:
    """Degrees, minutes, seconds (or fewer of them) and N, S, E or W as signed degrees."""
    parts = value if isinstance(value, tuple | list) else (value,)
    numbers = [_number(part) for part in parts[:3]]
    if not numbers or any(number is None for number in numbers):
        return None
    degrees = sum(number / 60**at for at, number in enumerate(numbers) if number is not None)
    if (clean_text(reference) or "").upper()[:1] in {"S", "W"}:
        degrees = -degrees
    return round(degrees, 7) if -largest <= degrees <= largest else None


def _in_range(value: Any, low: float, high: float) -> float | None:
    number = _number(value)
    return number if number is not None and low <= number <= high else None


def _number(value: Any) -> float | None:
    """A finite number from a rational, integer or (numerator, denominator) pair."""
    try:
        number = value[0] / value[1] if isinstance(value, tuple) and len(value) == 2 else float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return float(number) if math.isfinite(number) else None
