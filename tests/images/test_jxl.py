import numpy as np
import pytest
from PIL import Image

from searchengine.errors import DamagedImageError, ImageLimitError
from searchengine.images.jxl import read_size
from searchengine.images.open import Limits, open_image
from tests.images.made import corners, jxl, jxl_of_jpeg, landscape, stored


@pytest.mark.parametrize("options", [{}, {"distance": 1.0}, {"usecontainer": True}])
def test_a_jpeg_xl_opens_with_or_without_boxes(options):
    picture = open_image(jxl(landscape(), **options))
    assert (picture.format, picture.width, picture.height, picture.flags) == ("JXL", 96, 64, ())
    assert (picture.image.mode, corners(picture.image)) == ("RGB", "rgby")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_turned_once_and_its_exif_is_read(orientation):
    """The decoder turns it by its own header; the same orientation in EXIF isn't applied again."""
    image, exif = stored(landscape(), orientation)
    picture = open_image(jxl_of_jpeg(image, exif))
    assert (picture.width, picture.height) == (96, 64)
    assert corners(picture.image) == "rgby"
    assert picture.metadata.camera == "Camera"


@pytest.mark.parametrize(
    "values",
    [
        np.full((8, 12), 200, np.uint8),
        np.full((8, 12, 3), 200 * 257, np.uint16),
        np.full((8, 12, 3), 200 / 255, np.float32),
        np.dstack([np.full((8, 12, 3), 200, np.uint8), np.full((8, 12), 255, np.uint8)]),
    ],
    ids=["grey", "16 bits", "float", "alpha"],
)
def test_every_kind_of_pixel_becomes_eight_bits_of_rgb(values):
    image = open_image(jxl(values, lossless=True)).image
    assert (image.mode, image.size) == ("RGB", (12, 8))
    assert all(abs(level - 200) <= 1 for level in image.getpixel((5, 5)))


def test_what_is_transparent_becomes_white():
    image = Image.new("RGBA", (16, 16), (10, 10, 10, 0))
    assert open_image(jxl(image, lossless=True)).image.getpixel((4, 4)) == (255, 255, 255)


def test_of_an_animation_the_first_frame_is_taken():
    frames = np.stack([np.full((16, 16, 3), level, np.uint8) for level in (200, 100, 0)])
    assert open_image(jxl(frames, lossless=True)).image.getpixel((4, 4)) == (200, 200, 200)


@pytest.mark.parametrize("size", [(8, 8), (96, 64), (64, 64), (320, 180), (1, 300), (5000, 3), (1201, 801)])
def test_the_size_is_known_from_the_header(size):
    assert read_size(jxl(Image.new("RGB", size))) == size


def test_more_pixels_than_are_allowed_are_refused_by_the_header():
    bomb = b"\xff\x0a" + (0b11 << 1 | (2**30 - 1) << 3 | 1 << 33).to_bytes(8, "little")
    assert read_size(bomb) == (2**30, 2**30)
    with pytest.raises(ImageLimitError, match="megapixels"):
        open_image(bomb)
    with pytest.raises(ImageLimitError, match="96 x 64"):
        open_image(jxl(landscape()), limits=Limits(pixels=6143))


def test_damage_is_told():
    data = jxl(landscape(), usecontainer=True)
    for cut in (12, 40, len(data) - 10):
        with pytest.raises(DamagedImageError, match="JPEG XL"):
            open_image(data[:cut])
    spoilt = bytearray(jxl(landscape(), distance=1.0))
    spoilt[30:60] = bytes(30)
    with pytest.raises(DamagedImageError, match="JPEG XL"):
        open_image(bytes(spoilt))
