"""A map of a library: thumbnails on a plane, like beside like, with the groups' names on it."""

from __future__ import annotations

import io
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import click

from searchengine.cli.contact_sheet import write_sheet
from searchengine.cli.display import count, file_uri, printable, short
from searchengine.errors import ImgsearchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from PIL import Image

    from searchengine.understanding.clusters import Cluster, Placed

PICTURES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
WIDTH, HEIGHT, MARGIN = 2400, 1600, 60
THUMBNAIL = 64

STYLE = """\
:root { color-scheme: light dark; font: 15px/1.4 system-ui, sans-serif; }
body { margin: 0; background: Canvas; color: CanvasText; }
header { padding: 1rem 1.5rem; }
h1 { font-size: 1.1rem; margin: 0; }
p { margin: 0; opacity: .7; }
main { position: relative; overflow: hidden; }
a, h2 { position: absolute; transform: translate(-50%, -50%); }
a:hover, a:focus-visible { z-index: 2; transform: translate(-50%, -50%) scale(4); }
img { display: block; width: 100%; border-radius: 3px; }
h2 { margin: 0; padding: .1em .5em; border-radius: 1em; font-size: 1rem; z-index: 1; pointer-events: none;
     white-space: nowrap; background: color-mix(in srgb, Canvas 80%, transparent); }
"""


def check_name(file: Path) -> None:
    """Refuse a name that says neither HTML nor a picture, before anything is worked out.

    Raises:
        click.UsageError: It is of another kind.
    """
    if file.suffix.lower() not in {".html", *PICTURES}:
        raise click.UsageError(f"--map {file}: a map is .html, {', '.join(PICTURES)}; name one of these.")


@dataclass(frozen=True, slots=True, eq=False)
class _Spot:
    """A picture on the map: its thumbnail, and where its middle is, in pixels."""

    path: str
    thumbnail: Image.Image | None
    x: int
    y: int


def write_map(
    clusters: tuple[Cluster, ...],
    placed: tuple[Placed, ...],
    thumbnail: Callable[[int], bytes],
    file: Path,
    *,
    total: int,
) -> None:
    """Write the map, as HTML or as a picture, by the file's name.

    Args:
        clusters: The groups.
        placed: Pictures on the plane; `Library.map`.
        thumbnail: Gives a picture's thumbnail by its id; `Library.thumbnail`.
        file: Where.
        total: Pictures there are.

    Raises:
        OSError: The file can't be written.
    """
    with ThreadPoolExecutor() as pool:
        spots = list(pool.map(lambda each: _spot(each, thumbnail), placed))
    labels = [
        (
            cluster.name,
            *_middle([spot for spot, each in zip(spots, placed, strict=True) if each.cluster == at]),
        )
        for at, cluster in enumerate(clusters)
        if any(each.cluster == at for each in placed)
    ]
    said = f"{count(len(placed), 'picture')} of {total:,} in {count(len(clusters), 'group')}"
    if file.suffix.lower() == ".html":
        write_sheet("".join(_html(spots, labels, said)), file)
    else:
        _draw(spots, labels).save(file, PICTURES[file.suffix.lower()], quality=90)


def _spot(placed: Placed, thumbnail: Callable[[int], bytes]) -> _Spot:
    from PIL import Image

    x = round(MARGIN + placed.x * (WIDTH - 2 * MARGIN))
    y = round(MARGIN + placed.y * (HEIGHT - 2 * MARGIN))
    try:
        with Image.open(io.BytesIO(thumbnail(placed.id))) as image:
            image.thumbnail((THUMBNAIL, THUMBNAIL))
            return _Spot(placed.path, image.convert("RGB"), x, y)
    except (ImgsearchError, OSError, KeyError):  # out of reach, or just forgotten: the rest is still good
        return _Spot(placed.path, None, x, y)


def _middle(spots: list[_Spot]) -> tuple[int, int]:
    """The median, which stray pictures don't move."""
    across, down = sorted(spot.x for spot in spots), sorted(spot.y for spot in spots)
    return across[len(across) // 2], down[len(down) // 2]


def _html(spots: list[_Spot], labels: list[tuple[str, int, int]], said: str) -> Iterator[str]:
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:;'
        " style-src 'unsafe-inline'\">\n"
        f"<title>A map of the library</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>A map of the library</h1>\n<p>{escape(said)}. What looks alike is near; a picture "
        "opens where it lies on this computer.</p>\n</header>\n"
        f'<main style="aspect-ratio: {WIDTH} / {HEIGHT}">\n'
    )
    for spot in spots:
        if spot.thumbnail is not None:
            data = io.BytesIO()
            spot.thumbnail.save(data, "WEBP", quality=70)
            name = escape(printable(short(spot.path)))
            yield (
                f'<a href="{escape(file_uri(spot.path))}" style="{_at(spot.x, spot.y)};'
                f' width: {spot.thumbnail.width / WIDTH:.2%}"'
                f' title="{name}"><img src="data:image/webp;base64,{b64encode(data.getvalue()).decode()}"'
                f' alt="{name}"></a>\n'
            )
    for name, x, y in labels:
        yield f'<h2 style="{_at(x, y)}">{escape(printable(name))}</h2>\n'
    yield "</main>\n</body>\n</html>\n"


def _at(x: int, y: int) -> str:
    """In shares of the page, so that the whole map fits any window."""
    return f"left: {x / WIDTH:.2%}; top: {y / HEIGHT:.2%}"


def _draw(spots: list[_Spot], labels: list[tuple[str, int, int]]) -> Image.Image:
    from PIL import Image, ImageDraw, ImageFont

    sheet = Image.new("RGB", (WIDTH, HEIGHT), "white")
    for spot in spots:
        if spot.thumbnail is not None:
            sheet.paste(
                spot.thumbnail, (spot.x - spot.thumbnail.width // 2, spot.y - spot.thumbnail.height // 2)
            )
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(28)
    for name, x, y in labels:
        box = draw.textbbox((x, y), name, font=font, anchor="mm")
        draw.rounded_rectangle((box[0] - 10, box[1] - 6, box[2] + 10, box[3] + 6), 12, fill="white")
        draw.text((x, y), name, fill="black", font=font, anchor="mm")
    return sheet
