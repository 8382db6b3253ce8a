"""The commands that write, as a user calls them."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from indexer.summary import COUNTS
from indexer.update import Update
from searchengine.cli import program
from searchengine.errors import ImgsearchError


@pytest.fixture
def imgsearch(library, encoder):
    """Run a command line on the library."""

    def run(*words, code=0):
        result = CliRunner().invoke(program, ["--library", str(library), *map(str, words)])
        assert result.exit_code == code, result.output
        return result

    return run


def test_index_says_what_it_did_and_where_the_time_went(imgsearch, photos):
    lines = imgsearch("index", photos).stdout.splitlines()
    assert lines[0].startswith("3 picture files in ")
    assert lines[0].endswith(": 3 added")
    assert {"scan", "read", "encode", "commit", "snapshot"} <= set(lines[1].split())


def test_index_json_is_one_object_with_the_contracts_keys(imgsearch, photos):
    counts = json.loads(imgsearch("index", photos, "--json").stdout)
    assert list(counts) == [*COUNTS, "duration_s", "stages"]
    assert COUNTS == ("seen", "added", "updated", "moved", "removed", "missing", "unchanged", "failed")
    assert (counts["seen"], counts["added"]) == (3, 3)


def test_quiet_says_nothing(imgsearch, photos):
    result = imgsearch("index", photos, "--quiet")
    assert (result.stdout, result.stderr) == ("", "")


def test_failed_files_give_exit_code_3_and_the_next_step(imgsearch, photos):
    (photos / "bad.jpg").write_bytes(b"no picture")
    result = imgsearch("index", photos, "--quiet", code=3)
    assert "1 file couldn't be indexed; see why: imgsearch failures" in result.stderr
    assert "bad.jpg" in imgsearch("failures").stdout


def test_a_path_that_is_nowhere_is_wrong_usage(imgsearch, library):
    result = imgsearch("index", "/no/such/folder", code=2)
    assert "no file or folder /no/such/folder" in result.stderr
    assert not library.exists()


def test_held_back_files_are_explained(imgsearch, tmp_path):
    from tests.pictures import paint

    for seed in range(22):
        paint(tmp_path / "disk" / f"{seed}.jpg", seed)
    imgsearch("index", tmp_path / "disk")
    for file in (tmp_path / "disk").iterdir():
        file.unlink()
    assert "--accept-removals" in imgsearch("index", tmp_path / "disk").stderr
    (tmp_path / "disk").rmdir()
    assert "can't be reached" in imgsearch("index", tmp_path / "disk").stderr
    accepted = imgsearch("index", tmp_path / "disk", "--accept-removals")
    assert "22 removed" in accepted.stdout
    assert accepted.stderr == ""


def test_exclude_leaves_files_out(imgsearch, photos):
    assert ": 2 added" in imgsearch("index", photos, "--exclude", "*.png").stdout


def test_dry_run_counts_and_does_nothing(imgsearch, photos, library):
    result = imgsearch("index", photos, "--dry-run", "--model", "builtin")
    assert "Would read 3 files: 3 new or moved, 0 changed. 0 unchanged, 0 gone." in result.stdout
    assert "with builtin, measured on a few of them" in result.stdout
    assert not library.exists()
    forecast = json.loads(imgsearch("index", photos, "--dry-run", "--json", "--model", "builtin").stdout)
    assert (forecast["new"], forecast["download_bytes"]) == (3, 0)
    assert forecast["eta_s"] > 0


def test_another_model_than_the_librarys_is_refused_with_the_remedy(imgsearch, photos):
    imgsearch("index", photos)
    result = imgsearch("index", photos, "--model", "builtin", code=1)
    assert "was made with the model counting, not builtin" in result.stderr
    assert "imgsearch switch-model builtin" in result.stderr


def test_forget_says_what_left(imgsearch, photos):
    imgsearch("index", photos)
    assert imgsearch("forget", photos / "trip").stdout == "Forgot 1 file: 1 picture left the library.\n"
    assert "has nothing at" in imgsearch("forget", photos / "trip", code=2).stderr


def test_forget_needs_a_library(imgsearch, photos, library):
    imgsearch("forget", photos, code=1)
    assert not library.exists()


def test_an_interrupted_run_exits_130_and_says_how_to_go_on(imgsearch, photos, monkeypatch):
    def interrupt(self, *_):
        self._interrupted = True

    monkeypatch.setattr(Update, "_survey", _after(Update._survey, interrupt))
    assert "run the same command again to go on" in imgsearch("index", photos, code=130).stderr


def test_an_error_on_the_way_is_shown_and_what_was_done_is_kept(imgsearch, photos, encoder, monkeypatch):
    def broken(_):
        raise ImgsearchError("the model has a bad day; try tomorrow")

    monkeypatch.setattr(encoder, "encode_images", broken)
    assert "Error: the model has a bad day; try tomorrow" in imgsearch("index", photos, code=1).stderr


def _after(method, then):
    def both(self, *arguments):
        result = method(self, *arguments)
        then(self)
        return result

    return both
