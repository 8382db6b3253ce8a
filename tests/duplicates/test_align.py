from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance

from data.render import render
from data.scenes import Placed, Scene
from searchengine.duplicates.align import align
from searchengine.duplicates.edited import SAME
from searchengine.duplicates.sketches import sketch


@pytest.fixture(scope="module")
def picture():
    return scene("brick", "dog", 1)


def scene(background, thing, seed):
    placed = Placed(thing, None, "large", 0.45, 0.55, 0.5, angle=0.0, flipped=False)
    return render(Scene(background, seed, 4 / 3, (placed,)), 320)


def score(one, other):
    return float(align(*(sketch(each)[None].astype(np.float32) for each in (one, other))).score[0])


def with_text(picture):
    picture = picture.copy()
    ImageDraw.Draw(picture).rectangle((20, 20, 150, 45), fill="white")
    return picture


EDITS = {
    "itself": lambda p: p,
    "smaller": lambda p: p.resize((100, 75)),
    "stretched": lambda p: p.resize((200, 200)),
    "cropped in a corner": lambda p: p.crop((32, 24, 320, 240)),
    "turned": lambda p: p.transpose(Image.Transpose.ROTATE_90),
    "upside down": lambda p: p.transpose(Image.Transpose.ROTATE_180),
    "mirrored": lambda p: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "transposed": lambda p: p.transpose(Image.Transpose.TRANSPOSE),
    "brighter": lambda p: ImageEnhance.Brightness(p).enhance(1.3),
    "grey": lambda p: p.convert("L").convert("RGB"),
    "with an overlay": with_text,
    "turned by two degrees": lambda p: p.rotate(2, Image.Resampling.BICUBIC),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_the_same_picture_from_both_sides(picture, edit):
    edited = EDITS[edit](picture)
    assert score(picture, edited) >= SAME
    assert score(edited, picture) >= SAME


def test_other_pictures_are_not():
    pictures = [
        scene("brick", "dog", 2), scene("beach", "dog", 1), scene("forest", "owl", 1), scene("snow", "fox", 4)
    ]  # fmt: skip
    own = scene("brick", "owl", 9)
    assert all(score(own, other) < SAME for other in pictures)


def test_of_a_picture_without_structure_nothing_is_said():
    blank = Image.new("RGB", (50, 50), "red")
    assert score(blank, blank) == 0


def test_many_pairs_at_once_score_as_each_alone(picture):
    others = [EDITS[name](picture) for name in EDITS] * 25
    first = np.stack([sketch(picture)] * len(others)).astype(np.float32)
    second = np.stack([sketch(other) for other in others]).astype(np.float32)
    together = align(first, second).score
    assert together.shape == (300,)
    assert together[1] == pytest.approx(score(picture, others[1]), abs=1e-3)


def test_no_pairs_are_fine():
    nothing = np.zeros((0, 64, 64), np.float32)
    assert align(nothing, nothing).score.shape == (0,)
