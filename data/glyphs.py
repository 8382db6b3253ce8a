"""The things that scenes are made of: emoji glyphs from the sprite sheet, and simple coloured shapes."""

import functools
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SPRITES = Path(__file__).parent / "sprites"
CELL = 128  # px; the side of a sprite as stored
MIPS = (128, 64, 32, 16)  # px; the smaller copies that a small drawing samples from

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (222, 44, 44),
    "orange": (250, 140, 30),
    "yellow": (250, 216, 40),
    "green": (50, 160, 70),
    "blue": (40, 100, 220),
    "purple": (130, 60, 180),
    "pink": (248, 130, 180),
    "brown": (130, 80, 44),
    "black": (34, 34, 38),
    "white": (250, 250, 250),
}
SHAPES = ("circle", "square", "triangle", "star", "heart", "hexagon", "cross")


@dataclass(frozen=True)
class Glyph:
    """What one glyph shows, in words; `kind` is the word for its whole group ("animal")."""

    index: int
    emoji: str
    name: str
    plural: str
    synonyms: tuple[str, ...]
    kind: str
    keywords: tuple[str, ...]


@functools.cache
def glyphs() -> dict[str, Glyph]:
    """Return every glyph of the sheet by name, in the sheet's order."""
    records = json.loads((SPRITES / "glyphs.json").read_text(encoding="utf-8"))["glyphs"]
    return {
        record["name"]: Glyph(
            index,
            record["emoji"],
            record["name"],
            record["plural"],
            tuple(record["synonyms"]),
            record["kind"],
            tuple(record["keywords"]),
        )
        for index, record in enumerate(records)
    }


@functools.cache
def _sheet() -> tuple[Image.Image, int]:
    """Return the sheet and its number of columns."""
    columns = json.loads((SPRITES / "glyphs.json").read_text(encoding="utf-8"))["columns"]
    with Image.open(SPRITES / "sheet.webp") as sheet:
        return sheet.convert("RGBA"), columns


@functools.cache
def sprite(thing: str, colour: str | None) -> Image.Image:
    """Return the CELL x CELL RGBA picture of a glyph, or of a shape in one of COLOURS."""
    if colour is not None:
        return _shape(thing, COLOURS[colour])
    sheet, columns = _sheet()
    row, column = divmod(glyphs()[thing].index, columns)
    return sheet.crop((column * CELL, row * CELL, (column + 1) * CELL, (row + 1) * CELL))


@functools.cache
def mips(thing: str, colour: str | None) -> tuple[Image.Image, ...]:
    """Return the sprite at each size of MIPS, alpha premultiplied (so that scaling leaves no fringe)."""
    full = sprite(thing, colour).convert("RGBa")
    return (full, *(full.resize((side, side), Image.Resampling.LANCZOS) for side in MIPS[1:]))


@functools.cache
def outline(thing: str, colour: str | None) -> NDArray[np.float64]:
    """Return the extreme points of what is drawn, (32, 2): x, y in -0.5..0.5 of the cell's side."""
    rows, columns = np.nonzero(np.asarray(sprite(thing, colour).getchannel("A")) > 32)
    points = np.stack([(columns + 0.5) / CELL - 0.5, (rows + 0.5) / CELL - 0.5], axis=1)
    angles = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    directions = np.stack([np.cos(angles), np.sin(angles)])
    return points[(points @ directions).argmax(axis=0)]


def _shape(name: str, colour: tuple[int, int, int]) -> Image.Image:
    """Draw a shape with a gentle light from above and a darker rim."""
    big = 4 * CELL
    mask = Image.new("L", (big, big))
    pen = ImageDraw.Draw(mask)
    centre, radius = big / 2, 0.47 * big
    if name == "circle":
        pen.ellipse((centre - radius, centre - radius, centre + radius, centre + radius), fill=255)
    else:
        points = [(centre + radius * x, centre + radius * y) for x, y in _corners(name)]
        pen.polygon(points, fill=255)
    small = mask.resize((CELL, CELL), Image.Resampling.LANCZOS)
    inner = mask.resize((CELL - 8, CELL - 8), Image.Resampling.LANCZOS)
    light = 1.12 - 0.26 * np.linspace(0, 1, CELL)[:, None, None]
    body = np.clip(np.array(colour) * light, 0, 255) * np.ones((CELL, CELL, 1))
    core = np.zeros((CELL, CELL), np.float64)
    core[4:-4, 4:-4] = np.asarray(inner) / 255
    dark = 0.7 if sum(colour) > 160 else 2.0  # black gets a lighter rim, or it vanishes at night
    rim = np.clip(np.array(colour) * dark, 0, 255)
    pixels = core[..., None] * body + (1 - core[..., None]) * rim
    picture = Image.fromarray(pixels.astype(np.uint8))
    picture.putalpha(small)
    return picture


def _corners(name: str) -> list[tuple[float, float]]:
    """Return a shape's corners in -1..1."""
    if name == "square":
        return [(-0.86, -0.86), (0.86, -0.86), (0.86, 0.86), (-0.86, 0.86)]
    if name == "triangle":
        return [(0, -0.95), (1, 0.82), (-1, 0.82)]
    if name == "hexagon":
        return [(math.cos(a * math.pi / 3), math.sin(a * math.pi / 3)) for a in range(6)]
    if name == "cross":
        w = 0.34
        return [
            (-w, -1), (w, -1), (w, -w), (1, -w), (1, w), (w, w),
            (w, 1), (-w, 1), (-w, w), (-1, w), (-1, -w), (-w, -w),
        ]  # fmt: skip
    if name == "star":
        return [
            ((1.0 if i % 2 == 0 else 0.42) * math.sin(i * math.pi / 5),
             (-1.0 if i % 2 == 0 else -0.42) * math.cos(i * math.pi / 5))
            for i in range(10)
        ]  # fmt: skip
    if name == "heart":
        turns = [2 * math.pi * i / 60 for i in range(60)]
        return [
            (math.sin(t) ** 3,
             -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16)
            for t in turns
        ]  # fmt: skip
    raise ValueError(f"no shape is called {name!r}; there are {', '.join(SHAPES)}")
