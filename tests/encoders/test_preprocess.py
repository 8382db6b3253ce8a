import numpy as np
import pytest
from PIL import Image

from searchengine.encoders import preprocess as module
from searchengine.encoders.preprocess import preprocess, resized_size
from searchengine.encoders.spec import Preprocessing

SIZES = [(1, 1), (2, 3), (640, 480), (481, 333), (96, 96), (97, 96), (255, 256), (1000, 700)]
SIZES += [(300, 20), (20, 300), (33, 500)]


def asked(size, mode="shortest", interpolation="bicubic", fill=0):
    return Preprocessing(size, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), interpolation, mode, fill)


def open_clips(image, preprocessing):
    from open_clip.transform import PreprocessCfg, image_transform_v2

    transform = image_transform_v2(
        PreprocessCfg(
            size=preprocessing.size,
            mean=preprocessing.mean,
            std=preprocessing.std,
            interpolation=preprocessing.interpolation,
            resize_mode=preprocessing.resize_mode,
            fill_color=preprocessing.fill_color,
        ),
        is_train=False,
    )
    return (transform(image).numpy().transpose(1, 2, 0) * 255).round().astype(np.uint8)


def picture(size, mode="RGB"):
    pixels = np.random.default_rng(size[0] * 1000 + size[1]).integers(
        0, 256, (size[1], size[0], 3), dtype=np.uint8
    )
    return Image.fromarray(pixels).convert(mode)


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("target", [(96, 96), (97, 97), (256, 256), (96, 160), (160, 96)])
def test_pixels_are_open_clips(target, mode, interpolation):
    preprocessing = asked(target, mode, interpolation, fill=128)
    for size in SIZES:
        image = picture(size)
        pixels = preprocess(image, preprocessing)
        assert pixels.shape == (*target, 3)
        assert pixels.dtype == np.uint8
        assert np.array_equal(pixels, open_clips(image, preprocessing)), size


@pytest.mark.parametrize("mode", ["L", "CMYK", "YCbCr"])
def test_other_modes_become_rgb_where_open_clip_does_it(mode):
    image = picture((120, 80), mode)
    assert np.array_equal(preprocess(image, asked((64, 64))), open_clips(image, asked((64, 64))))


@pytest.mark.parametrize("size", [(5000, 30), (30, 5000), (9999, 201)])
def test_a_strip_is_open_clips_but_for_rounding(size):
    smooth = picture((40, 40)).resize(size, Image.Resampling.BICUBIC)
    preprocessing = asked((96, 96))
    assert module._is_strip(*size, preprocessing)
    difference = preprocess(smooth, preprocessing).astype(int) - open_clips(smooth, preprocessing)
    assert np.abs(difference).max() <= 2


def test_an_extreme_strip_takes_no_memory_worth_mentioning(monkeypatch):
    sizes = []
    resize = Image.Image.resize
    monkeypatch.setattr(
        Image.Image, "resize", lambda self, size, *a, **k: sizes.append(size) or resize(self, size, *a, **k)
    )
    assert preprocess(Image.new("RGB", (1, 60_000), "red"), asked((256, 256))).shape == (256, 256, 3)
    assert sizes == [(256, 256)]


def test_the_long_side_never_squeezes_the_short_one_to_nothing():
    assert resized_size(10_000, 1, asked((96, 96), "longest")) == (96, 1)
    assert preprocess(Image.new("RGB", (10_000, 1)), asked((96, 96), "longest")).shape == (96, 96, 3)
