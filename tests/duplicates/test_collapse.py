"""Edits of one picture are one result."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from PIL import Image

from indexer.update import Update
from searchengine import Library, UsageError
from searchengine.cli import program
from searchengine.duplicates import collapse as collapsing

QUERIES = ["a dog on a beach", "snow", "-name:nothing*"]


@pytest.fixture(scope="module")
def library(scenes, tmp_path_factory):
    """Each scene, and of every second one a grey and a small edit."""
    folder = tmp_path_factory.mktemp("pictures")
    for number, (name, file) in enumerate(scenes.items()):
        with Image.open(file) as picture:
            picture.save(folder / f"{name}.jpg", quality=92)
            if number % 2 == 0:
                picture.convert("L").save(folder / f"{name} grey.jpg")
                picture.resize((320, 240)).save(folder / f"{name} small.png")
    place = tmp_path_factory.mktemp("collapse") / "library"
    Update(place, model="builtin").run([folder])
    with Library.open(place) as opened:
        yield opened


def scene(path):
    return path.rpartition("/")[2].rpartition(".")[0].removesuffix(" grey").removesuffix(" small")


@pytest.mark.parametrize("query", QUERIES)
def test_every_scene_is_one_result_and_nothing_is_lost(library, query):
    whole = library.search(query, k=None)
    collapsed = library.search(query, k=None, collapse=True)
    assert [scene(hit.path) for hit in collapsed] == list(dict.fromkeys(scene(hit.path) for hit in whole))
    for hit in collapsed:
        assert {scene(path) for path in (hit.path, *hit.edits)} == {scene(hit.path)}
    everything = [path for hit in collapsed for path in (hit.path, *hit.edits)]
    assert sorted(everything) == sorted(hit.path for hit in whole)
    assert [hit.rank for hit in collapsed] == list(range(1, len(collapsed) + 1))
    assert collapsed.total == whole.total


@pytest.mark.parametrize("query", QUERIES)
def test_the_first_k_of_a_longer_answer_are_the_answer_for_k(library, query):
    whole = [hit.id for hit in library.search(query, k=None, collapse=True)]
    for k in (1, 2, 5, len(whole), len(whole) + 3):
        assert [hit.id for hit in library.search(query, k=k, collapse=True)] == whole[:k]
    assert [hit.id for hit in library.search(query, k=2, offset=3, collapse=True)] == whole[3:5]


def test_a_picture_collapses_with_its_own_edits(library, scenes):
    hit = library.similar(next(iter(scenes.values())), k=1, collapse=True)[0]
    assert scene(hit.path) == next(iter(scenes))
    assert len(hit.edits) <= 2


def test_pages_follow_each_other_to_the_end(library):
    whole = library.search("snow", k=None, collapse=True)
    hits, cursor = [], None
    while True:
        page = library.search("snow", k=2, collapse=True, cursor=cursor)
        hits += [(hit.rank, hit.id) for hit in page]
        cursor = page.next
        if cursor is None:
            break
    assert hits == [(hit.rank, hit.id) for hit in whole]


def test_a_cursor_belongs_to_one_way_of_asking(library):
    for collapse in (True, False):
        cursor = library.search("snow", k=1, collapse=not collapse).next
        with pytest.raises(UsageError, match="another query"):
            library.search("snow", k=1, collapse=collapse, cursor=cursor)


def test_pairs_are_compared_once(library, monkeypatch):
    first = library.search("snow", k=4, collapse=True)
    monkeypatch.setattr(collapsing, "verified", None)
    again = library.search("snow", k=4, collapse=True)
    assert [(hit.id, hit.edits) for hit in again] == [(hit.id, hit.edits) for hit in first]


def test_the_command_line_says_how_many(library):
    run = ["--library", str(library.path), "search", "a dog on a beach", "--collapse", "-k", "2"]
    answer = CliRunner().invoke(program, run, catch_exceptions=False)
    assert "+ 2 edits" in answer.stdout
    answer = CliRunner().invoke(program, [*run, "--format", "json"], catch_exceptions=False)
    assert len(json.loads(answer.stdout)["results"][0]["edits"]) == 2
