"""A small library, indexed for real, with everything in it that can be wrong."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from indexer.model import RunModel
from indexer.update import Update
from indexer.upkeep.rehome import rehome
from searchengine.cli import program
from tests.indexer.conftest import CountingEncoder, encoder, index, library, photos  # noqa: F401 - fixtures
from tests.pictures import paint


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """The photos and the library that `filled` copies: three runs are too many for every test."""
    folder = tmp_path_factory.mktemp("made once")
    tree, made = folder / "photos", folder / "library"
    for number, name in enumerate(("a.jpg", "b.png", "trip/c.jpg"), 1):
        paint(tree / name, number)
    shutil.copy(tree / "a.jpg", tree / "copy.jpg")
    with pytest.MonkeyPatch.context() as patch:
        encoder = CountingEncoder()
        patch.setattr(RunModel, "_open", lambda self, space: encoder)
        Update(made).run([tree])
        paint(tree / "d.jpg", 4)  # in a run of its own, so that its content is number 4
        Update(made).run([tree])
        (tree / "d.jpg").unlink()
        Update(made).run([tree])
    return folder


@pytest.fixture
def filled(made_once, encoder, photos, library):  # noqa: F811 - a fixture's name is its parameter's
    """A library of four files and three pictures, one of which was deleted."""
    shutil.copytree(made_once / "photos", photos, dirs_exist_ok=True)
    shutil.copytree(made_once / "library", library)
    rehome(library, made_once / "photos", photos)
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
