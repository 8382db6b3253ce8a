"""Results for programs: JSON, JSON lines, CSV and paths, as bytes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from searchengine.as_json import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from searchengine.results import SearchResult, SearchResults

# What stands between several values in one CSV cell; file names hardly ever have it.
JOINT = "|"


def as_json(results: SearchResults) -> Iterator[bytes]:
    """One object: the query, what answered it, and the results."""
    yield to_json(results.to_dict(), indent=2) + b"\n"


def as_json_lines(results: Iterable[SearchResult]) -> Iterator[bytes]:
    """One object a line, one line a result."""
    for result in results:
        yield to_json(result.to_dict()) + b"\n"


def as_csv(results: Iterable[SearchResult]) -> Iterator[bytes]:
    """A header and one row a result; several values in a cell stand joined by ``|``."""
    from searchengine.results import SearchResult

    yield csv_row(SearchResult.__slots__)
    for result in results:
        yield csv_row(map(_cell, result.to_dict().values()))


def as_paths(results: Iterable[SearchResult], *, end: bytes = b"\n") -> Iterator[bytes]:
    """One path a line, byte for byte as the file system has it."""
    for result in results:
        yield os.fsencode(result.path) + end


def write(chunks: Iterable[bytes]) -> None:
    """Write bytes to standard output, past any recoding that a terminal's text stream would do."""
    stream = sys.stdout.buffer
    for chunk in chunks:
        stream.write(chunk)
    stream.flush()


def write_text(text: str) -> None:
    """Write text, coloured or not, to standard output."""
    click.echo(text, nl=False, color=True)


def note(text: str) -> None:
    """Tell the person at the terminal something that isn't a result."""
    click.echo(text, err=True)


def csv_row(cells: Iterable[Any]) -> bytes:
    """One row of a CSV file, quoted where it has to be."""
    import csv
    import io

    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().encode(errors="backslashreplace")


def _cell(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return JOINT.join(str(part) for part in value)
    if isinstance(value, bool):
        return str(value).lower()
    return value
