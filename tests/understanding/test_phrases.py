"""Naming things in English."""

from __future__ import annotations

import pytest

from searchengine.understanding.phrases import counted, plural, together
from searchengine.understanding.vocabulary import places, things, vocabulary


@pytest.mark.parametrize(
    ("name", "count", "said"),
    [
        ("dog", 1, "a dog"),
        ("owl", 1, "an owl"),
        ("unicorn", 1, "a unicorn"),
        ("sushi", 1, "sushi"),
        ("fox", 2, "two foxes"),
        ("butterfly", 3, "three butterflies"),
        ("key", 2, "two keys"),
        ("wolf", 4, "four wolves"),
        ("police officer", 2, "two police officers"),
        ("woman dancing", 2, "two women dancing"),
        ("pair of scissors", 2, "two pairs of scissors"),
        ("plant in a pot", 2, "two plants in a pot"),
        ("bow and arrow", 2, "two bows and arrows"),
        ("kitchen knife", 2, "two kitchen knives"),
    ],
)
def test_a_thing_with_its_number(name, count, said):
    assert counted(name, count) == said


def test_an_adjective_stands_before_the_name():
    assert counted("owl", 1, "small") == "a small owl"
    assert counted("owl", 2, "small") == "two small owls"
    assert counted("headphones", 1, "large") == "large headphones"


def test_several_phrases_are_one():
    assert together(["a dog"]) == "a dog"
    assert together(["a dog", "a cat"]) == "a dog and a cat"
    assert together(["a dog", "a cat", "two owls"]) == "a dog, a cat and two owls"


def test_things_are_some_of_the_words_and_places_are_phrases():
    assert set(things()) < set(vocabulary())
    assert "beach" not in things()
    assert all(plural(thing) for thing in things())
    assert len(set(places())) == len(places()) > 50
    assert all(place.split()[0] in {"on", "in", "at", "under", "by", "among"} for place in places())
