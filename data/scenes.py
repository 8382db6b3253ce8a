"""Scenes: what stands where, drawn at random from a seed. The truth that pictures and captions share.

`data.render` paints a Scene, `data.captions` says it in words; neither changes it.
"""

import math
import zlib
from collections import Counter
from dataclasses import dataclass, replace
from random import Random

from data.backgrounds import BACKGROUNDS, PLACES, PLAIN_COLOURS
from data.glyphs import COLOURS, SHAPES, glyphs, outline

Box = tuple[float, float, float, float]  # left, top, right, bottom as fractions of the picture
Kind = tuple[str, str | None]  # a thing and, for a shape, its colour

SIZES = ("small", "medium", "large")
# Sides as fractions of the picture's shorter side, by how many things share the picture.
EXTENTS = {
    1: {"small": (0.2, 0.26), "medium": (0.36, 0.46), "large": (0.6, 0.78)},
    2: {"small": (0.19, 0.25), "medium": (0.33, 0.42), "large": (0.5, 0.58)},
    3: {"small": (0.19, 0.24), "medium": (0.3, 0.37), "large": (0.46, 0.5)},
    4: {"small": (0.18, 0.23), "medium": (0.28, 0.34), "large": (0.44, 0.47)},
}
ASPECTS = (3 / 2, 3 / 2, 4 / 3, 4 / 3, 1.0, 3 / 4, 2 / 3, 16 / 9)
# How many of each kind, and how often a scene is so.
Groupings = tuple[tuple[tuple[int, ...], float], ...]
GROUPINGS: Groupings = (
    ((1,), 0.28),
    ((1, 1), 0.36),
    ((2,), 0.08),
    ((3,), 0.05),
    ((4,), 0.03),
    ((2, 1), 0.08),
    ((3, 1), 0.03),
    ((1, 1, 1), 0.07),
    ((1, 1, 2), 0.02),
)
CROWDED: Groupings = (((1, 1, 1), 0.5), ((1, 1, 1, 1), 0.4), ((2, 1, 1), 0.1))
PLAIN_SHARE = 0.18  # of scenes stand on a plain colour
SHAPE_SHARE = 0.12  # of kinds are coloured shapes
HELD_OUT_ONE_IN = 16


@dataclass(frozen=True)
class Placed:
    """One thing in a picture. `extent` is its cell's side as a fraction of the shorter side."""

    thing: str
    colour: str | None  # of a shape; None for a glyph
    size: str  # one of SIZES
    x: float  # the centre, as fractions of the picture's width and height
    y: float
    extent: float
    angle: float  # degrees, counter-clockwise
    flipped: bool

    @property
    def kind(self) -> Kind:
        """What it is, apart from where and how large."""
        return (self.thing, self.colour)


@dataclass(frozen=True)
class Scene:
    """A picture's whole truth. Things of one kind stand together in `placed`."""

    background: str
    seed: int  # of the background's details
    aspect: float  # width / height
    placed: tuple[Placed, ...]

    @property
    def unit(self) -> tuple[float, float]:
        """The shorter side as fractions of the width and of the height."""
        return (min(1.0, 1 / self.aspect), min(1.0, self.aspect))

    @property
    def counts(self) -> dict[Kind, int]:
        """How many of each kind, in the order placed."""
        return dict(Counter(placed.kind for placed in self.placed))

    def box(self, placed: Placed) -> Box:
        """Return the tight box of what is drawn of `placed`."""
        turn = math.radians(placed.angle)
        points = outline(placed.thing, placed.colour) * (-1 if placed.flipped else 1, 1)
        xs = points[:, 0] * math.cos(turn) + points[:, 1] * math.sin(turn)
        ys = points[:, 1] * math.cos(turn) - points[:, 0] * math.sin(turn)
        across, down = (placed.extent * side for side in self.unit)
        return (
            placed.x + across * float(xs.min()),
            placed.y + down * float(ys.min()),
            placed.x + across * float(xs.max()),
            placed.y + down * float(ys.max()),
        )

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The tight box of each thing, in the order of `placed`."""
        return tuple(self.box(placed) for placed in self.placed)

    def relation(self, first: Kind, second: Kind) -> str | None:
        """Say where all of `first` are seen from all of `second`, or None when it isn't clear.

        One of "left", "right", "above", "below".
        """
        across, down = self.unit
        pairs = [
            ((a.x - b.x) / across, (a.y - b.y) / down)
            for a in self.placed
            for b in self.placed
            if a.kind == first and b.kind == second
        ]
        if all(abs(dx) > 1.3 * abs(dy) for dx, dy in pairs):
            if all(dx < 0 for dx, _ in pairs):
                return "left"
            if all(dx > 0 for dx, _ in pairs):
                return "right"
        if all(abs(dy) > 1.3 * abs(dx) for dx, dy in pairs):
            if all(dy < 0 for _, dy in pairs):
                return "above"
            if all(dy > 0 for _, dy in pairs):
                return "below"
        return None

    def close(self, first: Kind, second: Kind) -> bool:
        """Tell whether a single `first` and a single `second` stand side by side, nearly touching."""
        if self.counts[first] != 1 or self.counts[second] != 1:
            return False
        across, down = self.unit
        a, b = (next(p for p in self.placed if p.kind == kind) for kind in (first, second))
        dx, dy = abs(a.x - b.x) / across, abs(a.y - b.y) / down
        return dy < 0.5 * dx and dx - (a.extent + b.extent) / 2 < 0.12


def random_scene(rng: Random, groupings: Groupings = GROUPINGS) -> Scene:
    """Draw a scene; the same state of `rng` gives the same scene."""
    while True:
        groups = rng.choices([g for g, _ in groupings], [w for _, w in groupings])[0]
        background = _random_background(rng)
        kinds = _random_kinds(rng, len(groups), background)
        seed, aspect = rng.getrandbits(32), rng.choice(ASPECTS)
        placed = _place(rng, list(zip(kinds, groups, strict=True)), background, aspect)
        if placed is not None:
            return Scene(background, seed, aspect, placed)


def arranged(groups: dict[Kind, int], background: str, rng: Random) -> Scene:
    """Return a scene of exactly these things in this place; sizes and positions are drawn."""
    while True:
        aspect = rng.choice(ASPECTS)
        placed = _place(rng, list(groups.items()), background, aspect)
        if placed is not None:
            return Scene(background, rng.getrandbits(32), aspect, placed)


def sibling(scene: Scene, rng: Random) -> Scene:
    """Return a scene easily taken for `scene`: places swapped, another layout, place or number."""
    counts = scene.counts
    background, aspect = scene.background, scene.aspect
    change = rng.choice(("swap", "swap", "layout", "number", "background"))
    if change == "swap" and len(counts) == 2 and (placed := swapped(scene)) is not None:
        return Scene(background, rng.getrandbits(32), aspect, placed)
    if change == "background":
        background = _random_background(rng)
    if change == "number":
        kind = rng.choice(list(counts))
        grow = counts[kind] == 1 and len(scene.placed) < 4
        counts[kind] += 1 if grow else -1 if counts[kind] > 1 else 0
    for _ in range(20):
        placed = _place(rng, list(counts.items()), background, aspect)
        if placed is not None:
            return Scene(background, rng.getrandbits(32), aspect, placed)
    return scene


def swapped(scene: Scene) -> tuple[Placed, ...] | None:
    """Let two single things change places; None when there aren't two or one would stick out."""
    if len(scene.placed) != 2:
        return None
    a, b = scene.placed
    placed = (replace(a, x=b.x, y=b.y), replace(b, x=a.x, y=a.y))
    across, down = scene.unit
    for thing in placed:
        half_x, half_y = thing.extent * across / 2, thing.extent * down / 2
        if not (half_x <= thing.x <= 1 - half_x and half_y <= thing.y <= 1 - half_y):
            return None
    return placed


def is_held_out(scene: Scene) -> bool:
    """Tell whether a scene's kinds and background, together, are kept from training.

    One combination in HELD_OUT_ONE_IN, by a checksum: so a held-out picture shows a combination
    that no training picture showed, not just another drawing of one.
    """
    kinds = sorted(f"{colour or ''} {thing}" for thing, colour in scene.counts)
    return zlib.crc32("|".join([scene.background, *kinds]).encode()) % HELD_OUT_ONE_IN == 0


def _random_background(rng: Random) -> str:
    if rng.random() < PLAIN_SHARE:
        return "plain " + rng.choice(list(PLAIN_COLOURS))
    return rng.choice(PLACES).name


def _random_kinds(rng: Random, number: int, background: str) -> list[Kind]:
    kinds: list[Kind] = []
    while len(kinds) < number:
        kind: Kind
        if rng.random() < SHAPE_SHARE:
            kind = (rng.choice(SHAPES), rng.choice(list(COLOURS)))
            if background == f"plain {kind[1]}":
                continue
        else:
            kind = (rng.choice(list(glyphs())), None)
        if kind not in kinds:
            kinds.append(kind)
    return kinds


def _place(
    rng: Random, groups: list[tuple[Kind, int]], background: str, aspect: float
) -> tuple[Placed, ...] | None:
    """Find a place for every thing such that none overlap; None when there is no room."""
    extents = EXTENTS[min(4, sum(count for _, count in groups))]
    across, down = min(1.0, 1 / aspect), min(1.0, aspect)
    ground = BACKGROUNDS[background].ground
    wanted = rng.choice(("beside", "beside", "above", None)) if len(groups) == 2 else None
    placed: list[Placed] = []
    for kind, count in groups:
        size = rng.choices(SIZES, (0.25, 0.5, 0.25))[0]
        for _ in range(count):
            extent = rng.uniform(*extents[size])
            half_x, half_y = extent * across / 2 + 0.01, extent * down / 2 + 0.01
            for _ in range(40):
                x, y = rng.uniform(half_x, 1 - half_x), rng.uniform(half_y, 1 - half_y)
                if ground is not None and ground < 1 and wanted != "above" and rng.random() < 0.8:
                    low, high = ground + 0.06 - half_y, 0.97 - half_y
                    y = max(half_y, rng.uniform(min(low, high), high))
                new = Placed(*kind, size, x, y, extent, rng.uniform(-12, 12), rng.random() < 0.5)
                if all(_apart(new, other, across, down, wanted) for other in placed):
                    placed.append(new)
                    break
            else:
                return None
    return tuple(placed)


def _apart(a: Placed, b: Placed, across: float, down: float, wanted: str | None) -> bool:
    """Tell whether two things don't touch and, where their kinds differ, stand as wanted."""
    dx, dy = abs(a.x - b.x) / across, abs(a.y - b.y) / down
    if max(dx, dy) < (a.extent + b.extent) / 2:
        return False
    if a.kind == b.kind or wanted is None:
        return True
    return dx > 1.35 * dy if wanted == "beside" else dy > 1.35 * dx
