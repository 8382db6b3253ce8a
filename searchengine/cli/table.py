"""Tables for people: wide or narrow, coloured or plain, as the place they are written to wants."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from searchengine.cli.display import file_name, file_uri
from searchengine.cli.lines import COLUMNS, LINE, NUMBERS, cells, remarks
from searchengine.cli.output import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from searchengine.results import SearchResult

# Below this many cells folders move under the names, below the second the picture's size goes too.
WIDE = 100
NARROW = 72

# What isn't a terminal has no width: no line is cut or folded.
UNBOUNDED = 100_000


def console() -> Console:
    """A console for standard output: as wide as the terminal, or without bounds where there is none."""
    terminal = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    if terminal.is_terminal:
        return terminal
    return Console(file=sys.stdout, highlight=False, markup=False, emoji=False, width=UNBOUNDED)


def show(*renderables: RenderableType, on: Console | None = None) -> None:
    """Write tables or texts to standard output."""
    write_text(rendered(*renderables, on=on or console()))


def rendered(*renderables: RenderableType, on: Console) -> str:
    """Tables or texts as a console would show them, without the blanks that fill their lines."""
    with on.capture() as captured:
        on.print(*renderables, sep="\n")
    return "".join(line.rstrip() + "\n" for line in captured.get().splitlines())


def plain_table(*columns: str, right: Sequence[str] = ()) -> Table:
    """A table without lines, for any list of things.

    Args:
        columns: The heads.
        right: Those whose cells are numbers and stand to the right.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            column, justify="right" if column in right else "left", no_wrap=column in right, overflow="fold"
        )
    return table


def results_table(results: Sequence[SearchResult], *, width: int) -> Table:
    """The results of a search, best first.

    Args:
        results: A page of a ranking.
        width: Cells there are.
    """
    wide, roomy = width >= WIDE, width >= NARROW
    columns = [name for name in COLUMNS if (wide or name != "folder") and (roomy or name != "size")]
    table = plain_table(*columns, right=tuple(NUMBERS))
    above = True
    for result in results:
        if above and result.relevant is False:
            above = False
            table.add_row("", "", Text(LINE, style="dim"))
        said = cells(result)
        folder = Text(said["folder"], style="" if wide else "dim")
        file = _name(result) if wide else Text("\n").join([_name(result), folder])
        table.add_row(
            *(file if name == "file" else folder if name == "folder" else said[name] for name in columns),
            style="dim" if result.relevant is False else "",
        )
    return table


def _name(result: SearchResult) -> Text:
    """The file's name, clickable where the terminal can, and what there is to know about it."""
    name = Text(file_name(result.path, result.time), style=Style(bold=True, link=file_uri(result.path)))
    said = remarks(result)
    return name + Text(f"  {said}", style="dim") if said else name
