"""Videos: which frames are found, when they are, which way up, and how bad files end."""

from __future__ import annotations

import io
import random
import time
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from searchengine.errors import DamagedImageError, ImageError, ImageLimitError, UnsupportedImageError
from searchengine.images.container import read_container_metadata
from searchengine.images.formats import HEAD_BYTES, VIDEO_FORMATS, sniff
from searchengine.images.limits import DEFAULT_LIMITS
from searchengine.images.metadata import Metadata
from searchengine.images.open import open_image
from searchengine.images.video import read_frame, read_video
from tests.films import SIZE, film, song, still

pytest.importorskip("av")

RED, GREEN, BLUE = still(1), still(2), still(3)
BLACK = Image.new("RGB", SIZE)


def read(data, *, limits=DEFAULT_LIMITS, draft_to=None):
    return read_video(io.BytesIO(data), sniff(data[:HEAD_BYTES]), draft_to=draft_to, limits=limits)


def times(data, **options):
    return [frame.seconds for frame in read(data, **options).frames]


def difference(one, other):
    return float(np.abs(np.asarray(one, np.float32) - np.asarray(other, np.float32)).mean())


@pytest.mark.parametrize(
    ("container", "codec", "name"),
    [
        ("mp4", "libx264", "MP4"),
        ("mov", "libx264", "MOV"),
        ("3gp", "libx264", "3GP"),
        ("matroska", "libx264", "MKV"),
        ("webm", "libvpx-vp9", "WEBM"),
        ("avi", "mpeg4", "AVI"),
        ("mpegts", "libx264", "MTS"),
        ("mpeg", "mpeg2video", "MPEG"),
        ("asf", "wmv2", "WMV"),
    ],
)
def test_each_scene_gives_a_frame_that_shows_it_in_every_container(container, codec, name):
    data = film((RED, 4), (GREEN, 4), (BLUE, 4), container=container, codec=codec)
    assert sniff(data[:HEAD_BYTES]) == name
    found = read(data)
    assert (found.width, found.height, found.flags) == (*SIZE, ())
    assert found.duration == pytest.approx(12, abs=0.3)
    assert len(found.frames) == 3
    for at, (frame, shown) in enumerate(zip(found.frames, (RED, GREEN, BLUE), strict=True)):
        assert 4 * at - 0.01 <= frame.seconds < 4 * at + 3
        assert difference(frame.image, shown) < 12


def test_every_kind_of_video_that_is_sniffed_is_read():
    assert {"MP4", "MOV", "3GP", "MKV", "WEBM", "AVI", "MTS", "MPEG", "WMV"} == VIDEO_FORMATS


def test_one_scene_is_one_frame_however_long():
    assert times(film((RED, 30))) == [0.0]


def test_a_scene_that_comes_again_is_not_taken_again():
    assert times(film((RED, 4), (GREEN, 4), (RED, 4))) == [0.0, 4.0]


def test_where_key_frames_are_far_apart_what_lies_between_is_found():
    found = times(film((RED, 7), (GREEN, 7), (BLUE, 7), every=1000))
    assert len(found) == 3
    assert 7 <= found[1] < 14 <= found[2]


def test_the_first_black_frames_are_not_taken():
    (frame,) = read(film((BLACK, 2), (RED, 4), every=1000)).frames
    assert difference(frame.image, RED) < 12
    assert times(film((BLACK, 3), (RED, 3)))[0] >= 3
    assert times(film((BLACK, 6))) == [0.0]


@pytest.mark.parametrize(
    ("degrees", "turn"),
    [
        (0, None),
        (90, Image.Transpose.ROTATE_90),
        (180, Image.Transpose.ROTATE_180),
        (-90, Image.Transpose.ROTATE_270),
    ],
)
def test_frames_are_upright(degrees, turn):
    found = read(film((RED, 2), turned=degrees))
    upright = RED.transpose(turn) if turn is not None else RED
    assert (found.width, found.height) == upright.size
    assert difference(found.frames[0].image, upright) < 12


def test_frames_are_drafted_but_not_below():
    found = read(film((still(1, (640, 480)), 2)), draft_to=100)
    assert found.frames[0].image.size == (134, 100)
    assert (found.width, found.height) == (640, 480)
    assert read(film((RED, 2)), draft_to=1000).frames[0].image.size == SIZE


def test_a_frame_that_was_chosen_can_be_had_again():
    data = film((RED, 7), (GREEN, 7), every=1000)
    for frame in read(data).frames:
        again = read_frame(io.BytesIO(data), "MP4", at=frame.seconds, draft_to=None, limits=DEFAULT_LIMITS)
        assert again.frames[0].seconds == frame.seconds
        assert difference(again.frames[0].image, frame.image) == 0


def test_a_video_opens_as_its_first_frame_with_something_to_see():
    picture = open_image(film((BLACK, 2), (RED, 4)))
    assert (picture.format, picture.width, picture.height) == ("MP4", *SIZE)
    assert difference(picture.image, RED) < 12


@pytest.mark.parametrize("sound", [True, False])
def test_sound_makes_no_difference(sound):
    assert times(film((RED, 4), (GREEN, 4), sound=sound)) == [0.0, 4.0]


def test_nothing_but_sound_is_no_video():
    with pytest.raises(UnsupportedImageError, match="only sound"):
        read(song())


@pytest.mark.parametrize(
    "data", [film((RED, 3))[:40], film((RED, 3), fast=False)[:-200], b"\0\0\0\x14ftypmp42" + bytes(500)]
)
def test_what_holds_no_frame_is_damaged(data):
    with pytest.raises(DamagedImageError, match="restore it from a copy"):
        read(data)


def test_a_video_that_is_cut_short_keeps_what_is_there_and_says_so():
    noise = np.random.default_rng(0)

    def scene():
        return Image.fromarray(noise.integers(0, 256, (120, 160, 3), dtype=np.uint8))

    data = film(*((scene(), 2) for _ in range(8)))
    found = read(data[: len(data) // 2])
    assert found.flags == ("truncated",)
    assert 2 <= len(found.frames) < 8
    assert found.frames[-1].seconds < 10


def test_more_pixels_than_allowed_are_refused_before_they_are_decoded():
    with pytest.raises(ImageLimitError, match="megapixels"):
        read(film((RED, 2)), limits=replace(DEFAULT_LIMITS, pixels=10_000))


def test_looking_ends_when_the_time_is_over():
    found = read(film((RED, 4), (GREEN, 4)), limits=replace(DEFAULT_LIMITS, video_seconds=0.0))
    assert (len(found.frames), found.flags) == (1, ("partial",))


def test_without_pyav_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(UnsupportedImageError, match=r"imgsearch\[video\]"):
        read(b"\0\0\0\x14ftypmp42")


def test_what_the_disk_does_not_give_is_no_damage():
    class BadDisk(io.BytesIO):
        def read(self, *_):
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        read_video(BadDisk(), "MP4", draft_to=None, limits=DEFAULT_LIMITS)


@pytest.mark.parametrize("container", ["mp4", "matroska", "avi", "mpegts"])
def test_a_video_with_bits_flipped_is_read_or_refused_in_words(container):
    data = film((RED, 2), (GREEN, 2), container=container, codec="mpeg4")
    dice = random.Random(container)
    start = time.monotonic()
    outcomes = set()
    for _ in range(60):
        mutant = bytearray(data)
        for _ in range(dice.choice([1, 10, 100])):
            mutant[dice.randrange(len(mutant))] = dice.randrange(256)
        try:
            read_video(io.BytesIO(mutant), sniff(data[:HEAD_BYTES]), draft_to=64, limits=DEFAULT_LIMITS)
            outcomes.add("read")
        except ImageError as error:
            outcomes.add(str(error))
    assert "read" in outcomes
    assert [words for words in outcomes if words != "read" and "; " not in words] == []
    assert time.monotonic() - start < 60 * DEFAULT_LIMITS.video_seconds


def test_what_the_container_says_of_when_where_and_with_what():
    apple = {
        "creation_time": "2023-05-01T21:30:00.000000Z",
        "com.apple.quicktime.creationdate": "2023-05-01T23:30:00+0200",
        "com.apple.quicktime.make": "Apple",
        "com.apple.quicktime.model": "iPhone 14",
        "com.apple.quicktime.location.ISO6709": "+48.8577-002.2950+035.0/",
    }
    found = read(film((RED, 1), tags=apple)).metadata
    assert found.taken_at == datetime(2023, 5, 1, 23, 30)
    assert (found.camera, found.latitude, found.longitude) == ("Apple iPhone 14", 48.8577, -2.295)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone can't be changed here")
def test_a_clock_in_utc_is_read_as_this_computers_time(monkeypatch):
    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()
    try:
        found = read_container_metadata({"creation_time": "2023-05-01T23:30:00.000000Z"})
    finally:
        monkeypatch.undo()
        time.tzset()
    assert found.taken_at == datetime(2023, 5, 2, 0, 30)


@pytest.mark.parametrize(
    "tags",
    [
        {"creation_time": "1904-01-01T00:00:00.000000Z"},
        {"creation_time": "1970-01-01T00:00:00.000000Z"},
        {"creation_time": "yesterday"},
        {"location": "somewhere"},
        {"location": "+99.0+200.0/"},
    ],
)
def test_what_makes_no_sense_is_left_out(tags):
    assert read_container_metadata(tags) == Metadata()
