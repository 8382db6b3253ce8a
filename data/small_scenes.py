"""Scenes of one small thing in a large place, smaller than any that was trained on: what regions are for."""

from random import Random

from data.backgrounds import BACKGROUNDS
from data.captions import describe
from data.glyphs import glyphs
from data.scenes import ASPECTS, Placed, Scene

SIDES = (0.04, 0.1)  # of a thing's cell, as shares of the picture's shorter side
MOST_COVERED = 0.03  # of the picture


def small_scenes(count: int, seed: int) -> list[tuple[Scene, str]]:
    """Return `count` scenes, each with a full description, none of which another scene has too."""
    rng = Random(f"small {seed}")
    scenes: list[tuple[Scene, str]] = []
    taken: set[str] = set()
    while len(scenes) < count:
        scene = _draw(rng)
        text = describe(scene, rng).text
        ((left, top, right, bottom),) = scene.boxes
        if (right - left) * (bottom - top) < MOST_COVERED and text not in taken:
            taken.add(text)
            scenes.append((scene, text))
    return scenes


def _draw(rng: Random) -> Scene:
    thing, background = rng.choice(list(glyphs())), rng.choice(list(BACKGROUNDS))
    aspect, side = rng.choice(ASPECTS), rng.uniform(*SIDES)
    x = rng.uniform(half := side * min(1.0, 1 / aspect) / 2 + 0.01, 1 - half)
    y = rng.uniform(half := side * min(1.0, aspect) / 2 + 0.01, 1 - half)
    placed = Placed(thing, None, "small", x, y, side, rng.uniform(-12, 12), rng.random() < 0.5)
    return Scene(background, rng.getrandbits(32), aspect, (placed,))
