"""`imgsearch search` beside a running server: the same answers, without a library being opened here."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import replace

import pytest

from searchengine import running
from searchengine.cli import ask_server as client
from searchengine.library import Library
from tests.server.conftest import server_process

WORDS = "a dog on a beach"


@pytest.fixture(scope="module")
def library(place, tmp_path_factory):
    """A copy of the library that no other server announces itself in."""
    return shutil.copytree(place.library, tmp_path_factory.mktemp("asked") / "library")


@pytest.fixture(scope="module")
def server(library):
    """A server in a process of its own, which has announced itself."""
    with server_process(library) as (address, _):
        wait_for_record(library)
        yield address


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A server that is slow for once is waited for."""
    monkeypatch.setattr(client, "_CONNECT_SECONDS", 60.0)
    monkeypatch.setattr(client, "_ANSWER_SECONDS", 60.0)


def wait_for_record(library):
    end = time.monotonic() + 120
    while running.read(library) is None:
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def unopened(monkeypatch):
    """A library that is opened here fails the test."""
    monkeypatch.setattr(Library, "open", None)


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["-k", "3"],
        ["--sort", "newest"],
        ["--strictness", "0.2"],
        ["--collapse"],
        ["type:jpeg"],
        ["-a cat", "orientation:landscape"],
        ["\u00e9t\u00e9 & 100%+#?"],
    ],
)
def test_the_server_gives_the_answer_that_would_be_given_here(
    library, server, imgsearch, monkeypatch, options
):
    command = ["--library", library, "search", WORDS, *options, "--format", "json"]
    here = json.loads(imgsearch(*command, "--no-server"))
    monkeypatch.setattr(Library, "open", None)
    there = json.loads(imgsearch(*command))
    for answer in (here, there):
        del answer["took_ms"]
        for result in answer["results"]:
            result["score"] = pytest.approx(result["score"], abs=1e-5)
    assert there == here


def test_other_formats_too(library, server, imgsearch, unopened, place):
    told = imgsearch("--library", library, "search", WORDS, "-k", "1", "--format", "paths")
    assert told == f"{place.scenes[WORDS]}\n"
    assert place.scenes[WORDS].name in imgsearch("--library", library, "search", WORDS)


@pytest.mark.parametrize("options", [["--offset", "1"], ["--all"], ["-k", "501"], ["image:{picture}"]])
@pytest.mark.usefixtures("server")
def test_what_it_cannot_answer_is_answered_here(library, imgsearch, place, monkeypatch, options):
    monkeypatch.setattr(client, "ask_server", None)
    options = [option.format(picture=place.scenes[WORDS]) for option in options]
    assert json.loads(imgsearch("--library", library, "search", WORDS, *options, "--format", "json"))[
        "results"
    ]


@pytest.mark.parametrize(
    "change", [{"key": "run-another"}, {"address": "http://127.0.0.1:9"}, {"address": "what"}]
)
@pytest.mark.usefixtures("server")
def test_a_server_that_is_gone_or_another_librarys_is_passed_over_in_silence(
    library, imgsearch_outcome, place, monkeypatch, change
):
    found = running.read(library)
    monkeypatch.setattr(running, "read", lambda _: replace(found, **change))
    done = imgsearch_outcome("--library", library, "search", WORDS, "-k", "1", "--format", "paths")
    assert done.stdout == f"{place.scenes[WORDS]}\n"
    assert done.stderr == ""


@pytest.mark.parametrize("change", [{"host": "elsewhere"}, {"version": "0.0.1"}])
def test_servers_of_other_machines_and_versions_are_not_asked(library, server, monkeypatch, change):
    found = running.read(library)
    monkeypatch.setattr(running, "read", lambda _: replace(found, **change))
    monkeypatch.setattr(client, "_get", None)
    assert client.ask_server(library, WORDS, None, "relevance") is None


@pytest.fixture
def imgsearch_outcome():
    """Runs a command line in this process: its outcome."""
    from click.testing import CliRunner

    from searchengine.cli import program

    return lambda *arguments: CliRunner().invoke(program, [str(argument) for argument in arguments])
