"""A float picture to paint backgrounds on: gradients, noise, anti-aliased shapes, soft lights."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[float, float, float]  # red, green, blue in 0..255
Point = tuple[float, float]  # x, y as fractions of the picture's width and height
Floats = NDArray[np.float32]

SUPERSAMPLE = 2  # masks are drawn this much larger, then averaged down: smooth edges


class Canvas:
    """`pixels` is float32 (height, width, 3) in 0..255; every position is a fraction of the picture.

    Fractions keep a drawing the same at every resolution: what is random is drawn from `rng` in a
    fixed order and in numbers that don't depend on the size in pixels.
    """

    def __init__(self, width: int, height: int, rng: np.random.Generator) -> None:
        self.width, self.height, self.rng = width, height, rng
        self.pixels: Floats = np.zeros((height, width, 3), np.float32)
        self.y: Floats = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]
        self.x: Floats = ((np.arange(width, dtype=np.float32) + 0.5) / width)[None, :]

    def ramp(self, stops: Sequence[tuple[float, Colour]]) -> Floats:
        """Return colours (height, 1, 3) interpolated between stops, from top to bottom."""
        at = [stop for stop, _ in stops]
        channels = [np.interp(self.y, at, [colour[c] for _, colour in stops]) for c in range(3)]
        return np.stack(channels, axis=-1).astype(np.float32)

    def gradient(self, stops: Sequence[tuple[float, Colour]], top: float = 0, bottom: float = 1) -> None:
        """Fill the band from `top` to `bottom` with a vertical gradient."""
        first, last = round(top * self.height), round(bottom * self.height)
        band = self.ramp([(top + at * (bottom - top), colour) for at, colour in stops])
        self.pixels[first:last] = band[first:last]

    def noise(self, across: int, down: int, octaves: int = 3) -> Floats:
        """Return smooth noise, (height, width) in about -1..1, with `across` x `down` bumps at first."""
        total = np.zeros((self.height, self.width), np.float32)
        weight = 1.0
        for octave in range(octaves):
            grid = self.rng.uniform(-1, 1, (down << octave, across << octave)).astype(np.float32)
            size = (self.width, self.height)
            layer = Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC)
            total += weight * np.asarray(layer)
            weight /= 2
        return total

    def mask(self, polygons: Sequence[Sequence[Point]], blur: float = 0) -> Floats:
        """Return the polygons' coverage, (height, width) in 0..1; `blur` is a fraction of the height."""
        width, height = self.width * SUPERSAMPLE, self.height * SUPERSAMPLE
        image = Image.new("L", (width, height))
        pen = ImageDraw.Draw(image)
        for polygon in polygons:
            pen.polygon([(x * width, y * height) for x, y in polygon], fill=255)
        image = image.reduce(SUPERSAMPLE)
        if blur:
            image = image.filter(ImageFilter.GaussianBlur(blur * self.height))
        return np.asarray(image, np.float32) / 255

    def blend(self, mask: Floats, colour: Colour | Floats, strength: float = 1) -> None:
        """Lay a colour, or a picture of the canvas's size, over the canvas where the mask says."""
        amount = (mask * strength)[..., None]
        self.pixels += amount * (np.asarray(colour, np.float32) - self.pixels)

    def shade(self, amount: Floats, top: float = 0, bottom: float = 1) -> None:
        """Lighten (positive) or darken the band by `amount` (height, width), in 0..255."""
        first, last = round(top * self.height), round(bottom * self.height)
        self.pixels[first:last] += amount[first:last, :, None]

    def glow(self, centre: Point, radius: float, colour: Colour, strength: float = 1) -> None:
        """Add a soft round light; `radius` is a fraction of the height."""
        aspect = self.width / self.height
        square = ((self.x - centre[0]) * aspect) ** 2 + (self.y - centre[1]) ** 2
        self.blend(np.exp(-square / (radius * radius)).astype(np.float32), colour, strength)

    def disc(self, centre: Point, radius: float, colour: Colour) -> None:
        """Draw a round disc; `radius` is a fraction of the height."""
        aspect = self.width / self.height
        square = ((self.x - centre[0]) * aspect) ** 2 + (self.y - centre[1]) ** 2
        edge = 1.5 / self.height
        self.blend(np.clip((radius - np.sqrt(square)) / edge + 0.5, 0, 1).astype(np.float32), colour)

    def dots(self, points: Sequence[tuple[float, float, float]], colour: Colour) -> None:
        """Draw many small round dots: (x, y, radius as a fraction of the height)."""
        aspect = self.width / self.height
        angles = np.linspace(0, 2 * np.pi, 9)[:-1]
        circle = np.stack([np.cos(angles) / aspect, np.sin(angles)], axis=1)
        polygons = [[(x + r * dx, y + r * dy) for dx, dy in circle] for x, y, r in points]
        self.blend(self.mask(polygons), colour)

    def image(self) -> Image.Image:
        """Return the canvas as an RGB picture."""
        return Image.fromarray(np.clip(self.pixels, 0, 255).astype(np.uint8))


def ridge(rng: np.random.Generator, level: float, rise: float, points: int) -> list[Point]:
    """Return a hilly outline at `level`, up to `rise` high, closed along the picture's bottom edge."""
    heights = rng.uniform(0, 1, points)
    smooth = np.interp(np.linspace(0, points - 1, points * 4), np.arange(points), heights)
    outline = [(i / (len(smooth) - 1), level - rise * float(h)) for i, h in enumerate(smooth)]
    return [(0.0, 1.0), *outline, (1.0, 1.0)]
