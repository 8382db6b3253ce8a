"""A small library, indexed for real, with everything in it that can be wrong."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from searchengine.cli import program
from tests.indexer.conftest import encoder, index, library, photos  # noqa: F401 - fixtures
from tests.pictures import paint


@pytest.fixture
def filled(index, photos, library):  # noqa: F811 - a fixture's name is its parameter's
    """A library of four files and three pictures, one of which was deleted."""
    shutil.copy(photos / "a.jpg", photos / "copy.jpg")
    index(photos)
    paint(photos / "d.jpg", 4)  # in a run of its own, so that its content is number 4
    index(photos)
    (photos / "d.jpg").unlink()
    index(photos)
    return library


@pytest.fixture
def sql(filled):
    """Change the catalog behind everybody's back."""

    def run(*statements):
        with closing(sqlite3.connect(filled / "catalog.sqlite3")) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return run


@pytest.fixture
def imgsearch(filled):
    """Run a command line on the library."""

    def run(*words, code=0):
        result = CliRunner().invoke(program, ["--library", str(filled), *map(str, words)])
        assert result.exit_code == code, result.output
        return result

    return run
