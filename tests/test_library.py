"""Questions to a library: real catalog, real index, and the built-in model on rendered scenes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from indexer.update import Update
from indexer.upkeep.forget import forget
from searchengine import ImageError, Library, LibraryError, SearchResult, Text, UsageError
from searchengine.errors import LibraryNotFoundError
from tests.pictures import paint


@pytest.fixture
def library(scene_library):
    with Library.open(scene_library) as opened:
        yield opened


@pytest.mark.parametrize(
    "words",
    ["a dog on a beach", "two foxes in the snow", "a sailboat at sea", "a rocket in space", "a guitar"],
)
def test_words_find_the_picture_they_describe(library, scenes, words):
    expected = next(path for shown, path in scenes.items() if shown.startswith(words))
    assert library.search(words, k=1)[0].path == os.path.realpath(expected)


def test_a_hit_says_what_it_is(library, scenes):
    results = library.search("a dog on a beach", k=3)
    hit = results[0]
    assert isinstance(hit, SearchResult)
    assert (hit.rank, hit.width, hit.height, hit.format) == (1, 853, 640, "JPEG") or hit.format == "JPEG"
    assert (hit.copies, hit.offline, hit.flags, hit.region) == ((), False, (), None)
    assert -1 <= hit.score <= 1
    assert (results.space, results.total, len(results)) == ("builtin", len(scenes), 3)
    assert results.took_ms > 0
    assert [result.score for result in results] == sorted((r.score for r in results), reverse=True)


def test_a_str_and_a_literal_text_of_plain_words_are_the_same(library):
    assert library.search(Text("a dog")).results == library.search("a dog").results


def test_the_first_k_of_a_longer_answer_are_the_answer_for_k(library, scenes):
    everything = library.search("snow", k=None).results
    assert len(everything) == len(scenes)
    for k in range(len(scenes) + 3):
        assert library.search("snow", k=k).results == everything[:k]
    assert library.search("snow", k=4, offset=3).results == everything[3:7]
    assert library.search("snow", k=4, offset=1000).results == ()


def test_dates_order_the_best_k(scenes, tmp_path):
    folder = tmp_path / "dated"
    folder.mkdir()
    dates = ["2021:05:01 10:00:00", None, "2023:05:01 10:00:00", "2019:05:01 10:00:00"]
    for path, date in zip(scenes.values(), dates, strict=False):
        with Image.open(path) as image:
            exif = image.getexif()
            if date:
                exif.get_ifd(0x8769)[0x9003] = date
            image.save(folder / path.name, exif=exif)
    Update(tmp_path / "library", model="builtin").run([folder])
    with Library.open(tmp_path / "library") as library:
        years = [
            hit.taken_at and hit.taken_at.year for hit in library.search("a dog", sort="newest", strictness=0)
        ]
        assert years == [2023, 2021, 2019, None]
        oldest = library.search("a dog", sort="oldest", strictness=0)
    assert [hit.taken_at and hit.taken_at.year for hit in oldest] == [2019, 2021, 2023, None]
    assert [hit.rank for hit in oldest] == [1, 2, 3, 4]


@pytest.mark.parametrize("numbers", [{"k": -1}, {"offset": -1}])
def test_negative_numbers_of_results_are_refused(library, numbers):
    with pytest.raises(UsageError, match="can't be negative"):
        library.search("a dog", **numbers)


def test_an_indexed_picture_finds_itself_first_as_file_bytes_or_picture(library, scenes):
    path = scenes["an owl in the forest"]
    with Image.open(path) as image:
        image.load()
    for question in (path, str(path), path.read_bytes(), image):
        hit = library.similar(question, k=1)[0]
        assert hit.path == os.path.realpath(path)
        assert hit.score == pytest.approx(1, abs=0.003)


def test_indexed_bytes_are_recognised_without_a_model(scene_library, scenes, monkeypatch):
    monkeypatch.setattr("searchengine.encoders.load_encoder", None)
    with Library.open(scene_library) as library:
        assert library.similar(scenes["a pizza on a table"], k=1)[0].score == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_copy_finds_its_upright_original_first(library, scenes, tmp_path, orientation):
    """The copy's pixels are turned and EXIF says how to turn them back."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    original = scenes["a camel in the desert"]
    with Image.open(original) as image:
        turned = image.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned.save(tmp_path / "turned.jpg", exif=exif, quality=90)
    hit = library.similar(tmp_path / "turned.jpg", k=1)[0]
    assert hit.path == os.path.realpath(original)
    assert hit.score >= 0.98


def test_a_resized_copy_finds_its_original_first(library, scenes, tmp_path):
    original = scenes["a penguin at night"]
    with Image.open(original) as image:
        image.resize((300, 225)).save(tmp_path / "small.webp", quality=60)
    hit = library.similar(tmp_path / "small.webp", k=1)[0]
    assert (hit.path, hit.score > 0.95) == (os.path.realpath(original), True)


def test_what_is_no_picture_is_refused(library, tmp_path):
    with pytest.raises(UsageError, match="can't read"):
        library.similar(tmp_path / "nothing.jpg")
    (tmp_path / "text.jpg").write_text("words")
    with pytest.raises(ImageError, match="not a picture"):
        library.similar(tmp_path / "text.jpg")


def test_copies_are_one_result(scenes, tmp_path):
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg", "sub/c.jpg"):
        shutil.copy(scenes["a dog on a beach"], folder / name)
    Update(tmp_path / "library", model="builtin").run([folder])
    with Library.open(tmp_path / "library") as library:
        (hit,) = library.search("a dog")
        assert len({hit.path, *hit.copies}) == 3
        assert library.status().files == 3


def test_a_library_follows_what_another_process_indexes(scenes, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(scenes["a dog on a beach"], folder)
    Update(tmp_path / "library", model="builtin").run([folder])
    with Library.open(tmp_path / "library") as library:
        assert library.search("a rocket").total == 1
        shutil.copy(scenes["a rocket in space"], folder)
        Update(tmp_path / "library").run([folder])
        results = library.search("a rocket")
        assert (results.total, os.path.basename(results[0].path)) == (2, scenes["a rocket in space"].name)
        forget(tmp_path / "library", [results[0].path])
        assert library.search("a rocket").total == 1


def test_searches_find_ever_more_while_another_process_indexes(tmp_path):
    """Without an error, and never half of what they say there is; 2,000 pictures: scripts/soak_search.py."""
    folder = tmp_path / "folder"
    paint(folder / "first.png", 0)
    Update(tmp_path / "library", model="builtin").run([folder])
    for seed in range(1, 120):
        paint(folder / f"{seed}.png", seed)
    command = [sys.executable, "-m", "searchengine", "--library", str(tmp_path / "library")]

    def ask_open(library):
        answer = library.search("a dog", k=10)
        assert len(answer) == min(10, answer.total)
        return answer.total

    def ask_on_the_command_line():
        words = ["search", "a dog", "--format", "json"]
        done = subprocess.run([*command, *words], capture_output=True, check=True)
        return json.loads(done.stdout)["total"]

    def totals(ask, *asked):
        """What an asker is told until the indexer has ended, and once more."""
        told, ended = [], False
        while not ended:
            ended = indexing.poll() is not None
            told.append(ask(*asked))
        return told

    with (
        Library.open(tmp_path / "library") as library,
        ThreadPoolExecutor(2) as askers,
        subprocess.Popen([*command, "index", str(folder), "--quiet"]) as indexing,
    ):
        asking = [askers.submit(totals, ask_open, library), askers.submit(totals, ask_on_the_command_line)]
    assert indexing.returncode == 0
    for told in (each.result() for each in asking):
        assert told == sorted(told)
        assert told[-1] == 120


def test_searches_go_on_without_derived_files(scene_library, scenes, tmp_path):
    shutil.copytree(scene_library, tmp_path / "copy")
    with Library.open(scene_library) as library:
        expected = library.search("a dog").results
    shutil.rmtree(tmp_path / "copy" / "vectors")
    with Library.open(tmp_path / "copy") as library:
        assert library.search("a dog").results == expected
        assert library.status().index.note


def test_threads_may_search_at_the_same_time(library):
    expected = library.search("a dog on a beach").results
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(library.search("a dog on a beach").results))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [expected] * 8


def test_a_library_that_is_not_there_is_an_error_with_the_next_step(tmp_path):
    with pytest.raises(LibraryNotFoundError, match=r"imgsearch --library .* index"):
        Library.open(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_the_default_library_is_the_environments(scene_library, monkeypatch):
    monkeypatch.setenv("IMGSEARCH_LIBRARY", str(scene_library))
    with Library.open() as library:
        assert library.path == scene_library


def test_a_library_in_which_nothing_was_found_answers_nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    Update(tmp_path / "library").run([tmp_path / "empty"])
    with Library.open(tmp_path / "library") as library:
        results = library.search("a dog")
        assert (len(results), results.total, results.space) == (0, 0, "")
        status = library.status().to_dict()
    assert (status["images"], status["space"], status["index"]) == (0, None, None)


def test_status_says_what_is_indexed(library, scenes, scene_library):
    status = library.status().to_dict()
    assert (status["images"], status["files"], status["failed"]) == (len(scenes), len(scenes), 0)
    assert (status["space"], status["missing"]) == ("builtin", 0)
    assert status["last_run"]["outcome"] == "done"
    assert status["last_run"]["counts"]["added"] == len(scenes)
    assert status["roots"] == (os.path.realpath(next(iter(scenes.values())).parent),)
    assert status["bytes"] > 10_000


def test_thumbnails_are_made_once_and_kept(scenes, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(scenes["a dog on a beach"], folder / "dog.jpg")
    Update(tmp_path / "library", model="builtin").run([folder])
    with Library.open(tmp_path / "library") as library:
        hit = library.search("a dog")[0]
        thumbnail = library.thumbnail(hit.id)
        assert thumbnail[8:12] == b"WEBP"
        (folder / "dog.jpg").unlink()
        assert library.thumbnail(hit.id) == thumbnail
        with pytest.raises(KeyError):
            library.thumbnail(999)
        forget(tmp_path / "library", [folder])
    assert not list((tmp_path / "library" / "thumbnails").rglob("*.webp"))


def test_a_folder_of_something_else_is_not_a_library(tmp_path):
    (tmp_path / "catalog.sqlite3").write_bytes(b"not a database at all, but long enough to look at")
    with pytest.raises(LibraryError):
        Library.open(tmp_path)


@pytest.mark.shared
def test_real_photos_are_indexed_once_and_then_left_alone(shared, tmp_path):
    photos = shared / "photos"
    first = Update(tmp_path / "library", model="builtin").run([photos])
    assert (first.seen, first.added, first.failed) == (548, 548, 0)
    second = Update(tmp_path / "library").run([photos])
    assert (second.seen, second.unchanged) == (548, 548)
    assert "read" not in second.stages
    with Library.open(tmp_path / "library") as library:
        some = sorted(photos.iterdir())[::100]
        for path in some:
            assert os.path.realpath(path) in (
                (hit := library.similar(path, k=1)[0]).path,
                *hit.copies,
            )


def test_noise_is_a_picture_like_any_other(library, tmp_path):
    results = library.similar(paint(tmp_path / "noise.png", 1), k=2)
    assert len(results) == 2
    assert np.isfinite(results[0].score)
