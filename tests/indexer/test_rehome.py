"""A folder that lies elsewhere now, and the list of folders."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from click.testing import CliRunner

from indexer.upkeep.rehome import SAMPLE, find_root, rehome, sample
from searchengine.catalog import images, roots
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.files import FileRow
from searchengine.cli import program
from searchengine.errors import UsageError
from tests.pictures import paint


@pytest.fixture
def imgsearch(library):
    def run(*words, code=0):
        result = CliRunner().invoke(program, [*map(str, words), "--library", str(library)])
        assert result.exit_code == code, result.output
        return result

    return run


@pytest.fixture
def moved(photos, tmp_path):
    """Move the photos to another place, as a person would."""

    def move():
        (tmp_path / "disk").mkdir()
        return photos.rename(tmp_path / "disk" / "pictures")

    return move


def paths(library):
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        found = images.images(session, range(1, 100))
        return {os.fsdecode(file.path): file.missing for image in found.values() for file in image.files}


def test_a_folder_moves_with_everything_in_it_and_nothing_is_read(index, photos, library, moved, encoder):
    index(photos)
    place = moved()
    done = rehome(library, photos, place)
    assert (done.old, done.new, done.files) == (os.fsencode(photos), os.fsencode(place), 3)
    assert set(paths(library)) == {str(place / name) for name in ("a.jpg", "b.png", "trip/c.jpg")}
    summary = index(place)
    assert (summary.unchanged, summary.seen) == (3, 3)
    assert encoder.images == 3


def test_what_was_missing_is_there_again(index, photos, library, moved):
    index(photos)
    place = moved()
    index(photos)
    assert set(paths(library).values()) == {True}
    rehome(library, photos, place)
    assert set(paths(library).values()) == {False}


def test_a_place_with_other_files_is_refused_until_it_is_forced(index, photos, library, tmp_path):
    index(photos)
    paint(tmp_path / "elsewhere" / "a.jpg", 77)
    with pytest.raises(UsageError, match=r"of 3 that were looked for 3 aren't.*--force"):
        rehome(library, photos, tmp_path / "elsewhere")
    assert str(photos / "a.jpg") in paths(library)
    rehome(library, photos, tmp_path / "elsewhere", force=True)
    assert str(tmp_path / "elsewhere" / "a.jpg") in paths(library)


def test_a_copy_with_other_times_is_refused_with_the_reason(index, photos, library, tmp_path, encoder):
    index(photos)
    shutil.copytree(photos, tmp_path / "copy", copy_function=shutil.copyfile)
    with pytest.raises(UsageError, match="has another time"):
        rehome(library, photos, tmp_path / "copy")
    rehome(library, photos, tmp_path / "copy", force=True)
    assert index(tmp_path / "copy").updated == 3
    assert encoder.images == 3


def test_a_few_files_may_be_gone_at_the_new_place(index, library, tmp_path):
    for seed in range(10):
        paint(tmp_path / "many" / f"{seed}.jpg", seed)
    index(tmp_path / "many")
    place = (tmp_path / "many").rename(tmp_path / "later")
    for seed in range(2):
        (place / f"{seed}.jpg").unlink()
    assert rehome(library, tmp_path / "many", place).files == 10
    assert index(place).removed == 2


def test_a_place_that_is_not_there_or_overlaps_another_root_is_refused(index, photos, library, tmp_path):
    paint(tmp_path / "others" / "sub" / "d.jpg", 4)
    index(photos)
    index(tmp_path / "others")
    with pytest.raises(UsageError, match="there is no folder"):
        rehome(library, photos, tmp_path / "nowhere")
    for place in (tmp_path / "others" / "sub", tmp_path):
        with pytest.raises(UsageError, match="overlaps"):
            rehome(library, photos, place, force=True)


def test_a_root_may_move_into_a_folder_of_its_own(index, photos, library, tmp_path, encoder):
    index(photos)
    photos.rename(tmp_path / "aside")
    photos.mkdir()
    (tmp_path / "aside").rename(photos / "2023")
    rehome(library, photos, photos / "2023")
    assert index(photos).unchanged == 3
    assert encoder.images == 3


def test_only_a_whole_root_can_be_moved(photos):
    root = os.fsencode(photos)
    with pytest.raises(UsageError, match="is a part of"):
        find_root(root + b"/trip", [root])
    with pytest.raises(UsageError, match="isn't one of the library's folders"):
        find_root(b"/somewhere/else", [root])


def test_a_root_is_found_through_a_link(photos, tmp_path):
    (tmp_path / "link").symlink_to(photos)
    assert find_root(os.fsencode(tmp_path / "link"), [os.fsencode(photos)]) == os.fsencode(photos)


def test_the_sample_is_spread_and_leaves_out_what_could_not_be_read():
    rows = [FileRow(number, b"%d" % number, 1, 1, "indexed", 1) for number in range(1000)]
    assert [row.id for row in sample(rows)] == list(range(0, 1000, 1000 // SAMPLE))
    assert sample([FileRow(1, b"a", 1, 1, "failed", None), FileRow(2, b"b", 1, -1, "missing", 1)]) == []


def test_the_list_says_what_is_in_a_folder_and_whether_it_can_be_reached(imgsearch, index, photos, library):
    index(photos)
    (row,) = json.loads(imgsearch("roots", "--json").stdout)
    assert (row["path"], row["files"], row["missing"], row["reachable"]) == (str(photos), 3, 0, True)
    assert row["last_seen"].startswith("20")
    assert "photos" in imgsearch("roots").stdout
    shutil.rmtree(photos)
    assert "out of reach" in imgsearch("roots").stdout
    index(photos)
    (gone,) = json.loads(imgsearch("roots", "--json").stdout)
    assert (gone["missing"], gone["reachable"]) == (3, False)
    assert gone["last_seen"] == row["last_seen"]


def test_the_command_moves_a_root(imgsearch, index, photos, moved):
    index(photos)
    place = moved()
    assert f"is {place} now, with 3 files" in imgsearch("roots", "move", photos, place).stdout
    assert "isn't one of the library's folders" in imgsearch("roots", "move", photos, place, code=2).stderr


def test_a_library_without_folders_says_so(imgsearch, library):
    imgsearch("roots", code=1)
    Catalog.open(library / "catalog.sqlite3", create=True).close()
    assert "no folders yet" in imgsearch("roots").stderr


def test_a_root_that_was_emptied_can_be_forgotten(imgsearch, index, photos, library):
    index(photos)
    shutil.rmtree(photos)
    index(photos, accept_removals=True)
    imgsearch("forget", photos)
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        assert roots.all_roots(session) == []
