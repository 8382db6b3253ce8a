"""Catalogs that are cut, torn or too new: a clear error or a repair, never a wrong answer."""

from __future__ import annotations

import json
import random

import pytest

from searchengine.catalog.catalog import Catalog
from searchengine.errors import LibraryError
from searchengine.verify.library import verify
from tests.pictures import paint

PAGE = 16_384


@pytest.fixture
def catalog(filled):
    return filled / "catalog.sqlite3"


@pytest.mark.parametrize(
    "command", [["status"], ["failures"], ["verify"], ["optimize"], ["verify", "--repair"]]
)
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_catalog_that_was_cut_is_an_error_in_every_command(command, share, imgsearch, catalog):
    size = catalog.stat().st_size
    with catalog.open("r+b") as file:
        file.truncate(int(size * share))
    failed = imgsearch(*command, code=1)
    assert "is damaged: restore it from a backup, or move it away and index again" in failed.output


def test_a_catalog_that_was_cut_is_not_indexed_into(index, photos, catalog):
    with catalog.open("r+b") as file:
        file.truncate(catalog.stat().st_size // 2)
    with pytest.raises(LibraryError, match="is damaged"):
        index(photos)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("how", ["zeros", "noise"])
def test_a_torn_page_is_noticed(how, seed, filled, catalog, sql):
    """Whatever page it is, among those that are in use: a free one holds nothing."""
    sql("VACUUM")
    size = catalog.stat().st_size
    chance = random.Random(seed)
    page = seed % (size // PAGE)
    torn = bytes(PAGE) if how == "zeros" else chance.randbytes(PAGE)
    with catalog.open("r+b") as file:
        file.seek(page * PAGE)
        before = file.read(PAGE)
        file.seek(page * PAGE)
        file.write(torn)
    if page == 0 and how == "zeros":
        with pytest.raises(LibraryError), Catalog.open(catalog):
            pass
        return
    report = verify(filled)
    assert not report.sound
    with catalog.open("r+b") as file:
        file.seek(page * PAGE)
        file.write(before)
    assert verify(filled).sound


def test_verify_names_what_it_could_not_read(imgsearch, catalog):
    with catalog.open("r+b") as file:
        file.seek(PAGE)
        file.write(b"\xff" * (catalog.stat().st_size - PAGE))
    failed = imgsearch("verify", code=1)
    assert "WRONG" in failed.stdout
    found = json.loads(imgsearch("verify", "--json", code=1).stdout)
    assert found["sound"] is False
    told = imgsearch("verify", "--repair", code=1)
    assert "a repair doesn't help: restore the library from a backup" in told.stderr


def test_one_from_a_newer_version_says_how_to_upgrade(imgsearch, sql):
    sql("UPDATE alembic_version SET version_num = '9999'")
    for command in ("status", "verify", "optimize"):
        assert "pip install --upgrade imgsearch" in imgsearch(command, code=1).stderr


def test_an_empty_catalog_file_is_no_library_and_is_indexed_anew(imgsearch, index, photos, catalog):
    catalog.write_bytes(b"")
    assert "there is no library" in imgsearch("status", code=1).stderr
    paint(photos / "d.jpg", 4)
    assert index(photos).added == 5
