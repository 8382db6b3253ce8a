"""`export` and `import` as a user calls them, and what `index` does afterwards."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from searchengine.cli import program
from tests.pictures import paint


@pytest.fixture
def run():
    def command(library, *words, code=0):
        result = CliRunner().invoke(program, ["--library", str(library), *map(str, words)])
        assert result.exit_code == code, result.output
        return result

    return command


def test_after_an_import_nothing_has_to_be_read_or_embedded(run, index, encoder, photos, tmp_path):
    index(photos)
    run(tmp_path / "library", "export", "-o", tmp_path / "all.npz")
    counted = encoder.images
    said = run(tmp_path / "new", "import", tmp_path / "all.npz")
    assert "3 pictures of counting: 3 new, 0 known already; 3 new embeddings, 3 new files" in said.stdout
    assert "isn't measured yet" in said.stderr  # nobody has that model
    counts = json.loads(run(tmp_path / "new", "index", photos, "--json").stdout)
    assert (counts["unchanged"], counts["seen"]) == (3, 3)
    paint(photos / "d.jpg", 4)
    assert json.loads(run(tmp_path / "new", "index", photos, "--json").stdout)["added"] == 1
    assert encoder.images == counted + 1


def test_an_import_measures_what_is_relevant(run, scene_library, tmp_path):
    run(scene_library, "export", "-o", tmp_path / "all.jsonl")
    done = json.loads(run(tmp_path / "new", "import", tmp_path / "all.jsonl", "--json").stdout)
    assert done["uncalibrated"] is None
    ask = ("search", "a dog", "--format", "json", "-k", "3")
    ours, theirs = (
        json.loads(run(each, *ask).stdout)["results"] for each in (scene_library, tmp_path / "new")
    )
    assert [hit["path"] for hit in ours] == [hit["path"] for hit in theirs]
    assert [hit["relevant"] for hit in ours] == [hit["relevant"] for hit in theirs]


def test_standard_output_takes_lines_and_says_nothing_else(run, index, photos, library):
    index(photos)
    result = run(library, "export")
    header, *rows = map(json.loads, result.stdout.splitlines())
    assert header["rows"] == len(rows) == 3
    assert result.stderr == ""


def test_a_file_that_cannot_be_written_is_named(run, index, photos, library, tmp_path):
    index(photos)
    assert "can't be written" in run(library, "export", "-o", tmp_path / "none" / "a.npz", code=2).output


def test_nothing_to_export_is_an_error(run, library, tmp_path):
    assert "no library" in run(library, "export", code=1).output
