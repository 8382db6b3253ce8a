"""Each invariant: broken by hand it is noticed, and repaired it holds, with everything else as it was."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from indexer.lock import writing
from indexer.upkeep.repair import repair
from searchengine.catalog import images, report, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.errors import LibraryBusyError, LibraryNotFoundError, LibraryVersionError
from searchengine.images.thumbnails import thumbnail_path
from searchengine.vectors.live import LiveIndex
from searchengine.verify.library import verify


def wrong(found):
    return [words for check in found.checks for words in check.wrong]


def notes(found):
    return [words for check in found.checks for words in check.notes]


def found_ids(library):
    """What a search finds, through the snapshot and the changes."""
    with Catalog.open(library / "catalog.sqlite3") as catalog:
        with catalog.read() as session:
            space = spaces.active_space(session)
        live = LiveIndex(EmbeddingSource(catalog, space), library / "vectors")
        query = np.eye(space.spec.dim, dtype=np.float32)[0]
        return sorted(live.search(query, 100).ids[0].tolist())


def test_a_library_as_the_indexer_leaves_it_is_sound(filled):
    found = verify(filled)
    assert wrong(found) == []
    assert notes(found) == []
    assert found.sound
    assert len(found.checks) >= 11


def test_repairing_a_sound_library_changes_nothing(filled):
    before = found_ids(filled)
    catalog = (filled / "catalog.sqlite3").read_bytes()
    done = repair(filled)
    assert done.sound
    assert done.repaired == ()
    assert found_ids(filled) == before
    assert (filled / "catalog.sqlite3").read_bytes() == catalog


BREAKAGES = {
    "a picture without a file is shown": (
        "UPDATE content SET shown = 1 WHERE id NOT IN (SELECT content_id FROM file)",
        "shown without a file",
    ),
    "a picture with a file is hidden": ("UPDATE content SET shown = 0 WHERE id = 1", "aren't with one"),
    "a change is lost": ("DELETE FROM change WHERE sequence = 2", "never came into sight"),
    "a hiding is lost": ("DELETE FROM change WHERE shown = 0", "never went out of sight"),
    "a change too many": (
        "INSERT INTO change (space_id, embedding_id, shown, mark) VALUES (1, 4, 1, 7)",
        "never went out of sight",
    ),
    "no space is active": ("UPDATE space SET state = 'retired'", "no embedding space is active"),
    "keys may come again": (
        "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'embedding'",
        "may have been used",
    ),
    "a file of no folder": (
        "INSERT INTO file (root_id, path, size, mtime_ns, state) VALUES (9, x'61', 1, 1, 'failed')",
        "refers to no root",
    ),
    "a path isn't indexed": (
        "INSERT INTO path_index (path_index, rowid, path) VALUES ('delete', 1, 'a.jpg')",
        "finds too much or too little",
    ),
    "an embedding of nothing": (
        "INSERT INTO embedding (content_id, space_id, part, vector) VALUES (99, 1, 0, x'00')",
        "refers to no content",
    ),
}


@pytest.mark.parametrize("what", BREAKAGES)
def test_what_the_catalog_itself_can_tell_is_put_right(what, filled, sql):
    before = found_ids(filled)
    statement, said = BREAKAGES[what]
    sql(statement)
    assert any(said in words for words in wrong(verify(filled)))
    done = repair(filled)
    assert wrong(done) == []
    assert done.repaired
    assert verify(filled).sound
    assert found_ids(filled) == before


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM embedding WHERE content_id = 1",
        "UPDATE embedding SET vector = zeroblob(length(vector)) WHERE content_id = 1",
        "UPDATE embedding SET vector = CAST(x'007e' || substr(vector, 3) AS BLOB) WHERE id = 1",  # NaN
        "UPDATE embedding SET vector = substr(vector, 3) WHERE content_id = 1",
        "DELETE FROM content WHERE id = 1",
    ],
)
def test_what_only_the_files_can_tell_is_read_again(statement, sql, index, photos, encoder):
    sql(statement)
    filled = photos.parent / "library"
    assert not verify(filled).sound
    done = repair(filled)
    assert wrong(done) == []
    assert any("to be read again" in words for words in done.repaired)
    encoded = encoder.images
    index(photos)
    assert encoder.images == encoded + 1
    assert verify(filled).sound
    assert len(found_ids(filled)) == 3
    with Catalog.open(filled / "catalog.sqlite3") as catalog, catalog.read() as session:
        counts = report.counts(session)
        assert (counts.images, counts.files, counts.failed) == (3, 4, 0)


def damaged_byte(path, offset):
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x40
    path.write_bytes(data)


@pytest.mark.parametrize("where", [0.0, 0.1, 0.5, 0.99])
def test_a_damaged_snapshot_is_noticed_and_made_again(where, filled):
    before = found_ids(filled)
    path = next((filled / "vectors").glob("*.faiss"))
    damaged_byte(path, int(where * path.stat().st_size))
    assert any(path.name in words or "FAISS" in words for words in wrong(verify(filled)))
    done = repair(filled)
    assert done.sound
    assert any("snapshot" in words for words in done.repaired)
    assert found_ids(filled) == before


DIES_WRITING = """
import os, signal, sys
from pathlib import Path
from indexer.upkeep.repair import repair
library, left = Path(sys.argv[1]), int(sys.argv[2])
def die(event, about):
    global left
    written = event in ("os.rename", "os.remove") or (event == "open" and about[1] and "x" in about[1])
    if written and str(library / "vectors") in str(about[0]):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(die)
repair(library)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_repair_that_is_killed_leaves_what_was_damaged_or_what_is_whole(filled):
    before = found_ids(filled)
    path = next((filled / "vectors").glob("*.faiss"))
    whole = path.read_bytes()
    for left in range(20):
        path.write_bytes(whole[:-9])
        torn = path.stat().st_ino
        command = [sys.executable, "-c", DIES_WRITING, str(filled), str(left)]
        code = subprocess.run(command, check=False).returncode
        still_torn = path.stat().st_ino == torn
        assert found_ids(filled) == before
        assert wrong(verify(filled)) == ([f"{path.name} is damaged"] if still_torn else [])
        if code == 0:
            break
        assert code == -signal.SIGKILL
    # Two files are opened and renamed, and what was left behind is deleted.
    assert left >= 4
    assert not still_torn
    assert path.read_bytes() == whole


def test_a_snapshot_that_says_something_else_than_the_catalog_is_noticed(filled, sql):
    sql("UPDATE embedding SET vector = (SELECT vector FROM embedding WHERE id = 2) WHERE id = 1")
    assert any("other numbers than the catalog: 1" in words for words in wrong(verify(filled)))
    assert repair(filled).sound


def test_a_missing_snapshot_is_no_fault(filled):
    shutil.rmtree(filled / "vectors")
    found = verify(filled)
    assert found.sound
    assert any("there is no snapshot" in words for words in notes(found))


def test_leftovers_are_named_and_deleted(filled):
    torn = filled / "vectors" / "space-1-3.faiss.tmp-0011"
    old = filled / "vectors" / "space-7-3.faiss"
    for path in (torn, old):
        path.write_bytes(b"half")
    found = verify(filled)
    assert found.sound
    assert "have left 2 files" in notes(found)[0]
    assert repair(filled).repaired == ("deleted 2 files that nothing needs",)
    assert not torn.exists()
    assert not old.exists()
    assert notes(verify(filled)) == []


def test_a_thumbnail_of_a_forgotten_picture_is_deleted(filled):
    with Catalog.open(filled / "catalog.sqlite3") as catalog, catalog.read() as session:
        known = images.images(session, [1])[1].hash
    kept, orphan = thumbnail_path(filled, known), thumbnail_path(filled, b"\x01" * 32)
    for path in (kept, orphan):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"small")
    assert "1 thumbnails are of no picture" in wrong(verify(filled))[0]
    assert repair(filled).sound
    assert kept.exists()
    assert not orphan.exists()


def test_a_broken_index_of_the_database_is_built_again(filled, sql):
    sql(
        "PRAGMA writable_schema = 1",
        # The index now says it is of another column, so its entries are all wrong.
        "UPDATE sqlite_master SET sql = replace(sql, '(size)', '(width)') WHERE name = 'ix_content_size'",
    )
    assert any("ix_content_size" in words for words in wrong(verify(filled)))
    done = repair(filled)
    assert done.sound
    assert "built the database's indexes again" in done.repaired


def test_repair_waits_for_nobody_s_writing(filled, monkeypatch):
    monkeypatch.setattr("indexer.lock.PATIENCE", 0)
    with writing(filled, "imgsearch index"):
        assert verify(filled).sound
        with pytest.raises(LibraryBusyError, match="imgsearch index"):
            repair(filled)


def test_a_library_that_is_not_there_or_too_new_is_an_error(filled, tmp_path, sql):
    for command in (verify, repair):
        with pytest.raises(LibraryNotFoundError):
            command(tmp_path / "nowhere")
    sql("UPDATE alembic_version SET version_num = '9999'")
    for command in (verify, repair):
        with pytest.raises(LibraryVersionError):
            command(filled)


def test_the_command_says_what_holds(imgsearch, sql):
    said = imgsearch("verify").stdout
    assert "ok        the database is whole" in said
    assert said.splitlines()[-1].startswith("All ")
    sql("DELETE FROM change WHERE sequence = 1")
    failed = imgsearch("verify", code=1)
    assert "WRONG     the changes lead to what is shown" in failed.stdout
    assert "imgsearch verify --repair" in failed.stderr
    found = json.loads(imgsearch("verify", "--json", code=1).stdout)
    assert found["sound"] is False
    assert "repaired  added 1 changes that were missing" in imgsearch("verify", "--repair").stdout
    assert json.loads(imgsearch("verify", "--json").stdout)["sound"] is True
