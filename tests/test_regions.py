"""Small things in large pictures, from the file to the result: the real command and the built-in model."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from data.render import render
from data.scenes import Placed, Scene
from searchengine import Library
from searchengine.cli import program

# What is small, where, and in which place.
SMALL = {
    "a rocket": ("table", "rocket", 0.2, 0.3),
    "a sailboat": ("desert", "sailboat", 0.8, 0.7),
    "a pizza": ("sea", "pizza", 0.75, 0.25),
    "an owl": ("beach", "owl", 0.25, 0.75),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A picture for each of the small things, and the same places with nothing in them."""
    place = tmp_path_factory.mktemp("small things")
    (place / "pictures").mkdir()
    for number, (words, (background, thing, x, y)) in enumerate(SMALL.items()):
        placed = (Placed(thing, None, "small", x, y, 0.13, angle=0.0, flipped=False),)
        render(Scene(background, number, 4 / 3, placed), 960).save(place / "pictures" / f"{words}.jpg")
        render(Scene(background, number + 9, 4 / 3, ()), 960).save(place / "pictures" / f"{number}.jpg")
    done = CliRunner().invoke(
        program,
        [
            "--library",
            *map(str, (place / "library", "index", place / "pictures")),
            "--model=builtin",
            "--regions",
        ],
    )
    assert done.exit_code == 0, done.output
    return place / "library"


@pytest.fixture(scope="module")
def opened(library):
    with Library.open(library) as opened:
        yield opened


@pytest.mark.parametrize("words", SMALL)
def test_a_result_says_where_in_the_picture_it_is(opened, words):
    best = opened.search(words, k=1)[0]
    assert best.path.endswith(f"/{words}.jpg")
    left, top, right, bottom = best.region
    _, _, x, y = SMALL[words]
    assert left < x < right
    assert top < y < bottom


def test_results_are_pictures(opened):
    results = opened.search("a rocket", k=None)
    assert results.total == len(results) == 2 * len(SMALL)
    assert len({hit.id for hit in results}) == len(results)
    scores = [hit.score for hit in results]
    assert scores == sorted(scores, reverse=True)
    for k in range(1, len(results)):
        assert [hit.id for hit in opened.search("a rocket", k=k)] == [hit.id for hit in results[:k]]


def test_a_picture_finds_itself_whole_and_from_a_part_of_it(opened, library):
    (itself,) = opened.similar(library.parent / "pictures" / "an owl.jpg", k=1)
    assert (itself.path.rpartition("/")[2], itself.region) == ("an owl.jpg", None)
    assert itself.score == pytest.approx(1, abs=1e-3)


def test_what_goes_by_whole_pictures_does_so_still(opened):
    assert sum(each.size for each in opened.cluster(3)) == 2 * len(SMALL)
    assert all(hit.region is None for hit in opened.search("width:>0", k=None))
    assert len(opened.duplicates("similar").groups) <= len(SMALL)


def test_programs_are_told(library):
    arguments = ["--library", str(library), "search", "a pizza", "-k", "1", "--format"]
    (result,) = json.loads(CliRunner().invoke(program, [*arguments, "json"]).stdout)["results"]
    assert len(result["region"]) == 4
    row = CliRunner().invoke(program, [*arguments, "csv"]).stdout.splitlines()[1]
    assert "|".join(map(str, result["region"])) in row
