"""Scenes kept from training, each with its full description: what figures are measured on."""

from random import Random

from data.captions import describe
from data.scenes import Scene, is_held_out, random_scene


def held_out_scenes(count: int, seed: int) -> list[tuple[Scene, str]]:
    """Return `count` held-out scenes with pairwise different descriptions.

    Their combinations of things and place occur in no training batch (`is_held_out`), and their
    backgrounds are drawn afresh. A scene whose description another scene already has is left out:
    a text that is true of two pictures has no one right answer.
    """
    rng = Random(f"held out {seed}")
    scenes: list[tuple[Scene, str]] = []
    taken: set[str] = set()
    while len(scenes) < count:
        scene = random_scene(rng)
        if not is_held_out(scene):
            continue
        text = describe(scene, rng).text
        if text not in taken:
            taken.add(text)
            scenes.append((scene, text))
    return scenes
