"""Opening: quick when all is well, clear when it isn't."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys

import pytest
from sqlalchemy import text

from searchengine.catalog import report
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.version import HEAD, Version, classify
from searchengine.engines import CATALOG_FILE
from searchengine.errors import (
    LibraryBusyError,
    LibraryError,
    LibraryNotFoundError,
    LibraryVersionError,
)


def test_a_new_one_has_pages_that_suit_vectors_and_a_write_ahead_log(catalog, path):
    with catalog.read() as session:
        assert session.scalar(text("PRAGMA page_size")) == 16_384
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
        assert session.scalar(text("PRAGMA synchronous")) == 1


def test_an_existing_one_opens_as_it_is(catalog, where, space, root):
    with Catalog.open(where) as again, Catalog.open(where, create=True) as and_again:
        for opened in (again, and_again):
            with opened.read() as session:
                assert report.counts(session).images == 0


def test_a_missing_one_is_not_made_by_opening_it(path):
    with pytest.raises(LibraryNotFoundError, match=r"no library at .*index FOLDER"):
        Catalog.open(path)
    assert not path.parent.exists()


@pytest.mark.parametrize("content", [b"", b"no tables"])
def test_one_whose_making_was_interrupted_is_none_yet(path, content):
    path.parent.mkdir()
    if content:
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version=1")
        connection.close()
    else:
        path.touch()
    with pytest.raises(LibraryNotFoundError):
        Catalog.open(path)
    with Catalog.open(path, create=True) as catalog, catalog.read() as session:
        assert report.counts(session).files == 0


def test_one_from_a_newer_version_is_refused(catalog, where):
    with catalog.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(LibraryVersionError, match=r"newer imgsearch .*9999.*pip install"):
        Catalog.open(where)
    with catalog.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})


@pytest.mark.parametrize("create", [False, True])
def test_somebody_else_s_database_is_left_alone(path, create):
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(LibraryError, match="not a catalog: choose another place"):
        Catalog.open(path, create=create)
    assert path.read_bytes() == before


@pytest.mark.parametrize("create", [False, True])
def test_a_file_that_is_no_database_is_left_alone(path, create):
    path.parent.mkdir()
    path.write_bytes(b"\xff\xd8\xff a photo" * 1000)
    with pytest.raises(LibraryError, match=r"catalog\.sqlite3 is not a catalog: restore it"):
        Catalog.open(path, create=create)
    assert path.read_bytes() == b"\xff\xd8\xff a photo" * 1000


def test_a_damaged_one_is_named(catalog, path):
    catalog.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:16_384] + b"\x00" * (len(whole) - 16_384))
    with pytest.raises(LibraryError, match=r"catalog\.sqlite3 is damaged: restore it"):
        Catalog.open(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_one_without_permission_is_named(catalog, path):
    catalog.close()
    path.chmod(0)
    with pytest.raises(LibraryError, match="permissions"):
        Catalog.open(path)


def test_a_folder_that_can_not_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LibraryError, match="name another place"):
        Catalog.open(tmp_path / "file" / "library" / CATALOG_FILE, create=True)


def test_a_folder_in_its_place_is_named(path):
    path.mkdir(parents=True)
    with pytest.raises(LibraryError, match="can't be opened"):
        Catalog.open(path)


def test_a_second_writer_waits_and_then_says_who_is_in_the_way(catalog, where):
    with Catalog.open(where, busy_timeout=0.05) as other, catalog.write():
        with pytest.raises(LibraryBusyError, match="another process is writing"), other.write():
            pass
        with other.read() as session:  # reading goes on
            assert report.counts(session).files == 0


@pytest.mark.skipif(os.name == "nt", reason="file names are bytes elsewhere only")
@pytest.mark.parametrize("name", [b"photos\xff", b"100%25 ? # &mode=memory", "früh".encode()])
def test_any_folder_name_will_do(tmp_path, name):
    path = tmp_path / os.fsdecode(name) / CATALOG_FILE
    Catalog.open(path, create=True).close()
    assert path.exists()
    Catalog.open(path).close()


def test_opening_an_up_to_date_one_imports_no_alembic(catalog, path):
    code = (
        "import sys; from pathlib import Path; from searchengine.catalog.catalog import Catalog;"
        "from searchengine.catalog import images, report, embeddings;"
        "Catalog.open(Path(sys.argv[1])).close();"
        "heavy = {'alembic', 'mako', 'faiss', 'PIL', 'sqlalchemy.dialects.postgresql'} & sys.modules.keys();"
        "sys.exit(' '.join(heavy) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("revision", "tables", "version"),
    [
        (None, 0, Version.EMPTY),
        (None, 3, Version.FOREIGN),
        ("0000", 3, Version.OLDER),
        (HEAD, 9, Version.CURRENT),
        ("0999", 9, Version.NEWER),
        ("ae1027a6acf", 9, Version.FOREIGN),
    ],
)
def test_the_stamp_says_what_a_database_is(revision, tables, version):
    assert classify(revision, tables=tables) is version
