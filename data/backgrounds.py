"""The places that scenes are set in: fourteen drawn ones and eight plain colours.

A background is a pure function of its name, its seed and the size asked for.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from data import places
from data.canvas import Canvas, Colour


@dataclass(frozen=True)
class Background:
    """A place: its name, the phrases that say "there", the words for it alone, how things stand in it.

    `ground` is where the ground begins, as a fraction of the height (None: things stand or hang
    anywhere and throw a shadow straight behind them; 1: they float and throw none).
    """

    name: str
    phrases: tuple[str, ...]
    alone: tuple[str, ...]
    draw: Callable[[Canvas], None]
    ground: float | None = None


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def _plain(colour: Colour) -> Callable[[Canvas], None]:
    def draw(c: Canvas) -> None:
        c.pixels[:] = np.clip(np.array(colour) + c.rng.uniform(-8, 8, 3), 0, 255)
        c.glow((0.5, 0.4), 0.7, (255, 255, 255), 0.14)

    return draw


PLAIN_COLOURS: dict[str, Colour] = {
    "red": (206, 66, 62),
    "orange": (240, 150, 66),
    "yellow": (246, 212, 86),
    "green": (104, 172, 96),
    "blue": (82, 136, 206),
    "purple": (140, 98, 182),
    "pink": (242, 166, 190),
    "grey": (168, 170, 174),
}

PLACES = (
    Background(
        "beach",
        ("on the beach", "on a beach", "at the beach"),
        ("a beach", "sand and sea"),
        places.beach,
        0.56,
    ),
    Background(
        "snow",
        ("in the snow", "on the snow", "in a snowy field"),
        ("snow", "a snowy field"),
        places.snow,
        0.6,
    ),
    Background(
        "meadow",
        ("in a meadow", "on the grass", "in a green field"),
        ("a meadow", "grass"),
        places.meadow,
        0.58,
    ),
    Background(
        "night",
        ("at night", "under the night sky", "under the stars"),
        ("night", "a night sky"),
        places.night,
        0.88,
    ),
    Background(
        "forest", ("in the forest", "in a forest", "in the woods"), ("a forest", "woods"), places.forest, 0.7
    ),
    Background(
        "desert",
        ("in the desert", "on sand dunes", "in a desert"),
        ("a desert", "sand dunes"),
        places.desert,
        0.6,
    ),
    Background("sea", ("at sea", "on the sea", "on the water"), ("the sea", "the ocean"), places.sea, 1),
    Background(
        "underwater",
        ("under water", "underwater", "under the sea"),
        ("an underwater scene",),
        places.underwater,
        1,
    ),
    Background(
        "city",
        ("in the city", "in a city street", "in the street"),
        ("a city street", "a city"),
        places.city,
        0.8,
    ),
    Background(
        "sunset",
        ("at sunset", "in front of a sunset", "at dusk"),
        ("a sunset", "an evening sky"),
        places.sunset,
        1,
    ),
    Background(
        "table", ("on a wooden table", "on a table", "on the table"), ("a wooden table", "wood"), places.table
    ),
    Background(
        "brick", ("in front of a brick wall", "on a brick wall"), ("a brick wall", "bricks"), places.brick
    ),
    Background("space", ("in space", "in outer space"), ("space", "outer space"), places.space, 1),
    Background(
        "mountains", ("in the mountains", "in front of mountains"), ("mountains",), places.mountains, 0.74
    ),
)

BACKGROUNDS: dict[str, Background] = {place.name: place for place in PLACES} | {
    f"plain {name}": Background(
        f"plain {name}",
        (f"on a plain {name} background", f"on {_article(name)} {name} background", f"on {name}"),
        (f"a plain {name} background",),
        _plain(colour),
    )
    for name, colour in PLAIN_COLOURS.items()
}


def draw_background(name: str, seed: int, width: int, height: int) -> Image.Image:
    """Return the background `name` as an RGB picture of width x height px; same arguments, same picture."""
    rng = np.random.default_rng([seed, *name.encode()])
    canvas = Canvas(width, height, rng)
    BACKGROUNDS[name].draw(canvas)
    if rng.random() < 0.5:
        canvas.pixels = canvas.pixels[:, ::-1]
    return canvas.image()


@functools.cache
def background_names() -> tuple[str, ...]:
    """Return every background's name, places first."""
    return tuple(BACKGROUNDS)
