from __future__ import annotations

from datetime import datetime

from searchengine.cli.results import why_empty
from searchengine.cli.status import lines
from searchengine.results import SearchResults
from searchengine.status import IndexReport, RunProgress, RunStatus, SpaceReport, Status


def said(**differences):
    """What a library of 1,204 pictures says of itself, but for the differences, as heads and texts."""
    values = {
        "library": "/libraries/photos",
        "images": 1204,
        "files": 1300,
        "failed": 0,
        "missing": 0,
        "space": "builtin",
        "dim": 256,
        "spaces": (SpaceReport("builtin", "active", 256, 1204, 1_233_000),),
        "index": IndexReport("exact", "exact: it is small", 1204, 1204, None, 1.0),
        "last_run": None,
        "roots": ("/photos",),
        "bytes": 48_200_000,
        "catalog": "/libraries/photos/catalog.sqlite3",
    }
    return list(lines(Status(**(values | differences))))


def test_a_catalog_on_a_server_is_named():
    url = "postgresql+psycopg://ann@db.example/photos"
    assert ("Catalog", url) in said(catalog=url)


def test_a_healthy_library_is_told_in_a_few_lines():
    assert said() == [
        ("Library", "/libraries/photos, 48.2 MB"),
        ("Folders", "/photos"),
        ("Pictures", "1,204 in 1,300 files"),
        ("Model", "builtin, 256 dimensions"),
        ("Search", "exact: it is small"),
    ]


def test_what_is_wrong_is_told_with_the_next_step():
    told = said(
        failed=2, missing=1, index=IndexReport("exact", "small", 5, 4, "the snapshot was damaged", 1.0)
    )
    assert ("", "1 file out of reach at present: still found, marked offline") in told
    assert ("", "2 files couldn't be indexed; why: imgsearch failures") in told
    assert ("", "the snapshot was damaged") in told


def test_models_that_do_not_answer_are_told_with_the_next_step():
    old, new = SpaceReport("old", "retired", 8, 5, 2_000), SpaceReport("new", "building", 8, 2, 500)
    told = [text for head, text in said(spaces=(old, new)) if not head]
    assert told == [
        "old is kept from before, 2.0 kB; to drop it: imgsearch switch-model --drop-old",
        "new is being built: 2 embeddings so far, 500 bytes; to go on: imgsearch switch-model new",
    ]


def test_every_folder_has_its_line():
    assert [line for line in said(roots=("/a", "/b")) if line[0] in ("Folders", "")] == [
        ("Folders", "/a"),
        ("", "/b"),
    ]


def test_a_library_without_pictures_says_how_to_get_some():
    told = said(images=0, files=0, space=None, dim=None, index=None, roots=())
    assert ("Model", "none yet; index some pictures: imgsearch index FOLDER") in told


def test_the_last_run_is_told_in_local_time_without_its_zeros():
    counts = {"seen": 40, "added": 38, "failed": 2, "moved": 0, "duration_s": 75.2, "stages": {}}
    run = RunStatus(datetime(2026, 11, 23, 9, 30), None, "done", counts)
    local = run.started_at.astimezone().utcoffset()
    started = f"{run.started_at + local:%Y-%m-%d %H:%M}"
    assert ("Last run", f"{started}, done in 1 min 15 s: 38 added, 2 failed") in said(last_run=run)


def test_a_run_that_failed_says_why():
    run = RunStatus(datetime(2026, 11, 23, 9, 30), None, "failed", {"error": "the disk\nis full"})
    assert said(last_run=run)[-1][1].endswith(", failed: the disk is full")


def test_a_run_that_was_killed_has_no_counts():
    run = RunStatus(datetime(2026, 11, 23, 9, 30), None, "running", {})
    assert said(last_run=run)[-1][1].endswith(", running")
    for progress, told in (
        (RunProgress("scanning", 1200, None, 0, None, None), "running: scanning, 1,200 files"),
        (
            RunProgress("indexing", 120, 5000, 2, 31.0, 157.4),
            "running: indexing, 120 of 5,000 files, 2 min 37 s to go",
        ),
    ):
        run = RunStatus(datetime(2026, 11, 23, 9, 30), None, "running", {}, progress)
        assert said(last_run=run)[-1][1].endswith(told)


def test_a_folder_that_cannot_be_reached_is_marked():
    told = said(roots=("/a", "/b"), offline_roots=("/b",))
    assert ("", "/b (can't be reached now)") in told
    assert ("Folders", "/a") in told


def test_nothing_found_says_why(page):
    assert "imgsearch index FOLDER" in why_empty(SearchResults("a dog", "", 0, 1.0, ()), 0)
    assert "no picture passes all of the filters" in why_empty(page(total=0), 0)
    assert "the last of 412 images comes before --offset 500" in why_empty(page(), 500)
