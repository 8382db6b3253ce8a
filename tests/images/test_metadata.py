import struct
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, TiffImagePlugin

from searchengine.images.lines import clean_text
from searchengine.images.metadata import Metadata, camera_name, parse_date, read_metadata
from searchengine.images.open import open_image
from tests.images.made import encoded, landscape

BASE, GPS = ExifTags.Base, ExifTags.GPS


def exif_block(main=None, detail=None, gps=None):
    """As it is read from a file: Pillow keeps what was read differently from what was set."""
    exif, read = Image.Exif(), Image.Exif()
    exif.update(main or {})
    exif[ExifTags.IFD.Exif] = detail or {}
    exif[ExifTags.IFD.GPSInfo] = gps or {}
    read.load(exif.tobytes())
    return read


FULL = {
    "main": {BASE.Make: "Canon", BASE.Model: "Canon EOS 5D", BASE.DateTime: "2024:01:01 00:00:00"},
    "detail": {
        BASE.DateTimeOriginal: "2023:05:01 10:11:12",
        BASE.LensModel: "EF24-105mm f/4L IS USM",
        BASE.FocalLength: 50.0,
    },
    "gps": {
        GPS.GPSLatitudeRef: "S",
        GPS.GPSLatitude: (33.0, 51.0, 24.0),
        GPS.GPSLongitudeRef: "W",
        GPS.GPSLongitude: (151.0, 12.0, 36.0),
    },
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_what_a_camera_writes_is_read_from_every_format_that_carries_it(kind):
    picture = open_image(encoded(landscape(), kind, exif=exif_block(**FULL)))
    assert picture.metadata == Metadata(
        taken_at=datetime(2023, 5, 1, 10, 11, 12),
        camera="Canon EOS 5D",
        lens="EF24-105mm f/4L IS USM",
        focal_length=50.0,
        latitude=-33.8566667,
        longitude=-151.21,
    )


def test_a_picture_without_exif_says_nothing():
    assert open_image(encoded(landscape(), "PNG")).metadata == Metadata()
    assert read_metadata(None) == Metadata()


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2023:05:01 10:11:12", (2023, 5, 1, 10, 11, 12)),
        ("2023-05-01T10:11:12+02:00", (2023, 5, 1, 10, 11, 12)),
        ("2023:05:01 10:11", (2023, 5, 1, 10, 11)),
        ("2023/5/1", (2023, 5, 1)),
        ("2023:05:01 10:11:12\0junk", (2023, 5, 1, 10, 11, 12)),
        (b"2023:05:01 10:11:12", (2023, 5, 1, 10, 11, 12)),
        ("1891:06:30 00:00:00", (1891, 6, 30)),
        ("0000:00:00 00:00:00", None),
        ("2023:02:30 10:11:12", None),
        ("2023:05:01 25:11:12", None),
        ("9999:01:01 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("", None),
        (None, None),
        (20230501, None),
        ("yesterday", None),
    ],
)
def test_dates(text, date):
    assert parse_date(text) == (date and datetime(*date))


def test_the_time_of_the_picture_comes_before_the_time_of_the_file():
    exif = exif_block({BASE.DateTime: "2024:01:01 00:00:00"}, {BASE.DateTimeOriginal: "0000:00:00 00:00:00"})
    assert read_metadata(exif).taken_at == datetime(2024, 1, 1)


@pytest.mark.parametrize(
    ("make", "model", "name"),
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("NIKON CORPORATION", "NIKON D850", "NIKON D850"),
        ("NIKON CORPORATION", "COOLPIX P900", "NIKON COOLPIX P900"),
        ("SONY", "ILCE-7M3", "SONY ILCE-7M3"),
        ("OLYMPUS IMAGING CORP.  ", "E-M5", "OLYMPUS E-M5"),
        ("Apple\0\0", " iPhone 12 \0", "Apple iPhone 12"),
        (None, "Camera", "Camera"),
        ("Maker", None, "Maker"),
        ("Co", "X", "Co X"),
        ("", "  ", None),
        (None, None, None),
        (7, b"bytes\0", "bytes"),
    ],
)
def test_a_camera_is_named_without_repeating_its_maker(make, model, name):
    assert camera_name(make, model) == name


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Zeiss\0\0\0", "Zeiss"),
        ("  a \n b\t", "a b"),
        ("Caf\xc3\xa9", "Café"),
        ("Caf\xe9", "Café"),
        ("----", None),
        ("\x01\x02", None),
        (3.5, None),
    ],
)
def test_text_is_cleaned(value, text):
    assert clean_text(value) == text


@pytest.mark.parametrize(
    ("gps", "place"),
    [
        ({GPS.GPSLatitude: (48.0, 51.5, 0.0), GPS.GPSLongitude: (2.0, 21.0, 0.0)}, (48.8583333, 2.35)),
        ({GPS.GPSLatitude: (48.85,), GPS.GPSLongitude: 2.35}, (48.85, 2.35)),
        ({GPS.GPSLatitude: (float("nan"), 0.0, 0.0), GPS.GPSLongitude: (2.0, 0.0, 0.0)}, (None, None)),
        ({GPS.GPSLatitude: (91.0, 0.0, 0.0), GPS.GPSLongitude: (2.0, 0.0, 0.0)}, (None, None)),
        ({GPS.GPSLatitude: (9.0, 0.0, 0.0)}, (None, None)),
        ({GPS.GPSLatitude: (0.0, 0.0, 0.0), GPS.GPSLongitude: (0.0, 0.0, 0.0)}, (None, None)),
        ({GPS.GPSLatitude: "north", GPS.GPSLongitude: b"\0"}, (None, None)),
        ({GPS.GPSLatitude: (), GPS.GPSLongitude: ()}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_places(gps, place):
    exif = Image.Exif()
    exif._ifds[ExifTags.IFD.GPSInfo] = gps
    metadata = read_metadata(exif)
    assert (metadata.latitude, metadata.longitude) == place


def test_a_rational_with_denominator_zero_is_left_out():
    block = exif_block({}, {BASE.FocalLength: TiffImagePlugin.IFDRational(77, 3)}).tobytes()
    whole, zero = (struct.pack(">II", 77, below) for below in (3, 0))
    assert whole in block
    for focal_length, data in ((77 / 3, block), (None, block.replace(whole, zero))):
        picture = open_image(encoded(landscape(), "JPEG", exif=data))
        assert picture.metadata.focal_length == focal_length


@given(
    place=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=20),
    cut=st.floats(0.05, 1),
)
@settings(max_examples=200)
def test_junk_in_exif_never_costs_the_picture(place, cut):
    import io

    block = bytearray(exif_block(**FULL).tobytes())
    for where, value in place:
        block[6 + int(where * (len(block) - 7))] = value
    buffer = io.BytesIO()
    Image.new("RGB", (24, 16), "teal").save(
        buffer, "JPEG", exif=bytes(block[: max(8, int(cut * len(block)))])
    )
    picture = open_image(buffer.getvalue())
    assert sorted((picture.width, picture.height)) == [16, 24]
