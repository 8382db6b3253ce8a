"""The filters there are: every key of the query language, and how its values are read and written."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, get_args

from searchengine.filters import LABEL_KEY, Choice, Circle, Comparison, Moment, Number, Pattern, Value

if TYPE_CHECKING:
    from collections.abc import Callable

_COMPARED = re.compile(r"(<=|>=|<|>|=)?(.+)", re.DOTALL)
_MEASURE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)
_DATES = (
    (re.compile(r"\d{4}"), "%Y"),
    (re.compile(r"\d{4}-\d{1,2}"), "%Y-%m"),
    (re.compile(r"\d{4}-\d{1,2}-\d{1,2}"), "%Y-%m-%d"),
    (re.compile(r"\d{4}-\d{1,2}-\d{1,2}T\d{1,2}:\d{2}"), "%Y-%m-%dT%H:%M"),
    (re.compile(r"\d{4}-\d{1,2}-\d{1,2}T\d{1,2}:\d{2}:\d{2}"), "%Y-%m-%dT%H:%M:%S"),
)
# Powers of ten, as disks and file managers count.
_BYTES = {"": 1, "b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9}
_KILOMETRES = {"": 1, "km": 1, "m": 1e-3, "mi": 1.609344}
_TYPES = {
    "jpg": "jpeg",
    "tif": "tiff",
    "heic": "heif",
    "jp2": "jpeg2000",
    "j2k": "jpeg2000",
    "jpegxl": "jxl",
    "m4v": "mp4",
    "mpg": "mpeg",
    "m2ts": "mts",
    "ts": "mts",
    "asf": "wmv",
    **dict.fromkeys(("videos", "movie", "film"), "video"),
    **dict.fromkeys(("images", "picture", "photo"), "image"),
    **dict.fromkeys(("dng", "cr2", "cr3", "nef", "arw", "raf", "orf", "rw2"), "raw"),
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the query language.

    Attributes:
        name: As it stands before the colon.
        read: A value's text to the value; ValueError says what is wrong with it, in words.
        write: The other way round.
        example: A value that is right, for messages and help.
    """

    name: str
    read: Callable[[str], Value]
    write: Callable[[Value], str]
    example: str


def _read_pattern(text: str) -> Value:
    return Pattern(text)


def _write_pattern(value: Value) -> str:
    assert isinstance(value, Pattern)  # noqa: S101  a key writes only what it reads
    return value.text


def _read_type(text: str) -> Value:
    name = text.lower().removeprefix(".")
    name = _TYPES.get(name, name)
    # Here, because a query without this filter does without.
    from searchengine.images.formats import EXTRAS, PLUGINS

    known = ["image", "video", *(each.lower() for each in (*PLUGINS, *EXTRAS))]
    if name not in known:
        raise ValueError(f"it is one of {', '.join(known)}")
    return Choice(name)


def _choice(*words: str) -> Callable[[str], Value]:
    def read(text: str) -> Value:
        if text.lower() not in words:
            raise ValueError(f"it is one of {', '.join(words)}")
        return Choice(text.lower())

    return read


def _write_choice(value: Value) -> str:
    assert isinstance(value, Choice)  # noqa: S101
    return value.text


def _number(units: dict[str, float], default: Comparison = "=") -> Callable[[str], Value]:
    def read(text: str) -> Value:
        compared = _COMPARED.fullmatch(text)
        measure = _MEASURE.fullmatch(compared[2]) if compared else None
        if compared is None or measure is None or measure[2].lower() not in units:
            named = ", ".join(unit for unit in units if unit)
            raise ValueError("it takes a number" + (f", also with {named}" if named else ""))
        comparison = next((known for known in get_args(Comparison) if known == compared[1]), default)
        return Number(comparison, float(measure[1]) * units[measure[2].lower()])

    return read


def _write_number(value: Value) -> str:
    assert isinstance(value, Number)  # noqa: S101
    return f"{value.comparison}{plain_number(value.value)}"


def _read_lens(text: str) -> Value:
    """A focal length in millimetres, or a part of the lens's name."""
    try:
        return _number({"mm": 1})(text)
    except ValueError:
        return Pattern(text)


def _write_lens(value: Value) -> str:
    return f"{_write_number(value)}mm" if isinstance(value, Number) else _write_pattern(value)


def _read_moment(text: str) -> Value:
    for shape, form in _DATES:
        if shape.fullmatch(text):
            try:
                return Moment(datetime.strptime(text, form), text)  # noqa: DTZ007  a picture's time has no zone
            except ValueError:
                raise ValueError("there is no such date") from None
    raise ValueError("it takes a year, a month or a day, as in 2021, 2021-06 or 2021-06-30")


def _write_moment(value: Value) -> str:
    assert isinstance(value, Moment)  # noqa: S101
    return value.text


def _read_circle(text: str) -> Value:
    parts = text.split(",")
    distance = _MEASURE.fullmatch(parts[2].strip()) if len(parts) == 3 else None
    try:
        latitude, longitude = (float(part) for part in parts[:2])
    except ValueError:
        latitude = longitude = math.nan
    if distance is None or distance[2].lower() not in _KILOMETRES or not math.isfinite(latitude + longitude):
        raise ValueError("it takes latitude, longitude and a distance, with commas between them")
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError("latitudes go from -90 to 90 and longitudes from -180 to 180")
    return Circle(latitude, longitude, float(distance[1]) * _KILOMETRES[distance[2].lower()])


def _write_circle(value: Value) -> str:
    assert isinstance(value, Circle)  # noqa: S101
    return ",".join(map(plain_number, (value.latitude, value.longitude, value.radius)))


def plain_number(number: float) -> str:
    """A number in digits that read back as the same float, never with an exponent."""
    if number == int(number):
        return str(int(number))
    text = repr(number)
    return text if "e" not in text else f"{number:.340f}".rstrip("0")


def _read_label(text: str) -> Value:
    return Choice(text.strip().lower())


_PIXELS = _number({"": 1, "px": 1})

KEYS = {
    key.name: key
    for key in (
        Key("camera", _read_pattern, _write_pattern, "canon"),
        Key("lens", _read_lens, _write_lens, "50mm"),
        Key("type", _read_type, _write_choice, "heic"),
        Key("path", _read_pattern, _write_pattern, "2021/*"),
        Key("name", _read_pattern, _write_pattern, "IMG_*"),
        Key("after", _read_moment, _write_moment, "2021-06"),
        Key("before", _read_moment, _write_moment, "2022"),
        Key("width", _PIXELS, _write_number, ">2000"),
        Key("height", _PIXELS, _write_number, ">2000"),
        Key("mp", _number({"": 1, "mp": 1}), _write_number, ">12"),
        Key("size", _number(_BYTES), _write_number, "<2mb"),
        Key("near", _read_circle, _write_circle, "48.85,2.35,10km"),
        Key(
            "orientation",
            _choice("portrait", "landscape", "square"),
            _write_choice,
            "portrait",
        ),
        Key("keyword", _read_pattern, _write_pattern, "beach"),
        Key(LABEL_KEY, _read_label, _write_choice, "rex"),
        Key("rating", _number({"": 1}), _write_number, ">3"),
    )
}
EXAMPLE_KEY = "image"
