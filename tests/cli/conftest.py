"""What the command line's tests share: results made up by hand, and ways to run a command."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime

import pytest
from click.testing import CliRunner

from searchengine.cli import program
from searchengine.results import SearchResult, SearchResults

DOG = SearchResult(
    rank=1,
    id=17,
    path="/photos/2023/rex.jpg",
    copies=(),
    score=0.3124,
    relevant=True,
    offline=False,
    flags=(),
    region=None,
    width=4000,
    height=3000,
    format="JPEG",
    taken_at=datetime(2023, 5, 1, 10, 11, 12),  # noqa: DTZ001 - a picture's time has no zone
    camera="Canon EOS 5D",
)


@pytest.fixture
def result():
    """Makes a result: a dog's picture, but for what is said otherwise."""
    return lambda **differences: replace(DOG, **differences)


@pytest.fixture
def page():
    """Makes an answer out of results."""
    return lambda *results, total=412: SearchResults("a dog", "builtin", total, 18.26, results)


@pytest.fixture
def imgsearch():
    """Runs a command line in this process."""

    def run(*arguments, stdin=None, env=None):
        return CliRunner().invoke(
            program, [str(argument) for argument in arguments], input=stdin, env=env, catch_exceptions=False
        )

    return run


@pytest.fixture
def imgsearch_process():
    """Runs a command line as a user's shell does: a process of its own, bytes in and out."""

    def run(*arguments, stdin=b"", env=None, python=()):
        return subprocess.run(
            [sys.executable, *python, "-m", "searchengine", *arguments],
            input=stdin,
            capture_output=True,
            env=os.environ | {"PYTHONPATH": os.getcwd()} | (env or {}),
            timeout=120,
            check=False,
        )

    return run
