import collections
import os
import pickle
import sys

import numpy as np
import pytest
from PIL import ExifTags, Image

from indexer.decoding.decode import Decoded, DecodePool, Hashed, Task, Unreadable, decode
from searchengine.cores import available_cores
from searchengine.encoders.preprocess import preprocess
from searchengine.encoders.spec import Preprocessing
from searchengine.images.hashes import content_hash
from searchengine.images.open import Limits, open_image
from searchengine.images.readers import missing_readers

SIZE = Preprocessing((64, 64), mean=(0, 0, 0), std=(1, 1, 1))


@pytest.fixture
def photo(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "Camera"
    path = tmp_path / "photo.jpg"
    Image.radial_gradient("L").resize((640, 480)).convert("RGB").save(path, exif=exif)
    return path


@pytest.fixture(scope="module")
def pool():
    with DecodePool(SIZE, workers=2) as pool:
        yield pool


def task(path, **options):
    return Task(os.fsencode(path), **options)


def test_a_picture_comes_back_ready_for_the_encoder(pool, photo):
    os.utime(photo, ns=(1, 1_600_000_000_123_456_789))
    decoded = pool.submit(task(photo)).result()
    assert isinstance(decoded, Decoded)
    assert (decoded.width, decoded.height, decoded.format, decoded.flags) == (640, 480, "JPEG", ())
    assert (decoded.size, decoded.mtime_ns) == (photo.stat().st_size, photo.stat().st_mtime_ns)
    assert decoded.hash == content_hash(photo.read_bytes())
    assert decoded.metadata.camera == "Camera"
    assert len(decoded.perceptual_hash) == 8
    assert (decoded.pixels.dtype, decoded.pixels.shape) == (np.uint8, (1, 64, 64, 3))
    assert np.array_equal(decoded.pixels[0], preprocess(open_image(photo, draft_to=128).image, SIZE))


def test_only_the_hash_is_to_be_had_without_decoding(pool, tmp_path):
    path = tmp_path / "no picture"
    path.write_bytes(b"anything" * 100_000)
    assert pool.submit(task(path, hash_only=True)).result() == Hashed(
        content_hash(path.read_bytes()), 800_000, path.stat().st_mtime_ns
    )


def test_a_path_need_not_be_utf8(pool, photo):
    path = os.fsencode(photo.parent) + b"/caf\xe9\xff.jpg"
    os.rename(photo, path)
    assert isinstance(pool.submit(Task(path)).result(), Decoded)


@pytest.mark.parametrize("hash_only", [False, True])
def test_what_cannot_be_read_is_a_value_with_a_reason(pool, tmp_path, hash_only):
    os.mkfifo(tmp_path / "pipe.jpg")  # without a writer: opening it would wait for one
    (tmp_path / "folder.jpg").mkdir()
    for name, kind, words in [
        ("gone.jpg", "gone", "isn't there"),
        ("gone/gone.jpg", "gone", "isn't there"),
        ("pipe.jpg", "unsupported", "pipe"),
        ("folder.jpg", "unsupported", "folder"),
    ]:
        answer = pool.submit(task(tmp_path / name, hash_only=hash_only)).result()
        assert isinstance(answer, Unreadable)
        assert (answer.path, answer.kind) == (os.fsencode(tmp_path / name), kind)
        assert words in answer.reason


def test_bad_content_is_told_by_kind(pool, photo, tmp_path):
    data = photo.read_bytes()
    for name, content, kind in [
        ("text.jpg", b"text", "unsupported"),
        ("empty.jpg", b"", "unsupported"),
        ("cut.jpg", data[:100], "damaged"),
    ]:
        (tmp_path / name).write_bytes(content)
        answer = pool.submit(task(tmp_path / name)).result()
        assert (type(answer), answer.kind) == (Unreadable, kind)
    (tmp_path / "truncated.jpg").write_bytes(data[: len(data) // 2])
    assert pool.submit(task(tmp_path / "truncated.jpg")).result().flags == ("truncated",)
    assert decode(task(photo), preprocessing=SIZE, limits=Limits(pixels=100)).kind == "limit"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PermissionError(13, "Permission denied"), "denied"),
        (OSError(5, "Input/output error"), "io"),
        (OSError(12, "Cannot allocate memory"), "memory"),
        (MemoryError(), "memory"),
        (AssertionError("a fault of ours"), "damaged"),
    ],
)
def test_whatever_goes_wrong_with_one_file_is_its_own_affair(photo, monkeypatch, error, kind):
    def fail(*_):
        raise error

    monkeypatch.setattr("indexer.decoding.decode.read_opened", fail)
    answer = decode(task(photo), preprocessing=SIZE)
    assert (type(answer), answer.kind) == (Unreadable, kind)
    assert answer.reason


@pytest.mark.parametrize(
    ("name", "head", "extra"),
    [("a.jxl", b"\xff\x0a", "jxl"), ("a.png", b"\xff\x0a", "jxl"), ("a.NEF", b"II*\0", "raw")],
)
def test_a_file_whose_reader_is_not_installed_is_tried_again_but_not_read(
    tmp_path, monkeypatch, name, head, extra
):
    (tmp_path / name).write_bytes(head + bytes(20))
    for module in ("imagecodecs", "rawpy"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr("indexer.decoding.decode.read_opened", lambda *_: pytest.fail("it was read"))
    missing_readers.cache_clear()
    try:
        answer = decode(task(tmp_path / name), preprocessing=SIZE)
    finally:
        missing_readers.cache_clear()
    assert (answer.kind, answer.is_passing) == ("extra", True)
    assert f"pip install 'imgsearch[{extra}]'" in answer.reason


def test_a_picture_that_needs_too_much_memory_is_refused_and_the_worker_lives_on(photo, tmp_path):
    Image.new("RGB", (7000, 7000)).save(tmp_path / "large.png", compress_level=1)
    with DecodePool(SIZE, workers=1, memory=200 << 20) as pool:
        large = pool.submit(task(tmp_path / "large.png")).result()
        assert (type(large), large.kind) == (Unreadable, "memory")
        assert isinstance(pool.submit(task(photo)).result(), Decoded)


def test_there_is_a_worker_for_every_core_by_default():
    assert DecodePool(SIZE).workers == available_cores() >= 1


def test_what_crosses_between_processes_is_small():
    """Pixels travel as they are: half as much again would mean that somebody widened them."""
    decoded = Decoded(bytes(32), 1, 1, 1, 1, "PNG", None, bytes(8), (), np.zeros((256, 256, 3), np.uint8))
    assert len(pickle.dumps(decoded, protocol=5)) < 256 * 256 * 3 + 2000


@pytest.mark.shared
def test_hostile_files_do_no_harm_and_every_failure_has_a_reason(shared):
    folder = shared / "hostile"
    rows = [line.split("\t") for line in (folder / "outcomes.tsv").read_text().splitlines()[1:]]
    with DecodePool(SIZE, workers=2, seconds=20) as pool:
        futures = [(row[1], row[2], pool.submit(task(folder / row[0]))) for row in rows]
        answers = [(expected, kind, future.result()) for expected, kind, future in futures]
    assert len(answers) == 1622
    failures = [answer for *_, answer in answers if isinstance(answer, Unreadable)]
    assert all(len(answer.reason) > 10 and "0x" not in answer.reason for answer in failures)
    assert collections.Counter(answer.kind for answer in failures).keys() <= {
        "damaged",
        "unsupported",
        "limit",
    }
    ours = {"JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "JPEG2000", "PSD", "AVIF", "HEIF", "MPO"}
    readable = [answer for expected, kind, answer in answers if expected == "ok" and kind in ours]
    good = sum(isinstance(answer, Decoded) for answer in readable)
    assert good / len(readable) > 0.98
    saved = [answer for expected, _, answer in answers if expected != "ok" and isinstance(answer, Decoded)]
    assert sum(bool(answer.flags) for answer in saved) >= len(saved) - 3
