import math
import sys

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile

from searchengine.errors import ImageLimitError, UnsupportedImageError
from searchengine.images.open import Limits, open_image
from searchengine.images.pixels import to_rgb
from tests.images.made import corners, encoded, heif, landscape

FORMATS = ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "JPEG2000", "AVIF"]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_opens_as_rgb(name):
    picture = open_image(encoded(landscape(), name))
    assert (picture.format, picture.width, picture.height) == (name, 96, 64)
    assert (picture.image.mode, picture.image.size) == ("RGB", (96, 64))
    assert corners(picture.image) == "rgby"
    assert picture.flags == ()


def test_psd_opens():
    image = landscape()
    planes = b"".join(band.tobytes() for band in image.split())
    header = b"8BPS" + (1).to_bytes(2, "big") + bytes(6) + (3).to_bytes(2, "big")
    header += (
        (64).to_bytes(4, "big") + (96).to_bytes(4, "big") + (8).to_bytes(2, "big") + (3).to_bytes(2, "big")
    )
    picture = open_image(header + bytes(12) + bytes(2) + planes)
    assert picture.format == "PSD"
    assert corners(picture.image) == "rgby"


def test_heif_opens():
    picture = open_image(heif(landscape()))
    assert (picture.format, picture.width, picture.height) == ("HEIF", 96, 64)
    assert corners(picture.image) == "rgby"


@pytest.mark.parametrize(
    ("head", "module", "extra"),
    [
        ((24).to_bytes(4, "big") + b"ftypheic\0\0\0\0mif1heic", "pillow_heif", "heic"),
        (b"\xff\x0a" + bytes(20), "imagecodecs", "jxl"),
        (b"IIU\0" + bytes(20), "rawpy", "raw"),
    ],
)
def test_a_format_without_its_extra_says_what_to_install(monkeypatch, head, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UnsupportedImageError, match=rf"pip install 'imgsearch\[{extra}\]' and index again"):
        open_image(head)


def test_the_content_decides_not_the_extension(tmp_path):
    path = tmp_path / "really a jpeg.txt"
    path.write_bytes(encoded(landscape(), "JPEG"))
    assert open_image(path).format == "JPEG"
    assert open_image(str(path)).format == "JPEG"


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"),
        ("L", "PNG"),
        ("L", "JPEG"),
        ("LA", "PNG"),
        ("P", "PNG"),
        ("P", "GIF"),
        ("PA", "TIFF"),
        ("RGB", "TIFF"),
        ("RGBA", "PNG"),
        ("RGBA", "WEBP"),
        ("RGBA", "AVIF"),
        ("RGBX", "TIFF"),
        ("CMYK", "JPEG"),
        ("CMYK", "TIFF"),
        ("YCbCr", "TIFF"),
        ("LAB", "TIFF"),
        ("I;16", "PNG"),
        ("I;16", "TIFF"),
        ("I;16B", "TIFF"),
        ("I", "TIFF"),
        ("F", "TIFF"),
    ],
)
def test_every_mode_becomes_what_it_looks_like(mode, kind):
    """The left half is dark, the right half light, whatever the mode."""
    grey = np.repeat(np.repeat([[40, 220]], 32, axis=1), 64, axis=0).astype(np.uint8)
    picture = open_image(encoded(in_mode(grey, mode), kind))
    dark, light = (picture.image.getpixel((x, 32)) for x in (8, 56))
    if mode == "1":
        assert (max(dark), min(light)) == (0, 255)
    else:
        assert all(abs(value - 40) <= 12 for value in dark)
        assert all(abs(value - 220) <= 12 for value in light)


def in_mode(grey, mode):
    image = Image.fromarray(grey)
    rgb = image.convert("RGB")
    makers = {
        "1": lambda: image.point(lambda value: 255 * (value > 128)).convert("1"),
        "I;16": lambda: Image.fromarray(grey.astype(np.uint16) * 257),
        "I;16B": lambda: Image.fromarray((grey.astype(np.uint16) * 257).astype(">u2")),
        "I": lambda: Image.fromarray(grey.astype(np.int32) * 257),
        "F": lambda: Image.fromarray(grey.astype(np.float32) / 255),
        "LAB": lambda: ImageCms.profileToProfile(
            rgb, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        ),
        "P": lambda: rgb.quantize(8),
        "PA": lambda: rgb.quantize(8).convert("PA"),
    }
    made = makers.get(mode, lambda: rgb.convert(mode))()
    assert made.mode == mode
    return made


@pytest.mark.parametrize(
    "mode", ["RGBA", "LA", "P", "P with a colour", "RGB with a colour", "L with a colour", "PA"]
)
def test_what_is_transparent_becomes_white(mode):
    image = Image.new("RGBA", (64, 64), (10, 10, 10, 0))
    image.paste((90, 90, 90, 255), (0, 0, 32, 64))
    if mode == "LA":
        data = encoded(image.convert("LA"), "PNG")
    elif mode == "P":
        data = encoded(image.quantize(), "PNG")
    elif mode == "PA":
        data = encoded(image.convert("PA"), "TIFF")
    elif mode == "P with a colour":
        palette = Image.new("P", (64, 64), 1)
        palette.putpalette([90, 90, 90, 10, 10, 10])
        palette.paste(0, (0, 0, 32, 64))
        data = encoded(palette, "GIF", transparency=1)
    elif mode == "RGB with a colour":
        data = encoded(image.convert("RGB"), "PNG", transparency=(10, 10, 10))
    elif mode == "L with a colour":
        data = encoded(image.convert("RGB").convert("L"), "PNG", transparency=10)
    else:
        data = encoded(image, "PNG")
    for draft_to in (None, 16):
        opened = open_image(data, draft_to=draft_to).image
        side = opened.width
        assert opened.getpixel((side // 4, side // 2)) == (90, 90, 90)
        assert opened.getpixel((3 * side // 4, side // 2)) == (255, 255, 255)


def test_floats_outside_every_usual_range_are_stretched_and_not_a_number_is_black():
    values = np.full((8, 8), -1000.0, np.float32)
    values[:, 4:] = 1000.0
    values[0, 0] = math.nan
    values[0, 1] = math.inf
    image = open_image(encoded(Image.fromarray(values), "TIFF")).image
    assert image.getpixel((7, 7)) == (255, 255, 255)
    assert image.getpixel((1, 7)) == (0, 0, 0)


@pytest.mark.parametrize(("white", "scale"), [(1.0, 255), (255.0, 1), (65535.0, 255 / 65535)])
def test_floats_are_read_by_the_smallest_white_that_holds_them(white, scale):
    values = np.linspace(0, white, 64, dtype=np.float32).reshape(8, 8)
    image = open_image(encoded(Image.fromarray(values), "TIFF")).image
    assert np.abs(np.asarray(image)[:, :, 0] - values * scale).max() <= 0.51


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_of_an_animation_the_first_frame_is_taken(kind):
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green", "blue")]
    picture = open_image(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
    red, green, blue = picture.image.getpixel((16, 16))
    assert red > 240
    assert max(green, blue) < 15


def test_premultiplied_pixels_are_composited_too():
    image = Image.new("RGBA", (8, 8), (10, 10, 10, 0))
    assert to_rgb(image.convert("RGBa")).getpixel((4, 4)) == (255, 255, 255)
    assert to_rgb(image.convert("LA").convert("La")).getpixel((4, 4)) == (255, 255, 255)


def test_a_jpeg_with_more_pictures_in_it_is_a_jpeg():
    second = landscape().rotate(180)
    picture = open_image(encoded(landscape(), "MPO", save_all=True, append_images=[second]))
    assert picture.format == "JPEG"
    assert corners(picture.image) == "rgby"


@pytest.mark.parametrize("kind", FORMATS)
def test_drafted_a_picture_is_smaller_but_not_too_small_and_its_size_is_the_full_one(kind):
    picture = open_image(encoded(landscape(1200, 800), kind), draft_to=150)
    assert (picture.width, picture.height) == (1200, 800)
    assert 150 <= min(picture.image.size) < 300
    assert corners(picture.image) == "rgby"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_drafted_a_picture_looks_as_it_does_in_full(kind):
    photo = Image.radial_gradient("L").resize((1024, 768), Image.Resampling.BICUBIC).convert("RGB")
    data = encoded(photo, kind)
    full, draft = (open_image(data, draft_to=side).image.resize((64, 64)) for side in (None, 128))
    assert np.abs(np.asarray(full, np.int16) - np.asarray(draft, np.int16)).mean() < 1.5


def test_a_panorama_is_not_drafted_below_what_was_asked_for():
    assert open_image(encoded(landscape(4000, 200), "JPEG"), draft_to=150).image.size == (
        4000,
        200,
    )


def test_opening_leaves_the_process_as_it_was():
    pixels = Image.MAX_IMAGE_PIXELS
    assert open_image(encoded(landscape(), "JPEG")[:-40]).flags == ("truncated",)
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    assert pixels == Image.MAX_IMAGE_PIXELS


def test_limits_hold_for_pixels_and_bytes(tmp_path):
    data = encoded(landscape(100, 100), "PNG")
    assert open_image(data, limits=Limits(pixels=10_000)).width == 100
    with pytest.raises(ImageLimitError, match="100 x 100"):
        open_image(data, limits=Limits(pixels=9_999))
    path = tmp_path / "a.png"
    path.write_bytes(data)
    with pytest.raises(ImageLimitError, match="MB"):
        open_image(path, limits=Limits(file_bytes=100))


def test_a_jpeg_that_is_decoded_smaller_may_have_more_pixels_but_not_any_number():
    data = encoded(landscape(400, 400), "JPEG")
    limits = Limits(pixels=50_000, draft_factor=4)
    assert open_image(data, draft_to=50, limits=limits).width == 400
    with pytest.raises(ImageLimitError):
        open_image(data, limits=limits)
    with pytest.raises(ImageLimitError):  # drafted to 400: no smaller
        open_image(data, draft_to=400, limits=limits)
    with pytest.raises(ImageLimitError):
        open_image(data, draft_to=50, limits=Limits(pixels=30_000, draft_factor=4))
    progressive = encoded(landscape(400, 400), "JPEG", progressive=True)
    with pytest.raises(ImageLimitError):
        open_image(progressive, draft_to=50, limits=limits)
