"""Painting a scene: background, soft shadows, then each thing turned, flipped and scaled."""

import functools
import math

from PIL import Image, ImageFilter

from data.backgrounds import BACKGROUNDS, draw_background
from data.glyphs import CELL, MIPS, mips
from data.scenes import Placed, Scene

SHADOW = 64  # px; the side of the stored shadow
SHADOW_STRENGTH = 105  # of 255


def render(scene: Scene, size: int) -> Image.Image:
    """Return the scene as an RGB picture whose longer side is `size` px, in the scene's own aspect."""
    width, height = round(size * min(1.0, scene.aspect)), round(size * min(1.0, 1 / scene.aspect))
    return paint(scene, draw_background(scene.background, scene.seed, width, height))


def paint(scene: Scene, background: Image.Image) -> Image.Image:
    """Paint the scene's things over a background of any size and shape, in place; return it.

    The background's own pixels may be squashed (training paints on squares): things are then
    squashed alike.
    """
    behind = BACKGROUNDS[scene.background].ground
    for placed in sorted(scene.placed, key=lambda p: p.y + p.extent * scene.unit[1] / 2):
        if behind is None or behind < 1:
            _shadow(background, scene, placed, on_ground=behind is not None)
        _stamp(background, scene, placed)
    return background


def _stamp(canvas: Image.Image, scene: Scene, placed: Placed) -> None:
    """Draw one thing through the affine map from the canvas back to its sprite."""
    width = placed.extent * scene.unit[0] * canvas.width
    height = placed.extent * scene.unit[1] * canvas.height
    turn = math.radians(placed.angle)
    reach = abs(math.cos(turn)) + abs(math.sin(turn))
    left = math.floor(placed.x * canvas.width - width * reach / 2)
    top = math.floor(placed.y * canvas.height - height * reach / 2)
    across, down = math.ceil(width * reach) + 1, math.ceil(height * reach) + 1
    longer = max(width, height)
    level = max((i for i, side in enumerate(MIPS) if side >= 0.8 * longer), default=0)
    side = MIPS[level]
    # A canvas pixel (u, v) relative to the centre, in cells: (u / width, v / height); turned back, in
    # sprite pixels: side * (cos * u' - sin * v', sin * u' + cos * v').
    cos, sin = math.cos(turn) * side, math.sin(turn) * side
    a, b, d, e = cos / width, -sin / height, sin / width, cos / height
    u, v = left - placed.x * canvas.width, top - placed.y * canvas.height
    matrix = (a, b, a * u + b * v + side / 2, d, e, d * u + e * v + side / 2)
    if placed.flipped:
        matrix = (-a, -b, side - matrix[2], *matrix[3:])
    kind = placed.kind
    source = mips(*kind)[level]
    if longer > 1.25 * side:
        source = _enlarged(*kind, min(4, math.ceil(longer / side)))
        matrix = tuple(value * source.width / side for value in matrix)
    stamp = source.transform((across, down), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    straight = stamp.convert("RGBA")
    canvas.paste(straight, (left, top), straight)


@functools.lru_cache(maxsize=32)
def _enlarged(thing: str, colour: str | None, times: int) -> Image.Image:
    """Return the sprite `times` larger, its outline made crisp again (scaling alone leaves it soft)."""
    side = CELL * times
    sprite = mips(thing, colour)[0].resize((side, side), Image.Resampling.BICUBIC).convert("RGBA")
    alpha = sprite.getchannel("A").point(
        [max(0, min(255, round((value - 128) * times + 128))) for value in range(256)]
    )
    red, green, blue, _ = sprite.split()
    crisp = Image.merge("RGBA", (red, green, blue, alpha))
    return crisp.filter(ImageFilter.UnsharpMask(times, 60, 2)).convert("RGBa")


def _shadow(canvas: Image.Image, scene: Scene, placed: Placed, *, on_ground: bool) -> None:
    """Darken the ground below a thing, or the wall just behind it."""
    width = placed.extent * scene.unit[0] * canvas.width
    height = placed.extent * scene.unit[1] * canvas.height
    box = scene.box(placed)
    if on_ground:
        if box[3] < (BACKGROUNDS[scene.background].ground or 0):
            return  # it hangs in the sky
        across, down = 1.25 * (box[2] - box[0]) * canvas.width, 0.26 * height
        x, y = (box[0] + box[2]) / 2 * canvas.width, box[3] * canvas.height - 0.02 * height
    else:
        across, down = 1.3 * width, 1.3 * height
        x = placed.x * canvas.width + 0.03 * width
        y = placed.y * canvas.height + 0.06 * height
    size = (max(2, round(across)), max(2, round(down)))
    mask = _soft_disc().resize(size, Image.Resampling.BILINEAR)
    canvas.paste((12, 12, 30), (round(x - across / 2), round(y - down / 2)), mask)


@functools.cache
def _soft_disc() -> Image.Image:
    """Return a round shadow that fades to nothing at its cell's edge."""
    disc = Image.new("L", (SHADOW, SHADOW))
    pixels = [
        round(SHADOW_STRENGTH * max(0.0, 1 - ((x - 31.5) ** 2 + (y - 31.5) ** 2) / 31.5**2) ** 1.5)
        for y in range(SHADOW)
        for x in range(SHADOW)
    ]
    disc.putdata(pixels)
    return disc
