"""Results as lines for a pipe or a file: no colours, no width to keep to, and nothing to import for them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from searchengine.cli.display import count, file_name, printable, short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from searchengine.results import SearchResult

LINE = "── less relevant below ──"
"""Stands between what is relevant and what is only near."""

COLUMNS = ("#", "score", "file", "folder", "size", "taken")
NUMBERS = frozenset({"#", "score", "size"})
"""Columns whose cells stand to the right."""

_GAP = "  "
# Before this character, the first of those that stand above others, all are one cell wide.
_COMBINING = "\u0300"
# What makes rich write for a terminal where there is none.
_ASKED_FOR = ("FORCE_COLOR", "TTY_COMPATIBLE")


def for_terminal() -> bool:
    """Whether standard output is a terminal, or is to be written to like one."""
    return sys.stdout.isatty() or any(map(os.environ.get, _ASKED_FOR))


def cells(result: SearchResult) -> dict[str, str]:
    """What stands in each of the columns."""
    return {
        "#": str(result.rank),
        "score": "" if result.score is None else f"{result.score:.3f}",
        "file": file_name(result.path, result.time) + (f"  {said}" if (said := remarks(result)) else ""),
        "folder": short(os.path.dirname(result.path)),
        "size": f"{result.width} × {result.height}",  # noqa: RUF001 - a size is written so
        "taken": f"{result.taken_at:%Y-%m-%d}" if result.taken_at else "",
    }


def remarks(result: SearchResult) -> str:
    """What there is to know about a picture besides."""
    said = [*(["offline"] if result.offline else []), *map(printable, result.flags)]
    if result.copies:
        said.append("+ " + count(len(result.copies), "copy", "copies"))
    if result.edits:
        said.append("+ " + count(len(result.edits), "edit"))
    return ", ".join(said)


def lines(results: Sequence[SearchResult]) -> str:
    """The results of a search, best first, in columns."""
    rows = [list(COLUMNS)]
    above = True
    for result in results:
        if above and result.relevant is False:
            above = False
            rows.append(["", "", LINE, "", "", ""])
        rows.append(list(cells(result).values()))
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return "".join(f"{_line(row, widths)}\n" for row in rows)


def _line(row: list[str], widths: list[int]) -> str:
    parts = []
    for column, cell, width in zip(COLUMNS, row, widths, strict=True):
        blanks = " " * (width - _width(cell))
        parts.append(blanks + cell if column in NUMBERS else cell + blanks)
    return _GAP.join(parts).rstrip()


def _width(text: str) -> int:
    """Cells that a text takes in a terminal."""
    if max(text.replace("─", ""), default="") < _COMBINING:
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
