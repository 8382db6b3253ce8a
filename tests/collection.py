"""Rendered scenes, a library of them, and the command line: what a user has."""

from __future__ import annotations

import json
import os

from click.testing import CliRunner

from searchengine.cli import program
from tests.pictures import paint_scenes


class Collection:
    """A folder of pictures and a library that isn't there yet.

    Attributes:
        library: The library's folder.
        photos: The pictures' folder.
        scenes: Its files by what they show.
    """

    def __init__(self, folder):
        self.library = folder / "library"
        self.photos = folder / "photos"
        self.photos.mkdir()
        self.scenes = paint_scenes(self.photos)

    def run(self, *words, code=0):
        """Call a command, which ends with this exit code."""
        done = CliRunner().invoke(program, ["--library", str(self.library), *map(str, words)])
        assert done.exit_code == code, done.output
        return done

    def index(self, *words):
        """Index the pictures; the counts."""
        return json.loads(self.run("index", self.photos, "--json", *words).stdout)

    def found(self, *query):
        """What a search finds, as paths below the pictures' folder."""
        return [
            os.path.relpath(path, self.photos)
            for path in self.run("search", *query, "--format", "paths").stdout.splitlines()
        ]

    def name(self, words):
        """The name of the file that shows this."""
        return self.scenes[words].name
