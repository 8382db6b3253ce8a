import io
import os

import pytest
from PIL import Image

from searchengine.errors import DamagedImageError, ImageError
from searchengine.images.hashes import content_hash
from searchengine.images.thumbnails import keep_thumbnail, make_thumbnail, thumbnail_path, write_thumbnail
from tests.images.made import corners, encoded, landscape


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1200, 800), (320, 213)), ((800, 1200), (213, 320)), ((200, 100), (200, 100)), ((5000, 3), (320, 1))],
)
def test_a_thumbnail_fits_and_is_never_larger_than_the_picture(size, expected):
    thumbnail = Image.open(io.BytesIO(make_thumbnail(Image.new("RGB", size, "olive"))))
    assert (thumbnail.format, thumbnail.size) == ("WEBP", expected)


def test_thumbnails_are_spread_over_folders_by_hash(tmp_path):
    digest = content_hash(b"x")
    path = thumbnail_path(tmp_path, digest)
    assert path == tmp_path / "thumbnails" / digest.hex()[:2] / f"{digest.hex()}.webp"


def test_writing_replaces_and_leaves_nothing_else_behind(tmp_path):
    path = thumbnail_path(tmp_path, bytes(32))
    write_thumbnail(path, b"one")
    write_thumbnail(path, b"two")
    assert path.read_bytes() == b"two"
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_failed_write_leaves_nothing_behind(tmp_path, monkeypatch):
    path = thumbnail_path(tmp_path, bytes(32))
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_thumbnail(path, b"one")
    assert list(path.parent.iterdir()) == []


def test_a_thumbnail_is_made_once_and_kept(tmp_path):
    data = encoded(landscape(900, 600), "JPEG")
    photo = tmp_path / "a.jpg"
    photo.write_bytes(data)
    first = keep_thumbnail(tmp_path, content_hash(data), [b"/nowhere/a.jpg", os.fsencode(photo)])
    assert corners(Image.open(io.BytesIO(first)).convert("RGB")) == "rgby"
    photo.unlink()
    assert keep_thumbnail(tmp_path, content_hash(data), []) == first


def test_a_file_that_has_changed_gives_no_thumbnail(tmp_path):
    photo = tmp_path / "a.jpg"
    photo.write_bytes(encoded(landscape(), "JPEG"))
    with pytest.raises(DamagedImageError, match="index again"):
        keep_thumbnail(tmp_path, bytes(32), [os.fsencode(photo)])


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"text")
    with pytest.raises(ImageError, match="text"):
        keep_thumbnail(tmp_path, content_hash(b"text"), [os.fsencode(photo)])


def test_a_library_that_cannot_be_written_to_still_shows_thumbnails(tmp_path):
    data = encoded(landscape(), "JPEG")
    photo, library = tmp_path / "a.jpg", tmp_path / "not a folder"
    photo.write_bytes(data)
    library.write_bytes(b"")
    assert keep_thumbnail(library, content_hash(data), [os.fsencode(photo)])
