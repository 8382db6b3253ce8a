"""Captions: what they say is what the scene shows."""

from random import Random

import pytest

from data.backgrounds import BACKGROUNDS
from data.captions import NUMBERS, RELATION_WORDS, caption, describe, group_of, noun, plural_of, with_article
from data.glyphs import glyphs
from data.scenes import random_scene

OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}


def scenes(number):
    rng = Random(11)
    return [random_scene(rng) for _ in range(number)]


def test_a_description_names_every_thing_its_number_and_the_place():
    rng = Random(1)
    for scene in scenes(300):
        said = describe(scene, rng, synonyms=0)
        assert said.full
        for (thing, colour), count in scene.counts.items():
            name = thing if colour else glyphs()[thing].name
            plural = plural_of(thing) if colour else glyphs()[thing].plural
            assert (plural if count > 1 else name) in said.text
            assert count == 1 or NUMBERS[count] in said.text
            assert colour is None or colour in said.text
        assert said.background == scene.background


def test_a_relation_in_a_description_is_true():
    rng = Random(2)
    told = 0
    for scene in scenes(400):
        if len(scene.counts) != 2:
            continue
        text = describe(scene, rng, synonyms=0).text
        for place in BACKGROUNDS[scene.background].phrases:
            text = text.replace(place, "")  # "under the stars" is a place
        first, second = (thing for thing, _ in scene.counts)
        for relation, words in RELATION_WORDS.items():
            before, found, after = text.partition(f" {words[0]} ")
            if not found or first == second or first not in before or second not in after:
                continue
            one, two = scene.counts
            assert scene.relation(one, two) == relation
            assert scene.relation(two, one) == OPPOSITE[relation]
            told += 1
    assert told > 15


def test_the_same_seed_gives_the_same_captions():
    one, two = Random(3), Random(3)
    for scene in scenes(50):
        assert caption(scene, one) == caption(scene, two)


def test_a_short_caption_asks_only_for_what_the_scene_shows():
    rng = Random(4)
    for scene in scenes(400):
        said = caption(scene, rng)
        assert set(said.kinds) <= set(scene.counts)
        assert said.background in (None, scene.background)
        assert said.group is None or said.group in {group_of(kind) for kind in scene.counts}


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [("owl", "an owl"), ("fox", "a fox"), ("unicorn", "a unicorn"), ("orange star", "an orange star")],
)
def test_articles(phrase, expected):
    assert with_article(phrase) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("fox", "foxes"), ("bunny", "bunnies"), ("toy", "toys"), ("spaceman", "spacemen"), ("cross", "crosses")],
)
def test_plurals(name, expected):
    assert plural_of(name) == expected


def test_what_is_not_counted_takes_no_article():
    rng = Random(5)
    said = {noun(("pair of scissors", None), 1, rng, 0.5) for _ in range(40)}
    assert said == {"a pair of scissors", "scissors"}
