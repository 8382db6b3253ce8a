"""From what the system says has changed to what has to be looked at, and where it says nothing."""

from __future__ import annotations

import os

import pytest

from indexer.disk.excludes import compile_globs
from indexer.watching.changes import Changed, folders_to_look_at, is_passed_by, is_the_librarys_own
from indexer.watching.mounts import share_type
from tests.pictures import paint

MOUNTS = rb"""/dev/sda1 / ext4 rw 0 0
server:/export /mnt/photos nfs4 rw 0 0
//server/share /mnt/my\040share cifs rw 0 0
/dev/sdb1 /mnt/photos/local ext4 rw 0 0
user@host: /home/me/remote fuse.sshfs rw 0 0
/dev/sdc1 /mnt/over ext4 rw 0 0
server:/b /mnt/over nfs rw 0 0
broken line
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        (b"/home/me/pictures", None),
        (b"/mnt/photos", "nfs4"),
        (b"/mnt/photos/2023", "nfs4"),
        (b"/mnt/photoshop", None),
        (b"/mnt/my share/x", "cifs"),
        (b"/mnt/photos/local/x", None),
        (b"/home/me/remote/x", "fuse.sshfs"),
        (b"/mnt/over", "nfs"),
    ],
)
def test_the_innermost_mount_says_whether_a_folder_is_on_a_share(folder, kind):
    assert share_type(folder, MOUNTS) == kind


@pytest.mark.parametrize(
    ("path", "passed_by"),
    [
        (b"a.jpg", False),
        (b"trip/a.jpg", False),
        (b".a.jpg", True),
        (b".thumbnails/a.jpg", True),
        (b"trip/@eaDir/a.jpg", True),
        (b"scans/a.jpg", True),
        (b"trip/scans", True),
        (b"trip/a.psd", True),
    ],
)
def test_what_a_walk_passes_by_is_no_news(path, passed_by):
    assert is_passed_by(path, compile_globs(["scans", "*.psd"])) is passed_by


@pytest.mark.parametrize(
    ("path", "own"),
    [
        (b"/lib/catalog.sqlite3-wal", True),
        (b"/lib/writer.lock", True),
        (b"/lib/vectors/space-1.faiss", True),
        (b"/lib/thumbnails/ab/cd.webp", True),
        (b"/lib/a.jpg", False),
        (b"/lib/trip/a.jpg", False),
        (b"/a.jpg", False),
    ],
)
def test_what_writing_the_library_changes_is_no_news(path, own):
    assert is_the_librarys_own(path, b"/lib") is own


def look(changes, folder, *, knows=lambda path: False):
    watched = [os.fsencode(folder)]
    found = folders_to_look_at(
        [Changed(os.fsencode(path), in_place) for path, in_place in changes],
        watched,
        library=b"/library",
        excluded=None,
        knows=knows,
    )
    return {os.path.relpath(os.fsdecode(path), folder) for path in found}


def test_a_file_stands_for_its_folder_and_a_new_folder_for_itself(photos):
    assert look([(photos / "trip" / "c.jpg", True)], photos) == {"trip"}
    assert look([(photos / "trip", False)], photos) == {"trip"}
    assert look([(photos / "trip", True)], photos) == set()
    assert look([(photos / "a.jpg", False)], photos) == {"."}
    assert look([(photos.parent / "elsewhere.jpg", False)], photos) == set()


def test_what_is_gone_counts_when_it_has_a_pictures_name_or_the_library_knows_it(photos):
    gone = photos / "trip" / "gone" / "x"
    assert look([(gone, False)], photos) == set()
    assert look([(gone, False)], photos, knows=lambda path: True) == {"trip"}
    assert look([(gone.with_suffix(".jpg"), False)], photos) == {"trip"}


def test_another_extension_counts_when_it_begins_like_a_picture(photos):
    (photos / "trip" / "c.jpg").rename(photos / "trip" / "scan")
    (photos / "trip" / "notes").write_text("words")
    assert look([(photos / "trip" / "scan", True)], photos) == {"trip"}
    assert look([(photos / "trip" / "notes", True)], photos) == set()


def test_behind_a_link_the_whole_folder_is_looked_at(photos, tmp_path):
    paint(tmp_path / "elsewhere" / "x.jpg", 5)
    (photos / "link").symlink_to(tmp_path / "elsewhere")
    assert look([(photos / "link" / "x.jpg", True)], photos) == {"."}
