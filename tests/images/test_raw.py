"""On DNG files made here, read by LibRaw: a sensor's mosaic, with the camera's JPEG or without."""

import pytest
from PIL import Image

from searchengine.errors import DamagedImageError, ImageLimitError, UnsupportedImageError
from searchengine.images.open import Limits, open_image
from searchengine.images.raw import is_raw_tiff
from tests.images.made import corners, dng, encoded, landscape, stored

rawpy = pytest.importorskip("rawpy")


def shot(orientation=1, *, preview=(1000, 800)):
    """A DNG of the landscape, held this way; its preview of this size."""
    image, _ = stored(landscape(1200, 800), orientation)
    if preview is None:
        return dng(image, orientation=orientation)
    small = image.resize(preview if image.width > image.height else preview[::-1])
    return dng(image, orientation=orientation, preview=encoded(small, "JPEG"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_cameras_own_picture_is_taken_upright_with_the_sensors_size(orientation):
    picture = open_image(shot(orientation))
    assert (picture.format, picture.width, picture.height) == ("RAW", 1200, 800)
    assert picture.image.size == (1000, 800)
    assert corners(picture.image) == "rgby"
    assert picture.metadata.camera == "Maker One"
    assert str(picture.metadata.taken_at) == "2021-02-03 04:05:06"


@pytest.mark.parametrize("preview", [None, (150, 100)], ids=["none", "a stamp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_without_a_preview_of_use_the_sensors_picture_is_developed_at_half_its_size(orientation, preview):
    picture = open_image(shot(orientation, preview=preview))
    assert (picture.width, picture.height) == (1200, 800)
    assert picture.image.size == (600, 400)
    assert corners(picture.image) == "rgby"


@pytest.mark.parametrize("says_so", [True, False])
@pytest.mark.parametrize("orientation", [6, 8])
def test_a_preview_with_exif_is_turned_whether_that_says_how_or_not(orientation, says_so):
    image, exif = stored(landscape(1200, 800), orientation)
    if not says_so:
        del exif[0x112]
    preview = encoded(image, "JPEG", exif=exif)
    preview = preview[:2] + preview[20:]  # without JFIF's block: cameras begin with EXIF
    assert corners(open_image(dng(image, orientation=orientation, preview=preview)).image) == "rgby"


def test_a_preview_that_is_upright_already_is_not_turned():
    image, _ = stored(landscape(1200, 800), 6)
    upright = encoded(landscape(1200, 800), "JPEG", exif=stored(landscape(), 1)[1])
    upright = upright[:2] + upright[20:]  # without JFIF's block: cameras begin with EXIF
    assert corners(open_image(dng(image, orientation=6, preview=upright)).image) == "rgby"


def test_drafted_it_is_smaller_but_its_size_is_the_full_one():
    picture = open_image(shot(preview=(1200, 800)), draft_to=150)
    assert (picture.width, picture.height) == (1200, 800)
    assert 150 <= min(picture.image.size) < 300


def test_a_stamp_is_better_than_nothing_where_the_sensor_has_too_many_pixels():
    limits = Limits(pixels=100_000)
    assert open_image(shot(preview=(150, 100)), limits=limits).image.size == (150, 100)
    with pytest.raises(ImageLimitError, match="1200 x 800"):
        open_image(shot(preview=None), limits=limits)


def test_a_raw_file_is_known_by_its_content_and_other_tiffs_stay_what_they_are():
    assert is_raw_tiff(shot())
    for options in ({}, {"compression": "tiff_lzw"}, {"save_all": True, "append_images": [landscape()]}):
        assert not is_raw_tiff(encoded(landscape(), "TIFF", **options))
    assert open_image(encoded(landscape(), "TIFF")).format == "TIFF"
    whole = shot()
    assert not any(is_raw_tiff(whole[:length]) for length in range(20))
    assert not is_raw_tiff(b"II*\0\x08\0\0\0" + b"\xff" * 40)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("LibRawFileUnsupportedError", UnsupportedImageError),
        ("LibRawUnsufficientMemoryError", ImageLimitError),
        ("LibRawMemPoolOverflowError", ImageLimitError),
        ("LibRawDataError", DamagedImageError),
    ],
)
def test_what_libraw_says_is_said_in_our_words(monkeypatch, name, error):
    def fail(*_):
        raise getattr(rawpy, name)(b"Something went wrong")

    class Failing:
        __enter__ = open_buffer = fail
        __exit__ = fail

    monkeypatch.setattr(rawpy, "RawPy", Failing)
    with pytest.raises(error, match="camera RAW"):
        open_image(shot())


def test_a_raw_file_cut_short_is_an_error_or_its_preview():
    whole = shot(preview=None)
    for length in (100, 400, 1000):
        with pytest.raises((DamagedImageError, UnsupportedImageError)):
            open_image(whole[:length])


def test_a_preview_that_is_no_picture_is_passed_over():
    image = landscape(1200, 800)
    data = bytearray(dng(image, preview=encoded(Image.new("RGB", (1000, 800)), "JPEG")))
    at = data.index(b"\xff\xd8\xff")
    data[at + 2 : at + 40] = bytes(38)
    assert open_image(bytes(data)).image.size == (600, 400)
