"""A disk that fills up, and one that can't be written to: said clearly, nothing lost, and on it goes."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from click.testing import CliRunner

from indexer.switching.switch import Switch
from indexer.update import Update
from indexer.upkeep.repair import optimize, repair
from searchengine.catalog import report, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.cli import program
from searchengine.errors import LibraryError
from searchengine.library import Library
from searchengine.vectors.live import LiveIndex
from searchengine.verify.library import verify
from tests.disks import mounted, read_only_view
from tests.indexer.test_switch import OtherEncoder
from tests.pictures import paint

FULL = r"disk is full|free some space"


@pytest.fixture
def disk(tmp_path):
    with mounted(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def library(disk):
    """The library lies on the small disk, the pictures don't."""
    return disk.folder / "library"


def images(library):
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        return report.counts(session).images


def found(library):
    with Catalog.open(library / "catalog.sqlite3") as catalog:
        with catalog.read() as session:
            space = spaces.active_space(session)
        live = LiveIndex(EmbeddingSource(catalog, space), library / "vectors")
        return len(live.search(np.eye(space.spec.dim, dtype=np.float32)[0], 10_000).ids[0])


@pytest.mark.parametrize("leave", [0, 20_000, 100_000, 300_000])
def test_indexing_into_a_full_disk_keeps_what_was_committed(leave, index, photos, library, disk):
    index(photos)
    for seed in range(400):
        paint(photos / f"{seed}.jpg", 100 + seed)
    disk.fill(leave=leave)
    with pytest.raises(LibraryError, match=FULL):
        index(photos)
    disk.empty()
    kept = images(library)
    assert 3 <= kept < 403
    assert found(library) == kept
    assert verify(library).sound
    index(photos)
    assert images(library) == found(library) == 403
    assert verify(library).sound


def test_a_new_library_on_a_full_disk_is_made_when_there_is_room(index, photos, library, disk):
    disk.fill()
    with pytest.raises((LibraryError, OSError)) as caught:
        index(photos)
    assert "space" in str(caught.value) or "full" in str(caught.value)
    disk.empty()
    assert index(photos).added == 3
    assert verify(library).sound


def test_a_snapshot_that_does_not_fit_leaves_the_old_one(index, photos, library, disk):
    for seed in range(300):
        paint(photos / f"{seed}.jpg", 100 + seed)
    index(photos)
    snapshot = next((library / "vectors").glob("*.faiss"))
    disk.fill(leave=60_000)
    with pytest.raises(LibraryError, match=FULL):
        optimize(library)
    assert found(library) == 303
    assert snapshot.exists()
    assert not list((library / "vectors").glob("*.tmp-*"))
    disk.empty()
    assert optimize(library).vectors == 303
    assert verify(library).sound


def test_a_switch_on_a_full_disk_leaves_the_old_model_and_goes_on_later(
    index, photos, library, disk, monkeypatch
):
    for seed in range(200):
        paint(photos / f"{seed}.jpg", 100 + seed)
    index(photos)
    monkeypatch.setattr(Switch, "_load_encoder", lambda self: OtherEncoder())
    disk.fill(leave=40_000)
    with pytest.raises(LibraryError, match=FULL):
        Switch(library, "other").run()
    disk.empty()
    assert found(library) == 203
    assert verify(library).sound
    Switch(library, "other").run()
    assert found(library) == 203
    assert verify(library).sound


def test_a_repair_on_a_full_disk_can_be_done_again(index, photos, library, disk):
    for seed in range(200):
        paint(photos / f"{seed}.jpg", 100 + seed)
    index(photos)
    snapshot = next((library / "vectors").glob("*.faiss"))
    snapshot.write_bytes(snapshot.read_bytes()[:-100])
    disk.fill(leave=40_000)
    with pytest.raises(LibraryError, match=FULL):
        repair(library)
    disk.empty()
    assert repair(library).sound
    assert found(library) == 203


def test_a_thumbnail_that_does_not_fit_is_shown_all_the_same(index, photos, library, disk):
    index(photos)
    with Library.open(library) as opened:
        disk.fill()
        assert opened.thumbnail(1)[:4] == b"RIFF"
        disk.empty()
    assert verify(library).sound


def test_a_library_on_a_read_only_disk_is_used_and_not_changed(index, photos, library, disk, monkeypatch):
    index(photos)
    disk.freeze()
    monkeypatch.setenv("IMGSEARCH_LIBRARY", str(library))
    before = sorted(os.listdir(library))

    def imgsearch(*words, code=0):
        done = CliRunner().invoke(program, [str(word) for word in words])
        assert done.exit_code == code, done.output
        return done

    assert "3" in imgsearch("status").stdout
    assert "All " in imgsearch("verify").stdout
    for command in (["index", photos], ["forget", photos], ["optimize"], ["verify", "--repair"]):
        assert "disk is read-only; it can be searched" in imgsearch(*command, code=1).stderr
    assert found(library) == 3
    assert sorted(os.listdir(library)) == before


def test_a_library_in_a_read_only_view_says_so(index, photos, library, disk, tmp_path):
    """Others may write to what is only seen here, so that it can't be read as what nobody writes to."""
    index(photos)
    with read_only_view(library, tmp_path / "view") as view:
        for command in (["status"], ["search", "noise"], ["verify"]):
            done = CliRunner().invoke(program, ["--library", str(view), *command])
            assert done.exit_code == 1
            assert "mounted read-only here, while others may write to it" in done.stderr
        done = CliRunner().invoke(program, ["--library", str(view), "index", str(photos)])
        assert done.exit_code == 1
        assert "Mount it writable" in done.stderr
        with Catalog.open(library / "catalog.sqlite3"):  # somebody has it open: its two files are there
            done = CliRunner().invoke(program, ["--library", str(view), "status"])
            assert done.exit_code == 0


def test_a_library_without_write_permission_says_so(scene_library, tmp_path):
    """As a user who isn't root; root may write anywhere."""
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    library = shutil.copytree(scene_library, tmp_path / "library")
    os.chmod(tmp_path, 0o755)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setuid(65_534)
            try:
                os.listdir(library)
                Library.open(library).status()
            except LibraryError as error:
                code = 0 if "copy the library to a folder of your own" in str(error) else 2
            except PermissionError:
                code = 77
        finally:
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == 77:
        pytest.skip("the folders above aren't open to others")
    assert status == 0


def test_what_a_run_on_a_full_disk_says_is_a_sentence_and_no_traceback(index, photos, library, disk):
    index(photos)
    for seed in range(300):
        paint(photos / f"{seed}.jpg", 100 + seed)
    disk.fill(leave=60_000)
    done = CliRunner().invoke(program, ["--library", str(library), "index", str(photos)])
    assert done.exit_code == 1
    assert "Error: " in done.stderr
    assert "full" in done.stderr or "space" in done.stderr
    assert "Traceback" not in done.output


def test_the_update_s_summary_counts_what_it_says(index, photos, library, disk):
    """A plain run on the small disk, so that the tests above fail for the right reason."""
    assert Update(library).run([photos]).added == 3
