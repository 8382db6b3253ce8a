import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.GifImagePlugin import GifImageFile

from searchengine.errors import DamagedImageError, ImageError, ImageLimitError, UnsupportedImageError
from searchengine.images.failures import explain, plain_words
from searchengine.images.open import open_image
from searchengine.images.quiet import quiet_decoders
from tests.images.made import encoded


def noisy(width=240, height=160):
    return Image.fromarray(np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8))


def bomb(width, height):
    """A PNG of a few hundred bytes that claims any size."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("draft_to", [None, 448])
@pytest.mark.parametrize("data", [bomb(30_000, 30_000), bomb(2**31 - 1, 1), bomb(20_000, 10_000)])
def test_a_bomb_is_refused_by_its_header(data, draft_to):
    with pytest.raises(ImageLimitError, match="megapixels"):
        open_image(data, draft_to=draft_to)


def test_a_jpeg_bomb_is_refused_although_it_would_be_decoded_smaller():
    data = bytearray(encoded(noisy(16, 16), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65_000, 65_000)
    with pytest.raises(ImageLimitError):
        open_image(bytes(data), draft_to=448)


@pytest.mark.parametrize("kind", ["JPEG", "progressive JPEG", "PNG", "GIF", "TIFF", "BMP", "drafted JPEG"])
def test_of_a_truncated_picture_what_is_there_is_kept_and_flagged(kind):
    options = {"progressive": True} if kind.startswith("progressive") else {}
    data = encoded(noisy(), kind.split()[-1], **options)
    picture = open_image(data[: len(data) * 2 // 3], draft_to=40 if kind.startswith("drafted") else None)
    assert picture.flags == ("truncated",)
    assert (picture.width, picture.height) == (240, 160)
    rows = np.asarray(picture.image).std(axis=(1, 2)) > 10
    assert rows.mean() > 0.4, (
        "about the first two thirds are there; of a BMP the last, of progressive ones all"
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "JPEG2000", "AVIF"])
def test_of_a_file_that_ends_before_the_picture_there_is_only_an_error(kind):
    data = encoded(noisy(), kind)
    spoken = {"WEBP": "WebP", "JPEG2000": "JPEG 2000"}.get(kind, kind)
    with pytest.raises(DamagedImageError, match=f"the {spoken} "):
        open_image(data[:40])


def test_damage_in_the_middle_is_flagged_too():
    data = bytearray(encoded(noisy(), "PNG"))
    data[len(data) * 3 // 4] ^= 0xFF
    assert open_image(bytes(data)).flags == ("damaged",)


def test_of_an_endless_gif_only_the_first_frame_is_looked_at(monkeypatch):
    frames = [Image.new("L", (8, 8), level) for level in range(200)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    looked_at = []
    seek = GifImageFile._seek
    monkeypatch.setattr(
        GifImageFile, "_seek", lambda self, frame, *rest: (looked_at.append(frame), seek(self, frame, *rest))
    )
    open_image(data)
    assert looked_at == [0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "an empty file"),
        (b"just text", "text"),
        (bytes(100), "zeros"),
        (b"%PDF-1.4", "PDF"),
    ],
)
def test_what_is_no_picture_is_called_what_it_is(tmp_path, data, words):
    path = tmp_path / "no picture.jpg"
    path.write_bytes(data)
    with pytest.raises(UnsupportedImageError, match=words):
        open_image(path)


def test_a_folder_is_no_picture(tmp_path):
    with pytest.raises(UnsupportedImageError, match="a folder"):
        open_image(tmp_path)


def test_a_file_that_is_not_there_raises_what_the_system_says(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_image(tmp_path / "gone.jpg")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), ImageLimitError),
        (Image.DecompressionBombError("big"), ImageLimitError),
        (RuntimeError("Security limit exceeded: Image size 200x536871038"), ImageLimitError),
        (RuntimeError("Pixel allocation failed: Out of memory"), ImageLimitError),
        (NotImplementedError("cannot handle this"), UnsupportedImageError),
        (OSError("Unsupported BMP compression (6)"), UnsupportedImageError),
        (OSError("image file is truncated (3 bytes not processed)"), DamagedImageError),
        (struct.error("unpack_from requires a buffer"), DamagedImageError),
        (RuntimeError("decoder <_io.BytesIO object at 0x7f00> said no"), DamagedImageError),
        (UnsupportedImageError("as it was"), UnsupportedImageError),
    ],
)
def test_whatever_a_decoder_raises_becomes_one_of_ours(error, kind):
    explained = explain(error, "PNG")
    assert type(explained) is kind
    assert "0x" not in str(explained)


def test_a_message_is_one_readable_line():
    assert plain_words(OSError("cannot identify image file <_io.BytesIO object at 0x7fab>")) == (
        "cannot identify image file"
    )
    assert plain_words(ValueError("")) == "its structure makes no sense"
    assert len(plain_words(ValueError("long " * 100))) == 120
    assert "\n" not in plain_words(ValueError("two\nlines"))


@given(
    kind=st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "JPEG2000"]),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.floats(0.1, 1),
)
@settings(max_examples=150)
def test_a_mutilated_file_gives_a_picture_or_an_error_of_ours(kind, changes, cut):
    data = bytearray(encoded(noisy(48, 32), kind))
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    with suppress(ImageError):
        assert open_image(bytes(data[: int(cut * len(data))]), draft_to=16).image.mode == "RGB"


def test_decoders_warnings_are_kept_quiet_in_every_thread_and_heard_again_afterwards():
    filters = list(warnings.filters)

    def warn(_):
        with quiet_decoders():
            warnings.warn_explicit("junk", UserWarning, "TiffImagePlugin.py", 1, module="PIL.TiffImagePlugin")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(warn, range(200)))
    assert warnings.filters == filters
    with pytest.raises(UserWarning), quiet_decoders():
        warnings.warn("somebody else's", UserWarning, stacklevel=1)
