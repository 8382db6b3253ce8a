"""A library of rendered scenes behind the real application, in this process and as a process of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image
from starlette.testclient import TestClient

from indexer.update import Update
from searchengine import Library
from searchengine.cli import program
from searchengine.server.app import application
from searchengine.server.settings import Settings

ADDRESS = "http://127.0.0.1:8420"


@dataclass(frozen=True)
class Served:
    """A library and what is in it.

    Attributes:
        library: Its folder.
        pictures: The indexed folder.
        scenes: The scenes' files, by what they show.
    """

    library: Path
    pictures: Path
    scenes: dict[str, Path]


@pytest.fixture(scope="session")
def place(scenes, tmp_path_factory) -> Served:
    """A library with copies, a name that isn't UTF-8, and a TIFF. Not to be changed."""
    base = tmp_path_factory.mktemp("served")
    pictures = base / "pictures"
    shutil.copytree(next(iter(scenes.values())).parent, pictures)
    last = max(pictures.iterdir())  # not one that tests search for: either copy may come first
    shutil.copy(last, pictures / "a copy.jpg")
    Image.new("RGB", (3000, 1000), "brown").save(pictures / os.fsdecode(b"caf\xe9\nau lait.tif"))
    Update(base / "library", model="builtin").run([pictures])
    return Served(base / "library", pictures, {words: pictures / file.name for words, file in scenes.items()})


@contextmanager
def served(library, **settings):
    """A client of a library's application."""
    with Library.open(library) as opened:
        app = application(opened, Settings(**settings))
        with TestClient(app, base_url=ADDRESS, raise_server_exceptions=False) as client:
            yield client


@pytest.fixture(scope="session")
def client(place):
    """Asks a server without a token."""
    with served(place.library) as client:
        yield client


@pytest.fixture
def imgsearch():
    """Runs a command line in this process, and gives what it prints."""

    def run(*arguments):
        done = CliRunner().invoke(program, [str(argument) for argument in arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


@pytest.fixture
def problem():
    """Checks that an answer is a problem document, and gives it."""

    def check(answer, status):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        said = answer.json()
        assert said["status"] == status
        assert said["detail"]
        return said

    return check


# `python -m searchengine`, but on a busy machine no folder passes for a disk that doesn't answer.
PROGRAM = (
    "from searchengine import reach; reach.PATIENCE = 60.0; from searchengine.__main__ import main; main()"
)


@contextmanager
def server_process(library, *options, env=None):
    """`imgsearch serve` on a free port: its address and the process."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "--library", library, "serve", "--port", "0", *options],
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.getcwd()} | (env or {}),
        text=True,
    )
    try:
        line = process.stderr.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + process.stderr.read()
        yield found[0].rstrip("/"), process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
