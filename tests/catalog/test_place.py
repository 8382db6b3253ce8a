"""Which disk a library lies on, and what that means: network shares, disks that can't be written to."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import text

from searchengine.catalog import report
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.sqlite import engine, place
from searchengine.catalog.sqlite.place import Disk, Mount, classify, disk_of, mount_of, parse
from searchengine.engines import CATALOG_FILE
from searchengine.errors import LibraryBusyError, LibraryError
from tests.catalog.builder import picture, put
from tests.catalog.conftest import SQLITE
from tests.disks import mounted

DATABASES = SQLITE

MOUNTS = rb"""
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
30 22 0:51 / /mnt/nas rw,relatime shared:5 master:1 - nfs4 nas:/photos rw,vers=4.2
31 22 0:52 / /mnt/my\040pictures rw - cifs //nas/pictures rw,vers=3.1.1
32 22 11:0 / /media/dvd ro,nosuid - iso9660 /dev/sr0 ro
33 22 254:0 /library /srv/library ro,relatime - ext4 /dev/vda rw,discard
34 22 0:53 / /home/me/far rw - fuse.sshfs me@far:/ rw,user_id=0
35 30 0:54 / /mnt/nas/local rw - tmpfs tmpfs rw
36 22 0:55 / /mnt/ro-nas ro - nfs nas:/photos ro
37 35 0:56 / /mnt/nas/local ro - tmpfs tmpfs ro
broken line
""".strip().splitlines()


@pytest.mark.parametrize(
    ("path", "disk"),
    [
        (b"/home/me/pictures", Disk.LOCAL),
        (b"/mnt/nas", Disk.NETWORK),
        (b"/mnt/nas/deep/down", Disk.NETWORK),
        (b"/mnt/nasty", Disk.LOCAL),
        (b"/mnt/my pictures/library", Disk.NETWORK),
        (b"/home/me/far/library", Disk.NETWORK),
        (b"/media/dvd/library", Disk.FROZEN),
        (b"/srv/library", Disk.LOCAL),  # a read-only view: somebody else may write
        (b"/mnt/ro-nas/library", Disk.NETWORK),  # its server may
        (b"/mnt/nas/local/x", Disk.FROZEN),  # the last one mounted there is on top
    ],
)
def test_the_mount_decides(path, disk):
    assert classify(mount_of(path, parse(MOUNTS))) is disk


def test_a_path_outside_of_every_mount_is_taken_for_local():
    assert classify(mount_of(b"/x", [Mount(b"/y", "nfs", frozen=False)])) is Disk.LOCAL


def test_without_a_list_of_mounts_the_system_is_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(place, "MOUNTS", str(tmp_path / "none"))
    assert disk_of(tmp_path) is Disk.LOCAL
    with mounted(tmp_path / "disk") as disk:
        disk.freeze()
        assert disk_of(disk.folder) is Disk.FROZEN


def images(path):
    with Catalog.open(path) as opened, opened.read() as session:
        return report.counts(session).images


def journal(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA journal_mode").fetchone()[0]


@pytest.fixture
def on_network(monkeypatch):
    """Every disk is a network share; without SQLite's shared memory, so that using it would show."""
    connect = sqlite3.connect
    monkeypatch.setattr(engine, "disk_of", lambda folder: Disk.NETWORK)
    monkeypatch.setattr(
        engine.sqlite3, "connect", lambda name, **more: connect(f"{name}&vfs=unix-dotfile", **more)
    )


@pytest.mark.skipif(os.name == "nt", reason="another VFS")
def test_on_a_network_share_a_new_library_has_a_rollback_journal(path, on_network):
    with Catalog.open(path, create=True) as catalog:
        with catalog.read() as session:
            assert session.scalar(text("PRAGMA journal_mode")) == "delete"
            assert session.scalar(text("PRAGMA synchronous")) == 2
            assert session.scalar(text("PRAGMA page_size")) == 16_384
        assert not path.with_name(f"{CATALOG_FILE}-shm").exists()


@pytest.mark.skipif(os.name == "nt", reason="another VFS")
def test_a_library_that_was_copied_to_a_network_share_goes_on_there(catalog, path, space, root, request):
    put(catalog, space, picture(root, "a.jpg", "cat"))
    catalog.close()
    request.getfixturevalue("on_network")
    assert images(path) == 1
    with Catalog.open(path) as shared:
        put(shared, space, picture(root, "b.jpg", "dog"))
    assert images(path) == 2


@pytest.mark.skipif(os.name == "nt", reason="another VFS")
def test_what_a_killed_writer_left_in_the_log_is_read_on_a_share_too(catalog, path, space, root, request):
    put(catalog, space, picture(root, "a.jpg", "cat"))
    copy = path.parent.parent / "share"
    shutil.copytree(path.parent, copy)
    assert (copy / f"{CATALOG_FILE}-wal").stat().st_size
    request.getfixturevalue("on_network")
    assert images(copy / CATALOG_FILE) == 1


def test_a_library_that_comes_back_from_a_share_gets_its_log_back(catalog, path, space, root, monkeypatch):
    put(catalog, space, picture(root, "a.jpg", "cat"))
    catalog.close()
    with monkeypatch.context() as patched:
        patched.setattr(engine, "disk_of", lambda folder: Disk.NETWORK)
        assert images(path) == 1
        assert journal(path) == "delete"
    Catalog.open(path).close()
    assert journal(path) == "delete"  # a reader leaves it alone
    Catalog.open(path, create=True).close()
    assert journal(path) == "wal"


@pytest.mark.skipif(os.name == "nt", reason="another VFS")
def test_a_disk_of_unknown_kind_that_has_no_shared_memory_is_treated_like_a_share(
    catalog, path, space, root, monkeypatch
):
    put(catalog, space, picture(root, "a.jpg", "cat"))
    catalog.close()
    connect = sqlite3.connect
    monkeypatch.setattr(
        engine.sqlite3, "connect", lambda name, **more: connect(f"{name}&vfs=unix-dotfile", **more)
    )
    assert images(path) == 1
    with Catalog.open(path.with_name("new.sqlite3"), create=True) as new, new.read() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "delete"


def test_a_reader_and_a_writer_on_a_share_wait_for_each_other(path, monkeypatch):
    monkeypatch.setattr(engine, "disk_of", lambda folder: Disk.NETWORK)
    with (
        Catalog.open(path, create=True, busy_timeout=0.1) as one,
        Catalog.open(path, busy_timeout=0.1) as two,
    ):
        with one.read() as reading:
            report.counts(reading)
            with pytest.raises(LibraryBusyError), two.write() as session:
                session.execute(text("INSERT INTO root (path) VALUES (x'61')"))
        with two.write() as session:
            session.execute(text("INSERT INTO root (path) VALUES (x'61')"))


@pytest.fixture
def frozen(catalog, path, space, root, tmp_path):
    """Copies the library, as it is, to a disk that is then turned read-only; gives the catalog's path."""
    put(catalog, space, picture(root, "a.jpg", "cat"))
    with mounted(tmp_path / "disk") as disk:

        def copy(*, without=()):
            shutil.copytree(path.parent, disk.folder / "library", ignore=shutil.ignore_patterns(*without))
            disk.freeze()
            return disk.folder / "library" / CATALOG_FILE

        yield copy


def test_a_read_only_disk_is_searched(catalog, frozen):
    catalog.close()
    copy = frozen()
    assert images(copy) == 1
    assert sorted(each.name for each in copy.parent.iterdir()) == [CATALOG_FILE]
    with (
        Catalog.open(copy) as opened,
        pytest.raises(LibraryError, match="can't be written to"),
        opened.write() as session,
    ):
        session.execute(text("INSERT INTO root (path) VALUES (x'61')"))


def test_on_a_read_only_disk_a_log_is_read_and_not_ignored(frozen):
    copy = frozen()  # with a log that was never folded in
    assert images(copy) == 1


def test_on_a_read_only_disk_a_log_that_can_not_be_read_is_an_error(frozen):
    with pytest.raises(LibraryError, match="read-only disk, and the last run on it was killed"):
        Catalog.open(frozen(without=["*-shm"]))
