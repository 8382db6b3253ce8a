"""Videos in a search, from the file to the result: the real command, the built-in model, rendered scenes."""

from __future__ import annotations

import io
import json

import pytest
from click.testing import CliRunner
from PIL import Image

from searchengine import Library
from searchengine.cli import program
from tests.films import film

pytest.importorskip("av")

SHOWN = (
    "a sailboat at sea",
    "a rocket in space",
    "a guitar in front of a brick wall",
    "an owl in the forest",
)


def imgsearch(library, *arguments):
    done = CliRunner().invoke(program, ["--library", str(library), *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture(scope="module")
def library(scenes, tmp_path_factory):
    """The scenes as pictures, and four of them in a video, five seconds each."""
    place = tmp_path_factory.mktemp("videos")
    shots = []
    for words in SHOWN:
        with Image.open(scenes[words]) as picture:
            shots.append((picture.convert("RGB").resize((320, 240)), 5))
    tags = {"com.apple.quicktime.creationdate": "2023-05-01T10:11:12+0200"}
    (place / "holiday.mp4").write_bytes(film(*shots, tags=tags, sound=True))
    folders = [str(next(iter(scenes.values())).parent), str(place)]
    imgsearch(place / "library", "index", *folders, "--model", "builtin", "--quiet")
    return place / "library"


@pytest.fixture(scope="module")
def opened(library):
    with Library.open(library) as opened:
        yield opened


@pytest.mark.parametrize(("words", "start"), [(words, 5 * at) for at, words in enumerate(SHOWN)])
def test_a_search_finds_the_second_at_which_it_is_shown(opened, words, start):
    best, second = opened.search(words, k=2)
    assert {best.format, second.format} == {"JPEG", "MP4"}
    video = best if best.format == "MP4" else second
    assert start <= video.time < start + 5
    assert (best.time, second.time).count(None) == 1


def test_a_video_is_one_result_and_one_in_the_total(opened, scenes):
    results = opened.search("a dog on a beach", k=None)
    assert results.total == len(results) == len(scenes) + 1
    assert [result.rank for result in results] == list(range(1, len(results) + 1))
    assert len({result.id for result in results}) == len(results)
    assert sorted((result.score for result in results), reverse=True) == [result.score for result in results]


def test_pages_and_prefixes_of_a_ranking_with_videos_hold(opened):
    whole = [(hit.id, hit.time, hit.score) for hit in opened.search("an owl", k=None)]
    for k in range(1, len(whole) + 1):
        assert [(hit.id, hit.time, hit.score) for hit in opened.search("an owl", k=k)] == whole[:k]
    assert [(hit.id, hit.time, hit.score) for hit in opened.search("an owl", k=3, offset=2)] == whole[2:5]


def test_filters_know_videos(opened):
    (video,) = opened.search("a rocket in space type:video")
    assert 5 <= video.time < 10
    assert (video.width, video.height, video.duration, video.taken_at.year) == (320, 240, 20.0, 2023)
    assert opened.search("a rocket type:mp4 after:2023-05").total == 1
    assert opened.search("a rocket type:mp4 after:2024").total == 0
    assert all(hit.format == "JPEG" for hit in opened.search("a rocket type:image", k=None))
    (listed,) = opened.search("type:video")
    assert (listed.time, listed.score) == (None, None)


def test_a_frame_held_up_finds_its_place_and_the_video_itself(opened, library, scenes):
    hits = opened.similar(scenes["an owl in the forest"], k=2)
    assert [hit.format for hit in hits] == ["JPEG", "MP4"]
    assert hits[1].time >= 15
    assert opened.similar(library.parent / "holiday.mp4", k=1)[0].format == "MP4"


def test_a_video_that_is_not_indexed_is_looked_for_by_its_first_frame(opened, scenes, tmp_path):
    with Image.open(scenes["a pizza on a table"]) as picture:
        data = film((picture.convert("RGB").resize((320, 240)), 3))
    assert opened.similar(data, k=1)[0].path == str(scenes["a pizza on a table"])


def test_duplicates_leave_videos_alone_but_for_copies(opened):
    assert [group for group in opened.duplicates("similar").groups if "holiday" in str(group)] == []


def test_a_collapsed_answer_has_the_video_beside_the_picture_it_shows(opened):
    both = opened.search("a sailboat at sea", k=2, collapse=True)
    assert {hit.format for hit in both} == {"JPEG", "MP4"}
    assert [hit.edits for hit in both] == [(), ()]
    assert len(opened.search("a sailboat at sea", k=None, collapse=True)) == both.total


def test_pages_by_cursor_go_through_every_result_once(opened):
    whole = [(hit.id, hit.time) for hit in opened.search("an owl", k=None)]
    page = opened.search("an owl", k=3)
    met = [(hit.id, hit.time) for hit in page]
    while page.next:
        page = opened.search("an owl", k=3, cursor=page.next)
        met += [(hit.id, hit.time) for hit in page]
    assert met == whole


def test_what_the_command_line_prints(library, tmp_path):
    sheet = tmp_path / "sheet.html"
    done = imgsearch(library, "search", "a rocket in space type:video", "--sheet", str(sheet))
    assert "holiday.mp4 @ 0:0" in done.stdout
    html = sheet.read_text()
    assert "holiday.mp4 @ 0:0" in html
    assert "cannot be reached" not in html
    done = imgsearch(library, "search", "a rocket type:video", "--format", "json")
    (result,) = json.loads(done.stdout)["results"]
    assert 5 <= result["time"] < 10
    assert (result["duration"], result["region"]) == (20.0, None)


def test_the_frames_thumbnail_shows_the_frame(opened):
    (hit,) = opened.search("a rocket in space type:video")
    with Image.open(io.BytesIO(opened.thumbnail(hit.id, hit.time))) as frame:
        frame.load()
        buffer = io.BytesIO()
        frame.convert("RGB").save(buffer, "PNG")
    best = opened.similar(buffer.getvalue(), k=2)
    assert any(each.format == "MP4" and 5 <= each.time < 10 for each in best)
