"""The commands that read, over a real library."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ODD = os.fsdecode(b"caf\xe9\nau lait.png")


@pytest.fixture
def ask(imgsearch, indexed):
    """Runs a command on the library."""
    return lambda *arguments, **settings: imgsearch("--library", indexed.library, *arguments, **settings)


@pytest.fixture
def found(ask):
    """The results of a command, as its JSON has them."""
    return lambda command, *words: json.loads(ask(command, "--format", "json", *words).stdout)


def test_words_find_pictures(found, indexed):
    answer = found("search", "a", "red", "circle")
    assert answer["query"] == "a red circle"
    assert answer["total"] == len(indexed.pictures)
    assert answer["space"] == "builtin"
    assert [hit["rank"] for hit in answer["results"]] == list(range(1, len(indexed.pictures) + 1))
    scores = [hit["score"] for hit in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    files = [path for hit in answer["results"] for path in (hit["path"], *hit["copies"])]
    assert sorted(files) == sorted(map(str, (*indexed.pictures, indexed.copy)))


@pytest.mark.parametrize(
    "words", [["food", "-kitchen"], ["-cake"], ["car", "-new"], ["dog", "-k5"], ["--", "-k", "2"]]
)
def test_words_with_a_dash_reach_the_query(words, found):
    assert found("search", "--all", *words)["query"] == " ".join(word for word in words if word != "--")


def test_k_and_offset_cut_a_page_out_of_the_ranking(found):
    everything = found("search", "dog", "--all")["results"]
    page = found("search", "dog", "-k", "2", "--offset", "1")["results"]
    assert page == everything[1:3]


def test_the_formats_agree(ask, found, indexed):
    hits = found("search", "dog")["results"]
    lines = ask("search", "dog", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == hits
    rows = list(csv.DictReader(io.StringIO(ask("search", "dog", "--format", "csv").stdout, newline="")))
    assert [int(row["id"]) for row in rows] == [hit["id"] for hit in hits]
    assert max(row["copies"] for row in rows) in (str(indexed.pictures[0]), str(indexed.copy))
    paths = ask("search", "dog", "-0").stdout_bytes.split(b"\0")[:-1]
    assert paths == [os.fsencode(hit["path"]) for hit in hits]
    assert any(path.endswith(b"caf\xe9\nau lait.png") for path in paths)
    assert ask("search", "dog", "--format", "paths").stdout_bytes == b"\n".join(paths) + b"\n"


def test_a_table_goes_to_standard_output_and_the_count_to_standard_error(ask, indexed):
    done = ask("search", "a red circle")
    assert done.exit_code == 0
    assert done.stdout.split()[:5] == ["#", "score", "file", "folder", "size"]
    assert r"caf\xe9\x0aau lait.png" in done.stdout
    assert "+ 1 copy" in done.stdout
    assert done.stderr.startswith(f"{len(indexed.pictures)} images, ")
    assert done.stderr.endswith(" ms\n")


def test_newest_and_oldest_order_by_the_time_of_the_picture(found):
    def years(order):
        hits = found("search", "width:>0", "--sort", order)["results"]
        return [hit["taken_at"][:4] for hit in hits if hit["taken_at"]]

    assert years("oldest") == ["2019", "2021", "2023"]
    assert years("newest") == ["2023", "2021", "2019"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["search"], "Missing argument 'QUERY...'"),
        (["search", " "], "the query is empty"),
        (["search", "dog", "-k", "0"], "0 is not in the range x>=1"),
        (["search", "dog", "-k"], "-k requires a value"),
        (["search", "dog", "-0", "--format", "json"], "-0 separates paths"),
        (["search", "dog", "--frmat", "json"], "--format"),
        (["search", "dog", "--sort", "best"], "'best' is not one of"),
        (["search", "caf\udce9"], "this isn't text in UTF-8\n  caf\\xe9\n     ^^^^"),
        (["similar"], "Missing argument 'IMAGE|URL|-'"),
    ],
)
def test_wrong_usage_exits_2_and_says_why(arguments, words, ask):
    done = ask(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert done.stdout == ""


def test_past_the_end_nothing_is_found_and_the_reason_is_told(ask):
    done = ask("search", "dog", "--offset", "500", "--format", "paths")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "comes before --offset 500" in done.stderr


def test_a_picture_finds_itself_first_from_a_file_or_from_standard_input(found, ask, indexed):
    picture = indexed.pictures[1]
    by_file = found("similar", picture)["results"]
    assert by_file[0]["path"] == str(picture)
    assert by_file[0]["score"] == pytest.approx(1, abs=0.01)
    piped = json.loads(ask("similar", "-", "-k", "1", "--format", "json", stdin=picture.read_bytes()).stdout)
    assert piped["results"] == by_file[:1]


@pytest.mark.parametrize("image", ["missing.jpg", "damaged.jpg"])
def test_a_picture_that_cannot_be_read_is_an_error_that_names_it(image, ask, indexed):
    done = ask("similar", indexed.folder / image)
    assert done.exit_code in (1, 2)
    assert done.stderr.startswith("Error: ")
    assert image in done.stderr


def test_bytes_that_are_no_picture_are_an_error_that_says_where_they_come_from(ask):
    done = ask("similar", "-", stdin=b"not a picture at all")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: standard input: ")


def test_a_contact_sheet_is_written_where_it_is_wanted(ask, indexed, tmp_path):
    done = ask("search", "a red circle", "--sheet", tmp_path / "sheet.html", "--format", "paths")
    html = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert html.count("data:image/webp;base64,") == len(indexed.pictures)
    assert "<h1>a red circle</h1>" in html
    assert f"Contact sheet: {tmp_path / 'sheet.html'}" in done.stderr


def test_open_shows_a_sheet_in_the_browser(imgsearch_process, indexed, tmp_path):
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    env = {"BROWSER": f"{browser} %s", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = imgsearch_process(
        "--library", str(indexed.library), "similar", str(indexed.pictures[0]), "--open", env=env
    )
    assert done.returncode == 0
    address = (tmp_path / "opened").read_text().strip()
    assert address.startswith(f"file://{tmp_path}/cache/imgsearch/sheets/")
    sheet = address.removeprefix("file://")
    assert "<h1>Like circle.png</h1>" in Path(sheet).read_text(encoding="utf-8")
    assert stat.S_IMODE(os.stat(os.path.dirname(sheet)).st_mode) == 0o700


def test_without_a_browser_the_sheet_is_named_and_all_is_well(ask, monkeypatch, tmp_path):
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    done = ask("search", "dog", "--open", "--sheet", tmp_path / "sheet.html")
    assert done.exit_code == 0
    assert f"Contact sheet: {tmp_path / 'sheet.html'}\n" in done.stderr
    assert "open that file yourself" in done.stderr


def test_a_query_loads_only_what_it_needs(imgsearch_process, indexed):
    done = imgsearch_process("--library", str(indexed.library), "search", "dog", python=("-X", "importtime"))
    assert done.returncode == 0
    loaded = {line.rpartition(b"|")[2].strip().decode() for line in done.stderr.splitlines()}
    models = {"torch", "torchvision", "open_clip", "timm"}
    assert loaded.isdisjoint({*models, "indexer", "sqlalchemy", "PIL", "numpy.ma", "rich.console"})


def test_status_tells_what_is_indexed(ask, indexed):
    values = json.loads(ask("status", "--json").stdout)
    assert {"images", "files", "failed", "missing", "space", "index", "last_run"} <= set(values)
    assert values["images"] == len(indexed.pictures)
    assert values["files"] == len(indexed.pictures) + 1
    assert values["failed"] == 1
    text = ask("status").stdout
    for part in (
        "builtin, 256 dimensions",
        "4 in 5 files",
        "1 file couldn't be indexed",
        "5 added, 1 failed",
    ):
        assert part in text


def test_failures_names_files_and_reasons(ask, indexed):
    damaged = indexed.folder / "damaged.jpg"
    (row,) = json.loads(ask("failures", "--format", "json").stdout)
    assert row["path"] == str(damaged)
    assert row["reason"]
    assert ask("failures", "--format", "paths").stdout == f"{damaged}\n"
    done = ask("failures")
    assert "damaged.jpg" in done.stdout
    assert done.stderr == "1 file failed.\n"


def test_a_reader_that_stops_reading_is_no_error(indexed):
    command = f'"{sys.executable}" -m searchengine --library "{indexed.library}"'
    line = f"{command} search dog --all --format json | head -c 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"{", b"")


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
def test_a_terminal_gets_bold_names_and_links_as_wide_as_it_is(indexed):
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "searchengine", "--library", str(indexed.library), "search", "dog"]
    env = os.environ | {"PYTHONPATH": os.getcwd(), "TERM": "xterm-256color", "COLUMNS": "60"}
    with os.fdopen(ours, "rb", buffering=0) as screen:
        subprocess.run(command, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, check=True, env=env)
        os.close(theirs)
        shown = screen.read(1 << 16).decode()
    assert f"file://{indexed.folder}/" in shown
    assert "\x1b[1m" in shown
    cells = re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;.*?\x1b\\", "", shown)
    assert max(map(len, cells.splitlines())) <= 60
