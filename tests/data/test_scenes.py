"""Scenes: the same seed gives the same truth, and the truth holds together."""

from dataclasses import replace
from random import Random

import pytest

from data.backgrounds import BACKGROUNDS
from data.glyphs import COLOURS, SHAPES, glyphs, sprite
from data.held_out import held_out_scenes
from data.scenes import Placed, Scene, arranged, is_held_out, random_scene, sibling, swapped


def scenes(number, seed=1):
    rng = Random(seed)
    return [random_scene(rng) for _ in range(number)]


def test_the_same_seed_gives_the_same_scenes():
    assert scenes(20) == scenes(20)
    assert scenes(20) != scenes(20, seed=2)


def test_every_scene_has_one_to_four_known_things_in_a_known_place():
    for scene in scenes(300):
        assert scene.background in BACKGROUNDS
        assert 1 <= len(scene.placed) <= 4
        for thing, colour in scene.counts:
            assert (thing in SHAPES and colour in COLOURS) if colour else thing in glyphs()


def test_every_box_lies_inside_the_picture_and_around_its_thing():
    for scene in scenes(200):
        for placed, (left, top, right, bottom) in zip(scene.placed, scene.boxes, strict=True):
            assert -0.03 < left < placed.x < right < 1.03
            assert -0.03 < top < placed.y < bottom < 1.03


def test_things_of_one_scene_do_not_overlap():
    for scene in scenes(200):
        across, down = scene.unit
        for i, a in enumerate(scene.placed):
            for b in scene.placed[:i]:
                gap = max(abs(a.x - b.x) / across, abs(a.y - b.y) / down)
                assert gap >= (a.extent + b.extent) / 2


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [(0.2, 0.5, "left"), (0.8, 0.5, "right"), (0.5, 0.1, "above"), (0.5, 0.9, "below"), (0.2, 0.2, None)],
)
def test_a_relation_is_said_only_where_it_is_clear(x, y, expected):
    fox = Placed("fox", None, "small", x, y, 0.2, 0, flipped=False)
    owl = Placed("owl", None, "small", 0.5, 0.5, 0.2, 0, flipped=False)
    scene = Scene("snow", 1, 1.0, (fox, owl))
    assert scene.relation(fox.kind, owl.kind) == expected


def test_every_fox_must_be_left_of_the_owl_for_the_foxes_to_be():
    foxes = [Placed("fox", None, "small", x, 0.5, 0.2, 0, flipped=False) for x in (0.2, 0.9)]
    owl = Placed("owl", None, "small", 0.5, 0.5, 0.2, 0, flipped=False)
    scene = Scene("snow", 1, 1.0, (*foxes, owl))
    assert scene.counts == {("fox", None): 2, ("owl", None): 1}
    assert scene.relation(("fox", None), ("owl", None)) is None


def test_an_arranged_scene_holds_exactly_what_was_asked_for():
    wanted = {("fox", None): 2, ("star", "red"): 1}
    scene = arranged(wanted, "snow", Random(3))
    assert scene.counts == wanted
    assert scene.background == "snow"


def test_a_sibling_shares_its_kinds():
    rng = Random(4)
    for scene in scenes(50):
        assert set(sibling(scene, rng).counts) == set(scene.counts)


def test_swapping_two_things_turns_their_relation_round():
    fox = Placed("fox", None, "small", 0.3, 0.5, 0.2, 0, flipped=False)
    owl = Placed("owl", None, "small", 0.7, 0.5, 0.2, 0, flipped=False)
    scene = Scene("snow", 1, 1.0, (fox, owl))
    other = replace(scene, placed=swapped(scene))
    assert scene.relation(fox.kind, owl.kind) == "left"
    assert other.relation(fox.kind, owl.kind) == "right"
    assert swapped(Scene("snow", 1, 1.0, (fox,))) is None


def test_held_out_scenes_are_held_out_and_have_different_descriptions():
    pairs = held_out_scenes(100, seed=5)
    assert all(is_held_out(scene) for scene, _ in pairs)
    assert len({text for _, text in pairs}) == 100
    assert pairs == held_out_scenes(100, seed=5)


def test_about_one_scene_in_sixteen_is_held_out():
    share = sum(map(is_held_out, scenes(2000))) / 2000
    assert 0.04 < share < 0.09


def test_every_glyph_is_on_the_sheet_and_has_a_plural():
    assert len(glyphs()) == 256
    for name, glyph in glyphs().items():
        assert glyph.plural
        assert glyph.keywords
        assert sprite(name, None).getchannel("A").getextrema()[1] > 200
