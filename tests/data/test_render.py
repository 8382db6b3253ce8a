"""Rendering: the same scene is the same picture at every size, and things are where the truth says."""

from random import Random

import numpy as np
import pytest
from PIL import Image

from data.backgrounds import background_names, draw_background
from data.batches import GRID, BackgroundPool, SceneBatches, cells, fact_numbers, kind_numbers
from data.render import paint, render
from data.scenes import arranged, is_held_out, random_scene


def difference(one, two):
    return np.abs(np.asarray(one, np.float32) - np.asarray(two, np.float32))


@pytest.mark.parametrize("name", background_names())
def test_a_background_is_drawn_alike_each_time_and_differs_by_seed(name):
    one = draw_background(name, 1, 96, 64)
    assert one.size == (96, 64)
    assert one.tobytes() == draw_background(name, 1, 96, 64).tobytes()
    assert one.tobytes() != draw_background(name, 2, 96, 64).tobytes()


def test_a_scene_is_rendered_alike_each_time_in_its_own_aspect():
    rng = Random(1)
    for _ in range(5):
        scene = random_scene(rng)
        picture = render(scene, 240)
        assert max(picture.size) == 240
        assert picture.width / picture.height == pytest.approx(scene.aspect, rel=0.02)
        assert picture.tobytes() == render(scene, 240).tobytes()


def test_a_scene_looks_the_same_at_another_resolution():
    scene = arranged({("fox", None): 1, ("circle", "blue"): 1}, "plain yellow", Random(2))
    small, large = render(scene, 200), render(scene, 800).resize(render(scene, 200).size)
    assert difference(small, large).mean() < 3


def test_things_are_painted_inside_their_boxes_and_nowhere_else():
    rng = Random(3)
    for _ in range(5):
        scene = arranged({("soccer ball", None): 1, ("star", "red"): 2}, "space", rng)
        canvas = Image.new("RGB", (300, 200), (1, 2, 3))
        painted = difference(paint(scene, canvas.copy()), canvas).max(axis=2) > 40
        inside = np.zeros_like(painted)
        for left, top, right, bottom in scene.boxes:
            box = np.s_[
                int(top * 200) - 2 : int(bottom * 200) + 3, int(left * 300) - 2 : int(right * 300) + 3
            ]
            inside[box] = True
            assert painted[box].mean() > 0.25
        assert not (painted & ~inside).any()


def test_the_cells_say_what_stands_where():
    scene = arranged({("fox", None): 1}, "snow", Random(4))
    grid = cells(scene)
    placed = scene.placed[0]
    assert grid.shape == (GRID, GRID)
    assert grid[int(placed.y * GRID), int(placed.x * GRID)] == 1 + kind_numbers()["fox", None]
    assert set(np.unique(grid)) == {0, 1 + kind_numbers()["fox", None]}


def test_a_training_batch_is_a_function_of_its_number_and_holds_nothing_held_out(monkeypatch, tmp_path):
    pool = BackgroundPool(64, variants=1, seed=1)
    batches = SceneBatches(1, 12, 32, pool, tmp_path, different=100)
    drawn = []
    monkeypatch.setattr("data.batches.is_held_out", lambda scene: drawn.append(scene) or is_held_out(scene))
    first = batches.batch(5)
    kept = [scene for scene in drawn if not is_held_out(scene)]
    again = batches.batch(5)
    assert first.pixels.shape == (12, 32, 32, 3)
    assert (first.pixels == again.pixels).all()
    assert first.full == again.full
    assert first.loose == again.loose
    assert len(kept) == 12
    assert first.shown.shape == (12, len(fact_numbers()))
    assert (first.asked <= first.shown).all()
    assert (batches.batch(6).pixels != first.pixels).any()


def test_pictures_that_come_again_are_told_in_other_words(tmp_path):
    pool = BackgroundPool(64, variants=1, seed=1)
    batches = SceneBatches(1, 12, 32, pool, tmp_path, different=3)
    first, again = batches.batch(2), batches.batch(5)
    assert (first.pixels == again.pixels).all()
    assert (first.cells == again.cells).all()
    assert first.full != again.full
