"""Videos on their way into a library and through its life, with real decoding and a counting stand-in."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from sqlalchemy import select

from indexer.cli.report import remarks
from indexer.decoding.decode import Decoded, DecodePool, Task, Unreadable, decode
from indexer.disk import scan as scanning
from indexer.disk.scan import scan
from indexer.switching.switch import Switch
from indexer.update import Update
from indexer.upkeep.forget import forget
from searchengine import Library
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.models import Content, Embedding
from searchengine.images.formats import VIDEO_FORMATS
from searchengine.verify.library import verify
from tests.films import film, song, still
from tests.indexer.conftest import PREPROCESSING, CountingEncoder
from tests.indexer.in_process import InProcessPool
from tests.pictures import paint

pytest.importorskip("av")

CLIP = film((still(1), 4), (still(2), 4), (still(3), 4))


@pytest.fixture
def folder(tmp_path):
    """A picture and a video of three scenes."""
    folder = tmp_path / "photos"
    paint(folder / "a.jpg", 1)
    (folder / "clip.mp4").write_bytes(CLIP)
    return folder


def embeddings(library):
    """(part, seconds, duration) of every embedding of every space, in their order."""
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        rows = session.execute(
            select(Embedding.space_id, Embedding.part, Embedding.seconds, Content.format, Content.duration)
            .join(Content, Content.id == Embedding.content_id)
            .order_by(Embedding.space_id, Content.format, Embedding.part)
        )
        return [tuple(row) for row in rows]


FRAMES = [(0, 0.0, "MP4", 12.0), (1, 4.0, "MP4", 12.0), (2, 8.0, "MP4", 12.0)]
PICTURE = (0, None, "JPEG", None)


def test_every_scene_is_embedded_once_and_counted_as_one_file(index, folder, library, encoder):
    summary = index(folder)
    assert (summary.seen, summary.added, summary.failed, summary.videos) == (2, 2, 0, 0)
    assert encoder.images == 4
    assert embeddings(library) == [(1, *row) for row in (PICTURE, *FRAMES)]
    assert index(folder).unchanged == 2
    assert verify(library).sound


def test_copies_moves_and_removals_cost_nothing_and_go_all_together(index, folder, library, encoder):
    index(folder)
    shutil.copy(folder / "clip.mp4", folder / "copy.mov")
    assert index(folder).added == 1
    (folder / "trip").mkdir()
    (folder / "clip.mp4").rename(folder / "trip" / "holiday.mp4")
    assert index(folder).moved == 1
    with Library.open(library) as opened:
        results = opened.search("type:video")
        assert results.total == 1
        assert (results[0].duration, results[0].time, len(results[0].copies)) == (12.0, None, 1)
    (folder / "copy.mov").unlink()
    (folder / "trip" / "holiday.mp4").unlink()
    assert index(folder).removed == 2
    with Library.open(library) as opened:
        assert opened.search("type:video").total == 0
        assert opened.status().images == 1
    assert encoder.images == 4
    assert verify(library).sound


def test_a_video_is_forgotten_with_its_frames_and_their_thumbnails(index, folder, library):
    index(folder)
    with Library.open(library) as opened:
        (video,) = opened.search("type:video")
        small = [opened.thumbnail(video.id, time) for time in (None, 4.0, 8.0)]
    assert len(set(small)) == 3
    assert len(list((library / "thumbnails").rglob("*.webp"))) == 3
    assert verify(library).sound
    forget(library, [os.fsencode(folder / "clip.mp4")])
    assert embeddings(library) == [(1, *PICTURE)]
    assert list((library / "thumbnails").rglob("*.webp")) == []


class OtherEncoder(CountingEncoder):
    """Another model: the same pictures in another space."""

    spec = type(CountingEncoder.spec)("other", "1" * 64, 192, PREPROCESSING, 77, 100.0)


def test_a_switch_of_models_takes_every_frame_along(index, folder, library, monkeypatch):
    index(folder)
    other = OtherEncoder()
    monkeypatch.setattr(Switch, "_load_encoder", lambda _: other)
    switched = Switch(library, "other").run()
    assert (switched.embedded, switched.left_out, other.images) == (2, 0, 4)
    assert embeddings(library) == [(space, *row) for space in (1, 2) for row in (PICTURE, *FRAMES)]
    assert verify(library).sound
    with Library.open(library) as opened:
        assert opened.search("type:video").total == 1


def test_a_live_photos_video_and_a_motion_photos_stay_with_their_stills(index, tmp_path):
    folder = tmp_path / "photos"
    paint(folder / "IMG_1.jpg", 1)
    (folder / "IMG_1.MOV").write_bytes(CLIP)
    paint(folder / "PXL_1.MP.jpg", 2)
    (folder / "PXL_1.MP").write_bytes(CLIP)
    assert index(folder).seen == 2


def test_sound_and_pieces_of_videos_are_no_candidates_but_a_video_without_a_name_is(tmp_path):
    for name in ("song.m4a", "GL01.LRV", "part.m4s"):
        (tmp_path / name).write_bytes(CLIP)
    (tmp_path / "no extension").write_bytes(CLIP)
    (tmp_path / "notes.ts").write_text("export const greeting: string = 'Good morning'\n" * 20)
    assert [entry.path for entry in scan(os.fsencode(tmp_path))] == [b"no extension"]


def test_what_cannot_be_a_video_fails_with_a_reason_and_is_not_tried_again(index, tmp_path, library):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "song.mp4").write_bytes(song())
    (folder / "empty.mp4").touch()
    (folder / "cut.mp4").write_bytes(CLIP[:40])
    (folder / "notes.mkv").write_text("not a video")
    assert (index(folder).failed, index(folder).failed) == (4, 4)
    with Library.open(library) as opened:
        reasons = {os.path.basename(each.path): each.reason for each in opened.failures()}
    assert "only sound" in reasons["song.mp4"]
    assert "an empty file" in reasons["empty.mp4"]
    assert "restore it from a copy" in reasons["cut.mp4"]
    assert "text" in reasons["notes.mkv"]


@pytest.fixture
def without_pyav():
    """As where the extra isn't installed, until that is undone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanning, "missing_readers", lambda: VIDEO_FORMATS)
        patch.setattr("searchengine.images.readers.missing_readers", lambda: VIDEO_FORMATS)
        patch.setattr("indexer.decoding.decode.DecodePool", InProcessPool)
        yield patch


def test_without_pyav_videos_are_left_out_and_said_once_and_taken_up_later(index, folder, without_pyav):
    (folder / "IMG_1.mov").write_bytes(CLIP)
    paint(folder / "IMG_1.jpg", 3)  # its video is no loss
    (folder / "nameless").write_bytes(CLIP)
    summary = index(folder)
    assert (summary.seen, summary.added, summary.failed, summary.videos) == (2, 2, 0, 2)
    assert [words for words in remarks(summary) if "imgsearch[video]" in words] == [
        "2 videos left out: to find what they show, pip install 'imgsearch[video]' and index again"
    ]
    without_pyav.undo()
    assert (index(folder).seen, index(folder).videos) == (4, 0)


def test_without_pyav_a_video_that_is_named_says_what_to_install(index, folder, library, without_pyav):
    assert index(folder / "clip.mp4").failed == 1
    with Library.open(library) as opened:
        assert "imgsearch[video]" in opened.failures()[0].reason
    without_pyav.undo()
    assert index(folder / "clip.mp4").failed == 0


def test_without_pyav_the_videos_that_are_in_stay(index, folder, monkeypatch):
    index(folder)
    monkeypatch.setattr(scanning, "missing_readers", lambda: VIDEO_FORMATS)
    summary = index(folder)
    assert (summary.unchanged, summary.removed, summary.videos) == (2, 0, 0)


def test_a_worker_reads_a_video_and_gives_all_its_frames(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(CLIP)
    with DecodePool(PREPROCESSING, workers=1) as pool:
        decoded = pool.submit(Task(os.fsencode(path))).result()
    assert isinstance(decoded, Decoded)
    assert (decoded.format, decoded.width, decoded.height) == ("MP4", 160, 120)
    assert (decoded.pixels.shape, decoded.pixels.dtype) == ((3, 16, 16, 3), np.uint8)
    assert (decoded.seconds, decoded.duration, decoded.size) == ((0.0, 4.0, 8.0), 12.0, len(CLIP))
    again = decode(Task(os.fsencode(path)), preprocessing=PREPROCESSING)
    assert np.array_equal(again.pixels, decoded.pixels)


def test_a_large_video_is_refused_for_its_size_without_reading_it(tmp_path):
    path = tmp_path / "huge.mp4"
    path.write_bytes(CLIP)
    os.truncate(path, 1 << 40)
    refused = decode(Task(os.fsencode(path)), preprocessing=PREPROCESSING)
    assert isinstance(refused, Unreadable)
    assert refused.kind == "limit"
    assert "save a smaller copy" in refused.reason


def test_a_batch_of_many_frames_is_encoded_in_batches(tmp_path, library, encoder):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "tour.mp4").write_bytes(film(*((still(seed), 2) for seed in range(40))))
    sizes = []
    encode = encoder.encode_images
    encoder.encode_images = lambda pixels: sizes.append(len(pixels)) or encode(pixels)
    assert Update(library).run([folder]).added == 1
    assert (sum(sizes), max(sizes)) == (40, 16)
