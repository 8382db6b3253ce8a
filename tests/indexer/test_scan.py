import os
import socket
import stat
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from indexer.disk.excludes import compile_globs
from indexer.disk.scan import scan

JPEG = b"\xff\xd8\xff\xe0 as far as a scan looks"


@pytest.fixture
def root(tmp_path):
    """A real folder: what pytest calls tmp_path may lie behind a link."""
    folder = tmp_path.resolve() / "root"
    folder.mkdir()
    return folder


def write(root, *names, data=JPEG):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def found(root, scope="", **options):
    return [os.fsdecode(entry.path) for entry in scan(os.fsencode(root), os.fsencode(scope), **options)]


def test_pictures_are_found_below_a_folder_with_size_and_time(root):
    write(root, "a.jpg", "b/c/d.PNG")
    os.utime(root / "a.jpg", ns=(1, 1_234_567_890_123_456_789))
    entries = list(scan(os.fsencode(root)))
    assert [(entry.path, entry.size) for entry in entries] == [
        (b"a.jpg", len(JPEG)),
        (b"b/c/d.PNG", len(JPEG)),
    ]
    assert entries[0].mtime_ns == os.stat(root / "a.jpg").st_mtime_ns


def test_the_order_is_fixed_files_before_folders(root):
    write(root, "z.jpg", "a.jpg", "m/b.jpg", "m/a.jpg", "c/x/1.jpg", "c/9.jpg")
    assert found(root) == ["a.jpg", "z.jpg", "c/9.jpg", "c/x/1.jpg", "m/a.jpg", "m/b.jpg"]


def test_a_picture_is_known_by_its_name_or_by_its_first_bytes(root):
    write(root, "photo", "photo.bak", "photo.txt", "dot.")
    write(root, "empty.jpg", data=b"")
    write(root, "wrong.jpg", "notes.txt", data=b"just text")
    write(root, "nothing", data=b"")
    write(root, "disk.raw", data=b"an image of another kind")
    write(root, "panasonic.raw", data=b"IIU\0\x18\0\0\0")
    write(root, "photo.NEF", data=b"II*\0 a camera RAW file")
    assert found(root) == [
        *("dot.", "empty.jpg", "panasonic.raw"),
        *("photo", "photo.NEF", "photo.bak", "photo.txt", "wrong.jpg"),
    ]


def test_hidden_names_other_programs_folders_and_system_folders_are_passed_by(root):
    write(root, "seen.jpg", ".hidden.jpg", "._seen.jpg", ".git/a.jpg", "@eaDir/a.jpg", "x/@EADIR/a.jpg")
    write(root, ".thumbnails/a.jpg", "My.photoslibrary/a.jpg", "Catalog Previews.lrdata/a.jpg")
    write(
        root, "$RECYCLE.BIN/a.jpg", "System Volume Information/a.jpg", ".Trash-1000/a.jpg", "lost+found/a.jpg"
    )
    assert found(root) == ["seen.jpg"]


def test_what_a_library_of_ours_derives_is_passed_by_but_not_pictures_beside_it(root):
    write(root, "a.jpg", "lib/thumbnails/ab/x.webp", "lib/vectors/y.jpg", "lib/holiday/b.jpg")
    write(root, "lib/catalog.sqlite3", data=b"SQLite format 3\0")
    write(root, "mine/thumbnails/c.jpg")
    assert found(root) == ["a.jpg", "lib/holiday/b.jpg", "mine/thumbnails/c.jpg"]
    assert found(root / "lib") == ["holiday/b.jpg"]


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("*.tmp.jpg", ["a.tmp.jpg", "x/y/a.TMP.JPG"], ["a.jpg", "a.tmp.jpg/b.jpg"]),
        ("cache", ["cache", "x/Cache"], ["cache2", "cache/a"]),
        ("cache/", ["cache", "x/cache"], ["xcache"]),
        ("/cache", ["cache"], ["x/cache"]),
        ("./cache", ["cache", "x/cache"], ["cachet"]),
        ("raw/*.jpg", ["raw/a.jpg"], ["x/raw/a.jpg", "raw/b/a.jpg"]),
        ("**/raw/*.jpg", ["raw/a.jpg", "x/y/raw/a.jpg"], ["raw/b/a.jpg"]),
        ("2019/**", ["2019", "2019/a", "2019/a/b"], ["x/2019/a", "20190"]),
        ("a/**/z.jpg", ["a/z.jpg", "a/b/z.jpg", "a/b/c/z.jpg"], ["az.jpg", "b/a/z.jpg"]),
        ("**", ["a", "a/b"], []),
        ("img_??.jpg", ["IMG_01.jpg"], ["img_1.jpg", "img_001.jpg"]),
        ("img_[0-4]*.jpg", ["img_42.jpg"], ["img_52.jpg"]),
        ("img_[!0-4]*.jpg", ["img_52.jpg"], ["img_42.jpg"]),
        ("a[b", ["a[b"], ["ab"]),
        ("a[]b]", ["a]", "ab"], ["a"]),
        ("a[z-a]", ["a[z-a]"], ["ab"]),
        ("a[x--y]", ["ax", "a-", "ay"], ["ab"]),
        ("a[!b]c", ["axc"], ["a/c", "abc"]),
        ("(a)+.jpg", ["(a)+.jpg"], ["aa.jpg"]),
        ("ÉTÉ*", ["été 2020"], ["ete"]),
    ],
)
def test_globs(pattern, matching, other):
    excluded = compile_globs([pattern])
    assert all(excluded(os.fsencode(path)) for path in matching)
    assert not any(excluded(os.fsencode(path)) for path in other)


@given(st.text(alphabet="ab[]*?!^-/\\.(", max_size=12))
def test_any_text_is_a_glob(pattern):
    excluded = compile_globs([pattern])
    assert excluded is None or excluded(b"a/b") in {True, False}


def test_excluded_folders_are_not_visited_and_excluded_files_not_reported(root):
    write(root, "a.jpg", "a_thumb.jpg", "private/b.jpg", "2019/raw/c.jpg", "2019/d.jpg")
    os.mkfifo(root / "private" / "pipe.jpg")
    assert found(root, exclude=["*_THUMB.*", "private", "2019/raw/**", ""]) == ["a.jpg", "2019/d.jpg"]


def test_a_scope_is_a_part_of_the_root(root):
    write(root, "a.jpg", "x/b.jpg", "x/y/c.jpg", ".hidden/d.jpg")
    assert found(root, "x") == ["x/b.jpg", "x/y/c.jpg"]
    assert found(root, ".hidden") == [".hidden/d.jpg"]


def test_a_file_that_is_named_is_a_candidate_whatever_it_is(root):
    write(root, ".hidden", "notes.txt", data=b"text")
    assert found(root, "notes.txt", exclude=["*.txt"]) == ["notes.txt"]
    assert found(root, ".hidden") == [".hidden"]


def test_a_scope_that_is_gone_is_gone_but_a_root_that_is_gone_is_a_problem(root):
    gone = scan(os.fsencode(root), b"x/y.jpg")
    assert (list(gone), gone.problems) == ([], [])
    assert not gone.could_not_see(b"x/y.jpg")
    for scope in (b"", b"x"):
        unplugged = scan(os.fsencode(root / "unplugged"), scope)
        assert list(unplugged) == []
        assert [problem.path for problem in unplugged.problems] == [scope]
        assert unplugged.could_not_see(b"x/y.jpg")


def test_links_to_files_are_followed_and_links_to_nothing_passed_by(root, tmp_path):
    write(tmp_path, "elsewhere.jpg")
    (root / "link.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    (root / "broken.jpg").symlink_to(tmp_path / "nothing.jpg")
    (root / "self.jpg").symlink_to(root / "self.jpg")
    pictures = scan(os.fsencode(root))
    assert [(entry.path, entry.size) for entry in pictures] == [(b"link.jpg", len(JPEG))]
    assert pictures.problems == []


def test_links_to_folders_are_followed_once_and_never_in_circles(root, tmp_path):
    write(tmp_path, "elsewhere/a.jpg")
    write(root, "real/b.jpg")
    (root / "aaa").symlink_to(root / "real")  # comes first by name, but the real path is the one to keep
    (root / "out").symlink_to(tmp_path / "elsewhere")
    (root / "again").symlink_to(tmp_path / "elsewhere")
    (root / "real" / "up").symlink_to(root)
    (tmp_path / "elsewhere" / "back").symlink_to(root)
    assert found(root) == ["real/b.jpg", "again/a.jpg"]


def test_pipes_and_sockets_are_passed_by_without_opening_them(root):
    os.mkfifo(root / "pipe.jpg")
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(root / "s.jpg"))
        pictures = scan(os.fsencode(root))
        assert list(pictures) == []
    named = scan(os.fsencode(root), b"pipe.jpg")
    assert list(named) == []
    assert [problem.reason for problem in named.problems] == ["not a file or a folder"]


@pytest.mark.skipif(sys.platform == "darwin", reason="its file system takes only UTF-8")
def test_names_that_are_not_utf8_come_through(root):
    name = b"caf\xe9 \xff.jpg"
    with open(os.fsencode(root) + b"/" + name, "wb") as file:
        file.write(JPEG)
    assert [entry.path for entry in scan(os.fsencode(root), exclude=["*.png"])] == [name]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_a_problem_and_what_is_in_it_not_gone(root):
    write(root, "a.jpg", "locked/b.jpg")
    (root / "locked").chmod(0)
    try:
        pictures = scan(os.fsencode(root))
        assert [entry.path for entry in pictures] == [b"a.jpg"]
    finally:
        (root / "locked").chmod(stat.S_IRWXU)
    assert pictures.problems == [(b"locked", "no permission to read it")]


def test_what_cannot_be_read_is_told_from_what_is_gone(root, monkeypatch):
    write(root, "a.jpg", "locked/b.jpg", "locked/x/c.jpg", "lockedtoo/d.jpg", "broken")
    real_scandir, real_open = os.scandir, os.open

    def scandir(path):
        if path.endswith(b"locked"):
            raise PermissionError(13, "Permission denied")
        return real_scandir(path)

    def open_(path, *arguments):
        if os.fspath(path).endswith(b"broken"):
            raise OSError(5, "Input/output error")
        return real_open(path, *arguments)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os, "open", open_)
    pictures = scan(os.fsencode(root))
    assert [entry.path for entry in pictures] == [b"a.jpg", b"lockedtoo/d.jpg"]
    assert pictures.problems == [(b"broken", "input/output error"), (b"locked", "no permission to read it")]
    for path in (b"locked", b"locked/b.jpg", b"locked/x/c.jpg", b"broken"):
        assert pictures.could_not_see(path)
    for path in (b"a.jpg", b"lockedtoo/d.jpg", b"gone.jpg", b"loc"):
        assert not pictures.could_not_see(path)


def test_real_pictures_without_extension_are_found(root):
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "JPEG2000", "AVIF"):
        Image.new("RGB", (8, 8)).save(root / kind, kind)
    assert len(found(root)) == 8
