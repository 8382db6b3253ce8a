"""Pictures in words: the search for the best sentence, and the built-in model on rendered scenes."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from searchengine import Library
from searchengine.cli import program
from searchengine.understanding.compose import (
    LEAST_PART,
    MOST_THINGS,
    Sentence,
    Thing,
    best_sentence,
    compose,
)

THINGS = ("dog", "cat", "owl", "pizza")
PLACE = "on a beach"


def near_to(*truth):
    """Scores sentences by how much of the truth they say, and how much else."""
    names = {thing.name for thing in truth}

    def score(sentences):
        return [
            sum(0.1 for thing in each.things if thing in truth)
            + sum(0.03 for thing in each.things if thing.name in names)
            - sum(0.05 for thing in each.things if thing not in truth)
            for each in sentences
        ]

    return score


@pytest.mark.parametrize(
    "truth",
    [
        [Thing("owl")],
        [Thing("cat", 4)],
        [Thing("cat", 1, "large")],
        [Thing("dog", 2), Thing("pizza", 1, "small")],
        [Thing("cat"), Thing("dog", 3), Thing("owl", 2)],
    ],
)
def test_the_sentence_that_goes_best_is_found(truth):
    assert sorted(best_sentence(THINGS, PLACE, near_to(*truth)).things) == truth


def test_a_sentence_ends_before_it_says_everything():
    found = best_sentence(THINGS, PLACE, lambda some: [float(len(each.things)) for each in some])
    assert len(found.things) == MOST_THINGS


def test_it_is_english():
    things = (Thing("fox", 2), Thing("owl", 1, "small"))
    assert Sentence(things, "in the snow").text == "two foxes and a small owl in the snow"


def test_how_sure_a_thing_is_is_measured_against_what_else_might_stand_there(clip):
    sentence, parts = compose(THINGS, PLACE, near_to(Thing("cat", 2)), clip)
    assert sentence.text == "two cats on a beach"
    (sure,) = parts
    assert sure.text == "two cats"
    assert sure.probability > 0.99


def test_where_nothing_is_sure_that_is_seen_from_the_probabilities(clip):
    names = tuple(f"thing {number}" for number in range(10))
    sentence, parts = compose(names, PLACE, lambda some: [0.3] * len(some), clip)
    assert all(part.probability < LEAST_PART for part in parts)
    assert len(sentence.things) == len(parts) >= 1
    made, (sure,) = compose(names, PLACE, near_to(Thing("thing 3")), clip)
    assert (made.things, sure.text) == ((Thing("thing 3"),), "a thing 3")


SCENES = {
    "a camel in the desert": ("camel", "in a desert"),
    "a sailboat at sea": ("sailboat", "at sea"),
    "a rocket in space": ("rocket", "in space"),
    "an owl in the forest": ("owl", "in a forest"),
}


@pytest.mark.parametrize("shown", SCENES)
def test_scenes_are_said_to_be_what_they_are(library, scenes, shown):
    thing, place = SCENES[shown]
    (found,) = library.describe([scenes[shown]]).results
    assert thing in found.text
    assert found.text.endswith(place)
    assert found.method == "composed"
    assert [part.text in found.text for part in found.parts] == [True] * len(found.parts)
    assert all(0 < part.probability <= 1 for part in found.parts)
    assert thing in {each.label for each in found.objects}
    assert found.id == library.similar(scenes[shown], k=1)[0].id


@pytest.fixture
def own(scenes, tmp_path):
    """A library of two scenes that may be changed, and a command for it."""
    paths = [str(scenes[words]) for words in ("a sailboat at sea", "an owl in the forest")]

    def run(*arguments, code=0):
        done = CliRunner().invoke(program, ["--library", str(tmp_path / "own"), *arguments])
        assert done.exit_code == code, done.output
        return done

    run("index", *paths, "--model", "builtin", "--quiet")
    return run, paths, tmp_path / "own"


def test_what_is_kept_is_found_by_its_words_and_marked_as_ours(own):
    run, (boat, owl), library = own
    done = run("describe", boat, "--save", "--format", "json")
    (said,) = json.loads(done.stdout)
    assert said["path"] == boat
    assert {"text", "objects", "method", "parts"} <= said.keys()
    assert "Kept what was said of 1 picture." in done.stderr
    with Library.open(library) as opened:
        (hit,) = opened.search('"at sea"')
        assert hit.path == boat
        assert hit.caption is None  # nobody has given it one
        assert opened.image(hit.id).described == said["text"]
        other = opened.search("name:" + owl.rpartition("/")[2])[0]
        assert opened.image(other.id).described is None
    assert json.loads(run("verify", "--json").stdout)["sound"] is True
    run("forget", boat)
    with Library.open(library) as opened:
        assert len(opened.search('"at sea"')) == 0


def test_a_picture_that_is_not_indexed_is_described_and_not_kept(own, scenes):
    run, _, _ = own
    done = run("describe", str(scenes["a camel in the desert"]), "--save")
    assert "camel" in done.stdout
    assert "Kept what was said of 0 pictures." in done.stderr
    assert "index" in done.stderr
