"""Links, locked folders, hidden names, other cases, excludes, roots that aren't what they were."""

from __future__ import annotations

import os
import shutil

import pytest

from indexer.disk import scan
from indexer.planning import unmet
from indexer.update import Update
from searchengine.catalog import files, images, report, roots
from searchengine.catalog.catalog import Catalog
from searchengine.errors import UsageError
from tests.indexer.in_process import InProcessPool
from tests.pictures import paint


@pytest.fixture(autouse=True)
def in_process(monkeypatch):
    """Decoding isn't what is tested here."""
    monkeypatch.setattr("indexer.decoding.decode.DecodePool", InProcessPool)


def counts(summary):
    numbers = {key: value for key, value in summary.to_dict().items() if key not in ("duration_s", "stages")}
    return {key: value for key, value in numbers.items() if value}


def indexed(library, top):
    """Every live file, relative to a folder, and whether it is out of reach."""
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        found = images.images(session, range(1, 500))
        return {
            os.path.relpath(os.fsdecode(file.path), top): file.missing
            for image in found.values()
            for file in image.files
        }


def root_paths(library):
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        return [os.fsdecode(root.path) for root in roots.all_roots(session)]


@pytest.fixture
def lock(monkeypatch):
    """Take away the permission to list a folder, also from root."""

    def lock(folder):
        listing = os.scandir

        def scandir(path):
            if os.path.realpath(os.fsencode(path)) == os.fsencode(folder):
                raise PermissionError(13, "Permission denied")
            return listing(path)

        monkeypatch.setattr(scan.os, "scandir", scandir)
        return lambda: monkeypatch.setattr(scan.os, "scandir", listing)

    return lock


# --- links


def test_links_in_a_circle_end_and_count_each_picture_once(index, photos, library):
    (photos / "trip" / "up").symlink_to(photos)
    (photos / "trip" / "self").symlink_to("self")
    (photos / "again").symlink_to(photos / "trip")
    assert counts(index(photos)) == {"seen": 3, "added": 3}
    assert counts(index(photos)) == {"seen": 3, "unchanged": 3}
    assert set(indexed(library, photos)) == {"a.jpg", "b.png", "trip/c.jpg"}


def test_a_part_of_a_root_follows_no_link_to_another_part(index, photos, library):
    (photos / "b").mkdir()
    (photos / "b" / "link").symlink_to(photos / "trip")
    index(photos)
    assert counts(index(photos / "b")) == {}
    assert counts(index(photos)) == {"seen": 3, "unchanged": 3}


def test_a_link_to_a_hidden_folder_is_the_only_way_to_it(index, photos, library):
    paint(photos / ".store" / "d.jpg", 4)
    (photos / "trip" / "link").symlink_to(photos / ".store")
    assert counts(index(photos)) == {"seen": 4, "added": 4}
    assert counts(index(photos / "trip")) == {"seen": 2, "unchanged": 2}
    assert "trip/link/d.jpg" in indexed(library, photos)


def test_a_link_that_gives_way_to_the_real_folder_is_a_move(index, photos, library, tmp_path, encoder):
    paint(tmp_path / "elsewhere" / "d.jpg", 4)
    (photos / "link").symlink_to(tmp_path / "elsewhere")
    assert index(photos).added == 4
    (tmp_path / "elsewhere").rename(photos / "real")
    (photos / "link").unlink()
    (photos / "link").symlink_to("real")
    assert counts(index(photos)) == {"seen": 4, "moved": 1, "unchanged": 3}
    assert set(indexed(library, photos)) == {"a.jpg", "b.png", "trip/c.jpg", "real/d.jpg"}
    assert encoder.images == 4


def test_a_linked_file_whose_target_goes_is_removed_by_its_own_name(index, photos, library, tmp_path):
    paint(tmp_path / "elsewhere" / "d.jpg", 4)
    (photos / "d.jpg").symlink_to(tmp_path / "elsewhere" / "d.jpg")
    assert index(photos).added == 4
    (tmp_path / "elsewhere" / "d.jpg").unlink()
    assert counts(index(photos / "d.jpg")) == {"removed": 1}


def test_a_root_that_is_a_link_is_the_folder_it_leads_to(index, photos, library, tmp_path):
    (tmp_path / "link").symlink_to(photos)
    assert index(tmp_path / "link").added == 3
    assert root_paths(library) == [str(photos)]
    assert counts(index(photos)) == {"seen": 3, "unchanged": 3}
    photos.rename(tmp_path / "unplugged")
    assert counts(index(tmp_path / "link")) == {"missing": 3}


# --- folders and files that can't be read


def test_what_a_locked_folder_holds_is_kept_and_marked(index, photos, library, lock):
    index(photos)
    unlock = lock(photos / "trip")
    summary = index(photos)
    assert counts(summary) == {"seen": 2, "unchanged": 2, "missing": 1}
    assert summary.problems == ((os.fsencode(photos / "trip"), "no permission to read it"),)
    assert indexed(library, photos)["trip/c.jpg"]
    unlock()
    assert counts(index(photos)) == {"seen": 3, "unchanged": 3}
    assert not indexed(library, photos)["trip/c.jpg"]


def test_many_in_a_locked_folder_are_not_removed_even_when_removals_are_accepted(index, tmp_path, lock):
    for seed in range(30):
        paint(tmp_path / "many" / "sub" / f"{seed}.jpg", seed)
    index(tmp_path / "many")
    lock(tmp_path / "many" / "sub")
    assert counts(index(tmp_path / "many", accept_removals=True)) == {"missing": 30}


def test_a_picture_that_cannot_be_read_any_more_is_kept(index, photos, library, encoder, monkeypatch):
    index(photos)
    os.utime(photos / "a.jpg", ns=(5, 5))
    with monkeypatch.context() as patch:
        denied = PermissionError(13, "Permission denied")
        patch.setattr("indexer.decoding.decode.open_regular", lambda path: (_ for _ in ()).throw(denied))
        summary = index(photos)
    assert counts(summary) == {"seen": 3, "unchanged": 2, "failed": 1}
    ((path, reason),) = summary.problems
    assert path == os.fsencode(photos / "a.jpg")
    assert "no permission to read it" in reason
    assert indexed(library, photos)["a.jpg"]
    assert counts(index(photos)) == {"seen": 3, "updated": 1, "unchanged": 2}
    assert not indexed(library, photos)["a.jpg"]
    assert encoder.images == 3


# --- names


def test_another_case_is_a_move(index, photos, library, encoder):
    index(photos)
    (photos / "a.jpg").rename(photos / "A.JPG")
    (photos / "trip").rename(photos / "Trip")
    assert counts(index(photos)) == {"seen": 3, "moved": 2, "unchanged": 1}
    assert set(indexed(library, photos)) == {"A.JPG", "b.png", "Trip/c.jpg"}
    assert encoder.images == 3


def test_where_case_does_not_count_the_old_name_is_not_taken_for_a_file(photos):
    found = scan.scan(os.fsencode(photos))
    list(found)
    fate = unmet.Unmet(os.fsencode(photos), b"", found, ())
    row = files.FileRow(1, b"A.JPG", 1, 1, "indexed", 1)
    assert fate(row) == "gone"  # on such a disk os.stat would find it


def test_a_hidden_picture_is_indexed_when_it_is_named_and_stays(index, photos, library):
    paint(photos / ".private" / ".d.jpg", 4)
    assert index(photos).added == 3
    assert counts(index(photos / ".private" / ".d.jpg")) == {"seen": 1, "added": 1}
    assert counts(index(photos)) == {"seen": 4, "unchanged": 4}
    paint(photos / ".private" / ".d.jpg", 5)
    assert counts(index(photos)) == {"seen": 4, "updated": 1, "unchanged": 3}
    (photos / ".private" / ".d.jpg").unlink()
    assert counts(index(photos)) == {"seen": 3, "unchanged": 3, "removed": 1}


def test_a_hidden_folder_that_is_named_is_a_root_like_any_other(index, photos, library):
    paint(photos / ".private" / "d.jpg", 4)
    assert index(photos / ".private").added == 1
    assert counts(index(photos)) == {"seen": 4, "added": 3, "unchanged": 1}
    assert root_paths(library) == [str(photos)]


def test_any_file_is_a_candidate_when_it_is_named(index, photos):
    (photos / "notes.txt").write_text("words")
    assert index(photos).seen == 3
    assert counts(index(photos / "notes.txt")) == {"seen": 1, "failed": 1}
    assert counts(index(photos)) == {"seen": 4, "unchanged": 3, "failed": 1}
    (photos / "notes.txt").write_text("other words, and no picture still")
    assert counts(index(photos)) == {"seen": 3, "unchanged": 3, "removed": 1}


def test_a_raw_file_gives_way_to_its_still(index, photos):
    (photos / "d.dng").write_bytes(b"raw")
    assert counts(index(photos)) == {"seen": 4, "added": 3, "failed": 1}
    paint(photos / "d.jpg", 4)
    assert counts(index(photos)) == {"seen": 4, "added": 1, "unchanged": 3, "removed": 1}


# --- excludes


def test_what_is_excluded_now_leaves_and_comes_back_without_work(index, photos, library, encoder):
    index(photos)
    assert counts(index(photos, exclude=["trip"])) == {"seen": 2, "unchanged": 2, "removed": 1}
    assert "trip/c.jpg" not in indexed(library, photos)
    assert counts(index(photos, exclude=["trip"])) == {"seen": 2, "unchanged": 2}
    assert counts(index(photos)) == {"seen": 3, "added": 1, "unchanged": 2}
    assert encoder.images == 3


def test_however_much_is_excluded_it_is_not_taken_for_a_missing_disk(index, tmp_path):
    for seed in range(30):
        paint(tmp_path / "many" / f"{seed}.jpg", seed)
    index(tmp_path / "many")
    assert counts(index(tmp_path / "many", exclude=["*.jpg"])) == {"removed": 30}


def test_an_exclude_does_not_hold_for_what_is_named(index, photos):
    assert counts(index(photos / "trip", exclude=["trip"])) == {"seen": 1, "added": 1}
    assert counts(index(photos / "a.jpg", exclude=["*.jpg"])) == {"seen": 1, "added": 1}
    assert counts(index(photos / "trip", exclude=["trip"])) == {"seen": 1, "unchanged": 1}


def test_an_exclude_of_one_part_leaves_the_other_parts_alone(index, photos, library):
    paint(photos / "walk" / "d.jpg", 4)
    index(photos)
    assert counts(index(photos / "walk", exclude=["*.jpg"])) == {"removed": 1}
    assert set(indexed(library, photos)) == {"a.jpg", "b.png", "trip/c.jpg"}


# --- roots


def test_a_root_replaced_by_a_file_keeps_its_pictures_until_the_file_is_named(index, photos, library):
    index(photos / "trip")
    shutil.rmtree(photos / "trip")
    paint(photos / "trip.jpg", 5).rename(photos / "trip")
    assert counts(Update(library).run([photos / "trip"])) == {"seen": 1, "added": 1, "removed": 1}
    assert root_paths(library) == [str(photos)]
    assert set(indexed(library, photos)) == {"trip"}


def test_a_folder_replaced_by_a_file_and_back(index, photos, library, encoder):
    index(photos)
    (photos / "trip").rename(photos / "aside")
    paint(photos / "x.jpg", 5).rename(photos / "trip")
    assert counts(index(photos)) == {"seen": 4, "added": 1, "moved": 1, "unchanged": 2}
    (photos / "trip").unlink()
    (photos / "aside").rename(photos / "trip")
    assert counts(index(photos)) == {"seen": 3, "moved": 1, "unchanged": 2, "removed": 1}
    assert encoder.images == 4


def test_a_library_in_the_folder_it_indexes_does_not_index_itself(encoder, photos):
    library = photos / "library"
    assert Update(library).run([photos]).added == 3
    paint(library / "thumbnails" / "ab" / "x.jpg", 9)
    paint(library / "vectors" / "x.jpg", 9)
    assert counts(Update(library).run([photos])) == {"seen": 3, "unchanged": 3}


def test_a_folder_that_is_its_own_library_keeps_what_was_indexed_before(index, photos):
    paint(photos / "vectors" / "d.jpg", 4)
    assert index(photos).added == 4
    (photos / "catalog.sqlite3").touch()  # another library is made there later
    assert counts(index(photos)) == {"seen": 4, "unchanged": 4}


def test_an_outer_file_after_an_inner_folder(index, photos, library):
    assert counts(index(photos / "trip", photos / "a.jpg")) == {"seen": 2, "added": 2}
    assert root_paths(library) == [str(photos)]
    with pytest.raises(UsageError, match="none by that name is in the library"):
        index(photos / "mistyped.jpg")


def test_the_share_that_vanished_is_one_of_the_whole_root(index, tmp_path, library):
    for seed in range(120):
        paint(tmp_path / "many" / ("sub" if seed < 24 else "rest") / f"{seed}.jpg", seed)
    index(tmp_path / "many")
    shutil.rmtree(tmp_path / "many" / "sub")
    assert counts(index(tmp_path / "many" / "sub")) == {"removed": 24}  # a fifth of 120, and no more
    for seed in range(24, 46):
        (tmp_path / "many" / "rest" / f"{seed}.jpg").unlink()
    summary = index(tmp_path / "many" / "rest")
    assert counts(summary) == {"seen": 74, "unchanged": 74, "missing": 22}
    assert summary.held_back == {str(tmp_path / "many"): 22}
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        assert report.counts(session).missing == 22
