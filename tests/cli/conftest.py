"""What the command line's tests share: results made up by hand, and ways to run a command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from PIL import ExifTags, Image, ImageDraw

from searchengine.cli import program
from searchengine.results import SearchResult, SearchResults

if TYPE_CHECKING:
    from pathlib import Path

DOG = SearchResult(
    rank=1,
    id=17,
    hash="d06" + "0" * 61,
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
    taken_at=datetime(2023, 5, 1, 10, 11, 12),
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
            timeout=300,
            check=False,
        )

    return run


@dataclass(frozen=True)
class Indexed:
    """A library and what is in it.

    Attributes:
        library: Its folder.
        folder: The pictures' folder; `damaged.jpg` in it couldn't be indexed.
        pictures: One path for each picture.
        copy: Another path of the first one.
    """

    library: Path
    folder: Path
    pictures: tuple[Path, ...]
    copy: Path


@pytest.fixture(scope="session")
def indexed(tmp_path_factory):
    """A real library of a few shapes, made by the real command with the built-in model."""
    place = tmp_path_factory.mktemp("cli")
    folder = place / "pictures"
    folder.mkdir()
    shapes = {
        "circle.png": ("ellipse", "red"),
        "square.jpg": ("rectangle", "blue"),
        "z.jpg": ("ellipse", "green"),
    }
    for year, (name, (shape, colour)) in zip((2019, 2021, 2023), shapes.items(), strict=True):
        image = Image.new("RGB", (320, 240), "white")
        getattr(ImageDraw.Draw(image), shape)((100, 60, 220, 180), fill=colour)
        exif = Image.Exif()
        exif[ExifTags.Base.DateTime] = f"{year}:05:01 10:11:12"
        image.save(folder / name, exif=exif)
    odd = folder / os.fsdecode(b"caf\xe9\nau lait.png")
    Image.new("RGB", (64, 64), "brown").save(odd)
    copy = folder / "yet another circle.png"
    shutil.copy(folder / "circle.png", copy)
    (folder / "damaged.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    done = CliRunner().invoke(
        program, ["--library", str(place / "library"), "index", str(folder), "--model", "builtin", "--quiet"]
    )
    assert done.exit_code == 3, done.output
    return Indexed(place / "library", folder, (*(folder / name for name in shapes), odd), copy)
