"""Whole runs over real files, catalog and decoding processes; only the model is a stand-in."""

from __future__ import annotations

import os
import shutil
import signal

import pytest

from indexer.update import Update
from indexer.upkeep.forget import forget
from searchengine.catalog import report, runs, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.errors import LibraryNotFoundError, UsageError
from tests.pictures import paint


def counts(summary):
    """The counts that aren't zero."""
    numbers = {key: value for key, value in summary.to_dict().items() if key not in ("duration_s", "stages")}
    return {key: value for key, value in numbers.items() if value}


def totals(library):
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        return report.counts(session)


def test_a_first_run_adds_everything(index, photos, library, encoder):
    summary = index(photos)
    assert counts(summary) == {"seen": 3, "added": 3}
    assert encoder.images == 3
    assert (totals(library).images, totals(library).files) == (3, 3)


def test_a_second_run_reads_nothing(index, photos, encoder):
    index(photos)
    summary = index(photos)
    assert counts(summary) == {"seen": 3, "unchanged": 3}
    assert encoder.images == 3
    assert "read" not in summary.stages


def test_a_changed_file_is_embedded_again(index, photos, library, encoder):
    index(photos)
    paint(photos / "a.jpg", 99, size=(50, 40))
    assert counts(index(photos)) == {"seen": 3, "updated": 1, "unchanged": 2}
    assert encoder.images == 4
    assert totals(library).images == 3


def test_a_touched_file_is_read_but_not_embedded(index, photos, encoder):
    index(photos)
    os.utime(photos / "a.jpg", ns=(1, 1))
    assert counts(index(photos)) == {"seen": 3, "updated": 1, "unchanged": 2}
    assert encoder.images == 3
    assert counts(index(photos)) == {"seen": 3, "unchanged": 3}


def test_a_moved_file_costs_no_inference(index, photos, library, encoder):
    index(photos)
    (photos / "elsewhere").mkdir()
    (photos / "a.jpg").rename(photos / "elsewhere" / "renamed.jpg")
    assert counts(index(photos)) == {"seen": 3, "moved": 1, "unchanged": 2}
    assert encoder.images == 3
    assert totals(library).files == 3


def test_a_moved_folder_of_many_is_not_held_back(index, tmp_path, encoder):
    for seed in range(30):
        paint(tmp_path / "many" / "old" / f"{seed}.jpg", seed)
    index(tmp_path / "many")
    (tmp_path / "many" / "old").rename(tmp_path / "many" / "new")
    assert counts(index(tmp_path / "many")) == {"seen": 30, "moved": 30}
    assert encoder.images == 30


def test_copies_share_one_embedding(index, photos, library, encoder):
    shutil.copy(photos / "a.jpg", photos / "copy.jpg")
    assert counts(index(photos)) == {"seen": 4, "added": 4}
    assert encoder.images == 3
    shutil.copy(photos / "a.jpg", photos / "later.jpg")
    assert counts(index(photos)) == {"seen": 5, "added": 1, "unchanged": 4}
    assert encoder.images == 3
    assert (totals(library).images, totals(library).files) == (3, 5)


def test_a_deleted_file_leaves_and_a_restored_one_returns_without_inference(index, photos, library, encoder):
    index(photos)
    saved = (photos / "a.jpg").read_bytes()
    (photos / "a.jpg").unlink()
    assert counts(index(photos)) == {"seen": 2, "removed": 1, "unchanged": 2}
    assert totals(library).images == 2
    (photos / "a.jpg").write_bytes(saved)
    assert counts(index(photos)) == {"seen": 3, "added": 1, "unchanged": 2}
    assert encoder.images == 3
    assert totals(library).images == 3


def test_a_bad_file_fails_once_and_is_tried_again_when_it_changes(index, photos, library, encoder):
    (photos / "bad.jpg").write_bytes(b"this is no picture")
    assert counts(index(photos)) == {"seen": 4, "added": 3, "failed": 1}
    summary = index(photos)
    assert counts(summary) == {"seen": 4, "unchanged": 3, "failed": 1}
    assert "read" not in summary.stages
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        (failure,) = report.failures(session)
    assert failure.path == os.fsencode(photos / "bad.jpg")
    assert "not a picture" in failure.error
    paint(photos / "bad.jpg", 9)
    assert counts(index(photos)) == {"seen": 4, "updated": 1, "unchanged": 3}


def test_two_bad_copies_both_fail(index, photos):
    for name in ("bad.jpg", "worse.jpg"):
        (photos / name).write_bytes(b"\xff\xd8\xff\xe0 no picture either")
    assert counts(index(photos)) == {"seen": 5, "added": 3, "failed": 2}


def test_a_picture_that_becomes_bad_leaves_the_results(index, photos, library):
    index(photos)
    (photos / "a.jpg").write_bytes(b"overwritten by something else")
    assert counts(index(photos)) == {"seen": 3, "unchanged": 2, "failed": 1}
    assert totals(library).images == 2


def test_rehash_reads_everything_and_embeds_nothing(index, photos, encoder):
    index(photos)
    assert counts(index(photos, rehash=True)) == {"seen": 3, "updated": 3}
    assert encoder.images == 3


def test_a_missing_disk_loses_nothing(index, tmp_path, library, encoder):
    disk = tmp_path / "disk"
    for seed in range(25):
        paint(disk / f"{seed}.jpg", seed)
    index(disk)
    disk.rename(tmp_path / "unplugged")
    summary = index(disk)
    assert counts(summary) == {"missing": 25}
    assert summary.unreachable == (str(disk),)
    assert (totals(library).images, totals(library).missing) == (25, 25)
    disk.mkdir()  # the mount point without the disk
    summary = index(disk)
    assert counts(summary) == {"missing": 25}
    assert summary.held_back == {str(disk): 25}
    disk.rmdir()
    (tmp_path / "unplugged").rename(disk)
    assert counts(index(disk)) == {"seen": 25, "unchanged": 25}
    assert (totals(library).images, totals(library).missing) == (25, 0)
    assert encoder.images == 25


def test_removals_are_accepted_when_asked_to(index, tmp_path, library):
    for seed in range(25):
        paint(tmp_path / "disk" / f"{seed}.jpg", seed)
    index(tmp_path / "disk")
    shutil.rmtree(tmp_path / "disk")
    assert counts(index(tmp_path / "disk", accept_removals=True)) == {"removed": 25}
    assert totals(library).images == 0


def test_an_outer_folder_takes_over_an_inner_root(index, photos, library, encoder):
    assert counts(index(photos / "trip")) == {"seen": 1, "added": 1}
    (plan,) = Update(library).survey([photos]).plans.values()
    assert (len(plan.new), plan.unchanged) == (2, 1)
    assert counts(index(photos)) == {"seen": 3, "added": 2, "unchanged": 1}
    assert counts(index(photos / "trip")) == {"seen": 1, "unchanged": 1}
    assert encoder.images == 3
    assert totals(library).files == 3


def test_a_single_file_can_be_indexed_and_touches_nothing_else(index, photos, library):
    assert counts(index(photos / "a.jpg")) == {"seen": 1, "added": 1}
    assert counts(index(photos)) == {"seen": 3, "added": 2, "unchanged": 1}
    (photos / "b.png").unlink()
    assert counts(index(photos / "a.jpg")) == {"seen": 1, "unchanged": 1}
    assert totals(library).files == 3


def test_a_path_that_is_nowhere_is_refused_and_leaves_no_library(index, tmp_path, library):
    with pytest.raises(UsageError, match="no file or folder"):
        index(tmp_path / "no such folder")
    assert not library.exists()


def test_a_survey_changes_nothing(photos, library, index):
    Update(library).survey([photos])
    assert not library.exists()
    index(photos)
    before = (library / "catalog.sqlite3").read_bytes()
    paint(photos / "d.jpg", 4)
    assert Update(library).survey([photos]).to_read == 1
    assert (library / "catalog.sqlite3").read_bytes() == before


def test_a_run_is_recorded(index, photos, library):
    index(photos)
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        run = runs.last_run(session)
    assert (run.outcome, run.counts["added"]) == ("done", 3)
    assert run.finished_at is not None


def test_a_run_that_fails_keeps_what_was_committed_and_says_so(index, photos, library, encoder, monkeypatch):
    def broken(pixels):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(encoder, "encode_images", broken)
    with pytest.raises(RuntimeError, match="out of memory"):
        index(photos)
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        run = runs.last_run(session)
        assert (run.outcome, run.counts) == ("failed", {"error": "out of memory"})
    monkeypatch.undo()


def test_ctrl_c_keeps_what_is_done_and_the_next_run_goes_on(library, tmp_path, encoder, index):
    folder, many = tmp_path / "many", 224  # more than a transaction and all that waits for the next ones
    for seed in range(many):
        paint(folder / f"{seed:03}.jpg", seed)
    stopped = False

    def interrupt(progress):
        nonlocal stopped
        if progress.stage == "indexing" and progress.done >= 16 and not stopped:
            stopped = True
            os.kill(os.getpid(), signal.SIGINT)

    summary = index(folder, on_progress=interrupt)
    assert summary.outcome == "interrupted"
    kept = totals(library).images
    assert 16 <= kept < many
    assert counts(index(folder)) == {"seen": many, "added": many - kept, "unchanged": kept}
    assert totals(library).images == many


def test_forget_takes_files_and_their_embeddings_out(index, photos, library, encoder):
    shutil.copy(photos / "a.jpg", photos / "trip" / "copy of a.jpg")
    index(photos)
    forgotten = forget(library, [photos / "trip"])
    assert (forgotten.files, forgotten.images) == (2, 1)
    assert (totals(library).images, totals(library).files) == (2, 2)
    forget(library, [photos])
    assert totals(library).files == 0
    assert counts(index(photos)) == {"seen": 4, "added": 4}
    assert encoder.images == 6


def test_forget_refuses_what_is_not_there(index, photos, library):
    index(photos)
    with pytest.raises(UsageError, match="has nothing at"):
        forget(library, [photos / "a.jpg", photos / "nothing.jpg"])
    assert totals(library).files == 3


def test_forget_needs_a_library(library, photos):
    with pytest.raises(LibraryNotFoundError):
        forget(library, [photos])


def test_a_library_keeps_the_precision_it_was_begun_in(tmp_path, library):
    paint(tmp_path / "more" / "a.png")
    Update(library, model="builtin", runtime="onnx", precision="int8").run([tmp_path / "more"])
    paint(tmp_path / "more" / "b.png", 1)
    with pytest.raises(UsageError, match="begun in int8, not float32"):
        Update(library, precision="float32").run([tmp_path / "more"])
    assert Update(library, runtime="onnx").run([tmp_path / "more"]).added == 1
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        assert spaces.active_space(session).precision == "int8"


def test_a_new_folder_that_may_not_be_read_is_said_at_once(index, photos, library, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may read everything
    with pytest.raises(UsageError, match=r"you may not look into .*photos: check the permissions"):
        index(photos)
    assert not library.exists()
