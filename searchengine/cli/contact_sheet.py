"""A contact sheet: search results as one HTML file that needs nothing else, thumbnails included."""

from __future__ import annotations

import os
import secrets
from base64 import b64encode
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from searchengine.cli.display import count, file_name, file_uri, printable, short
from searchengine.errors import ImgsearchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from searchengine.results import SearchResult, SearchResults

    Thumbnail = Callable[[int, float | None], bytes]

# A thumbnail is some 15 kB: with more pictures than this a browser takes seconds to show the file.
MOST_PICTURES = 500

# Sheets that --open wrote are kept until this many newer ones are there: a browser may still show one.
KEPT_SHEETS = 10

# A panorama would leave nothing of its neighbours in a row, a scroll nothing of the rows below.
RATIOS = (0.5, 3.0)


def contact_sheet(results: SearchResults, thumbnail: Thumbnail, *, title: str) -> str:
    """The sheet as HTML.

    Args:
        results: What to show; the first 500 are.
        thumbnail: Gives a result's thumbnail as WebP, by id and time; `Library.thumbnail`.
        title: The heading: the query, or what the pictures are like.
    """
    shown = results.results[:MOST_PICTURES]
    heading = escape(printable(title))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:;'
        " style-src 'unsafe-inline'\">\n"
        f"<title>{heading}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>{heading}</h1>\n<p>{escape(_summary(results, len(shown)))}</p>\n</header>\n"
        f"<main>\n{''.join(_figures(shown, thumbnail))}</main>\n"
        f"<footer>Made by imgsearch with the model {escape(printable(results.space))}."
        " Pictures open where they lie on this computer.</footer>\n</body>\n</html>\n"
    )


def write_sheet(html: str, file: Path) -> None:
    """Write a sheet, whole or not at all."""
    unfinished = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        unfinished.write_text(html, encoding="utf-8")
        os.replace(unfinished, file)
    except OSError as error:  # it should name the file that was asked for
        raise OSError(error.errno, error.strerror, str(file)) from error
    finally:
        unfinished.unlink(missing_ok=True)


def sheet_to_open() -> Path:
    """A new file in the user's cache folder for a sheet that a browser will show; the oldest ones go."""
    from platformdirs import user_cache_path

    folder = user_cache_path("imgsearch", appauthor=False) / "sheets"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # the pictures may be private, a cache folder isn't always
    kept = sorted(folder.glob("*.html"), key=lambda file: file.stat().st_mtime, reverse=True)
    for old in kept[KEPT_SHEETS - 1 :]:
        old.unlink(missing_ok=True)
    return folder / f"{secrets.token_hex(8)}.html"


def _style() -> str:
    return files(__package__).joinpath("contact_sheet.css").read_text(encoding="utf-8")


def _summary(results: SearchResults, shown: int) -> str:
    found = f"{shown:,} of {count(results.total, 'picture')}"
    if shown < len(results):
        return f"{found}; {len(results):,} were asked for, a sheet holds {MOST_PICTURES}"
    return found


def _figures(results: Sequence[SearchResult], thumbnail: Thumbnail) -> Iterator[str]:
    above = True
    for result in results:
        if above and result.relevant is False:
            above = False
            yield '<span class="filler"></span><h2 class="line">Less relevant below</h2>\n'
        yield _figure(result, thumbnail)


def _figure(result: SearchResult, thumbnail: Thumbnail) -> str:
    name = escape(file_name(result.path, result.time))
    where = escape(short(result.path))
    ratio = min(max(result.width / max(result.height, 1), RATIOS[0]), RATIOS[1])
    try:
        data = b64encode(thumbnail(result.id, result.time)).decode()
        picture = f'<img src="data:image/webp;base64,{data}" alt="{name}">'
    except (ImgsearchError, OSError):  # the original can't be reached: the rest of the sheet is still good
        picture = '<span class="gone">The picture cannot be reached now.</span>'
    score = "" if result.score is None else f"{result.score:.3f}"
    less = ' class="less"' if result.relevant is False else ""
    return (
        f'<figure{less} style="--ratio: {ratio:.3f}">\n'
        f'<a href="{escape(file_uri(result.path))}" title="{where}">{picture}</a>\n'
        f'<figcaption><span class="rank">{result.rank}</span><span class="name" title="{where}">{name}</span>'
        f'<span class="score">{score}</span></figcaption>\n</figure>\n'
    )
