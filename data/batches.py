"""Training batches: pictures, captions, and the scenes' truth as arrays. A pure function of a seed."""

import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from data.backgrounds import background_names, draw_background
from data.captions import Caption, caption, describe, group_of
from data.glyphs import COLOURS, SHAPES, glyphs
from data.render import paint
from data.scenes import ASPECTS, CROWDED, GROUPINGS, Kind, Scene, is_held_out, random_scene, sibling

T = TypeVar("T")

GRID = 6  # the truth about where things stand is given on GRID x GRID cells
MOST = 4  # things in a scene
CROWDED_SHARE = 0.35  # of the scenes hold three or four kinds: more to learn from each picture
SIBLING_SHARE = 0.4  # of a batch are scenes easily taken for another one in it


@dataclass(frozen=True)
class Batch:
    """n pictures of S px with two captions each: a full description, and what somebody might say.

    pixels uint8 (n, S, S, 3); full and loose n texts each; asked and shown float32 (n, facts): what
    a loose caption asks for and what a picture shows (kinds, places, groups); exact bool (n): the
    loose caption says all, too;
    cells int64 (n, GRID, GRID): 0 for nothing, else 1 + the kind's number; places int64 (n);
    number int64 (n): of things, less one.
    """

    pixels: NDArray[np.uint8]
    full: list[str]
    loose: list[str]
    asked: NDArray[np.float32]
    shown: NDArray[np.float32]
    exact: NDArray[np.bool_]
    cells: NDArray[np.int64]
    places: NDArray[np.int64]
    number: NDArray[np.int64]


@functools.cache
def kind_numbers() -> dict[Kind, int]:
    """Number every kind there is: glyphs, then coloured shapes."""
    kinds: list[Kind] = [(name, None) for name in glyphs()]
    kinds += [(shape, colour) for shape in SHAPES for colour in COLOURS]
    return {kind: number for number, kind in enumerate(kinds)}


@functools.cache
def fact_numbers() -> dict[str | Kind, int]:
    """Number every fact a caption can ask for: kinds, then places, then groups."""
    groups = sorted({group_of(kind) for kind in kind_numbers()})
    facts: list[str | Kind] = [*kind_numbers(), *background_names(), *(f"group {g}" for g in groups)]
    return {fact: number for number, fact in enumerate(facts)}


class BackgroundPool:
    """Backgrounds drawn once, when first asked for, and used again, squashed to squares of `size` px."""

    def __init__(self, size: int, variants: int, seed: int) -> None:
        self.size, self.variants, self.seed = size, variants, seed
        self._images: dict[tuple[str, int], Image.Image] = {}

    def take(self, scene: Scene) -> Image.Image:
        """Return a copy to paint on; the scene's seed picks the variant."""
        name = scene.background
        different = max(4, self.variants // 6) if name.startswith("plain") else self.variants
        variant = scene.seed % different
        if (name, variant) not in self._images:
            self._images[name, variant] = self._draw(name, Random(f"{self.seed} {name} {variant}"))
        return self._images[name, variant].copy()

    def _draw(self, name: str, rng: Random) -> Image.Image:
        aspect = rng.choice(ASPECTS)
        width, height = round(480 * min(1.0, aspect)), round(480 * min(1.0, 1 / aspect))
        drawn = draw_background(name, rng.getrandbits(31), width, height)
        return drawn.resize((self.size, self.size), Image.Resampling.BICUBIC)


@dataclass(frozen=True)
class SceneBatches:
    """Batches of `count` scenes that aren't held out, at `size` px. Batch i is a pure function of seed and i.

    After `different` batches their pictures come again, from copies kept in `folder`, with other captions.
    """

    seed: int
    count: int
    size: int
    pool: BackgroundPool
    folder: Path
    different: int

    def batch(self, number: int) -> Batch:
        """Return batch `number`."""
        scenes = self._scenes(number % self.different)
        rng = Random(f"captions {self.seed} {number}")
        captions = [caption(scene, rng) for scene in scenes]
        places = {name: index for index, name in enumerate(background_names())}
        return Batch(
            self._pixels(number % self.different, scenes),
            [describe(scene, rng).text for scene in scenes],
            [c.text for c in captions],
            _facts(captions, _asked),
            _facts(scenes, _shown),
            np.array([c.full for c in captions]),
            np.stack([cells(scene) for scene in scenes]),
            np.array([places[scene.background] for scene in scenes]),
            np.array([min(MOST, len(scene.placed)) - 1 for scene in scenes]),
        )

    def _scenes(self, number: int) -> list[Scene]:
        rng = Random(f"training {self.seed} {number}")
        scenes: list[Scene] = []
        while len(scenes) < self.count:
            kin = bool(scenes) and rng.random() < SIBLING_SHARE
            groupings = CROWDED if rng.random() < CROWDED_SHARE else GROUPINGS
            scene = sibling(scenes[-1], rng) if kin else random_scene(rng, groupings)
            if not is_held_out(scene):
                scenes.append(scene)
        return scenes

    def _pixels(self, number: int, scenes: list[Scene]) -> NDArray[np.uint8]:
        kept = self.folder / f"{self.seed}-{self.count}-{self.size}-{number}.npy"
        if kept.exists():
            return np.load(kept)
        pixels = np.stack([_picture(scene, self.size, self.pool) for scene in scenes])
        temporary = kept.with_suffix(".new.npy")
        np.save(temporary, pixels)
        os.replace(temporary, kept)
        return pixels


def cells(scene: Scene) -> NDArray[np.int64]:
    """Return which kind each cell of the picture shows, int64 (GRID, GRID)."""
    grid = np.zeros((GRID, GRID), np.int64)
    centres = (np.arange(GRID) + 0.5) / GRID
    ordered = zip(scene.placed, scene.boxes, strict=True)
    for placed, (left, top, right, bottom) in sorted(ordered, key=lambda pair: -pair[0].extent):
        value = 1 + kind_numbers()[placed.kind]
        rows = (centres > top) & (centres < bottom)
        columns = (centres > left) & (centres < right)
        grid[np.ix_(rows, columns)] = value
        grid[min(GRID - 1, int(placed.y * GRID)), min(GRID - 1, int(placed.x * GRID))] = value
    return grid


def _picture(scene: Scene, size: int, pool: BackgroundPool) -> NDArray[np.uint8]:
    """Paint a scene squashed to a square, as a resized photo of it would look."""
    large = paint(scene, pool.take(scene))
    return np.asarray(large.resize((size, size), Image.Resampling.BICUBIC))


def _asked(said: Caption) -> list[str | Kind]:
    facts: list[str | Kind] = list(said.kinds)
    if said.background is not None:
        facts.append(said.background)
    if said.group is not None:
        facts.append(f"group {said.group}")
    return facts


def _shown(scene: Scene) -> list[str | Kind]:
    groups = {f"group {group_of(kind)}" for kind in scene.counts}
    return [*scene.counts, scene.background, *groups]


def _facts(items: Sequence[T], of: Callable[[T], list[str | Kind]]) -> NDArray[np.float32]:
    """Return one row of zeros and ones an item."""
    numbers = fact_numbers()
    rows = np.zeros((len(items), len(numbers)), np.float32)
    for row, item in zip(rows, items, strict=True):
        row[[numbers[fact] for fact in of(item)]] = 1
    return rows
