"""What the commands that search have in common: how much is asked for, and how the answer is shown."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from searchengine.cli import output
from searchengine.cli.display import count, printable
from searchengine.cli.lines import for_terminal, lines
from searchengine.query.relevance import STRICTNESS

if TYPE_CHECKING:
    from searchengine.cli.contact_sheet import Thumbnail
    from searchengine.results import SearchResults

FORMATS = ("table", "json", "jsonl", "csv", "paths")

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options say about the answer.

    Attributes:
        k: How many results, or None for all.
        offset: How many to pass over first.
        format: One of `FORMATS`.
        nul: Whether paths end in a NUL byte instead of a line end.
        collapse: Whether edits of one picture are one result.
        sheet: File for a contact sheet, or None.
        open: Whether to show a contact sheet in the browser.
        strictness: Where the relevance line lies, from 0 to 1.
    """

    k: int | None
    offset: int
    format: str
    nul: bool
    collapse: bool
    sheet: Path | None
    open: bool
    strictness: float


def result_options(command: _Command) -> _Command:
    """Give a command the options of every search; it gets them as `wanted`."""

    @functools.wraps(command)
    def with_wanted(
        *args: Any,
        k: int,
        offset: int,
        everything: bool,
        format_: str | None,
        nul: bool,
        collapse: bool,
        sheet: Path | None,
        open_: bool,
        strictness: float,
        **rest: Any,
    ) -> Any:
        if nul and format_ not in (None, "paths"):
            raise click.UsageError(f"-0 separates paths: it doesn't go with --format {format_}.")
        shape = format_ or ("paths" if nul else "table")
        wanted = Wanted(None if everything else k, offset, shape, nul, collapse, sheet, open_, strictness)
        return command(*args, wanted=wanted, **rest)

    options = (
        click.option("-k", metavar="N", type=click.IntRange(min=1), default=10, show_default=True,
                     help="How many results."),
        click.option("--offset", metavar="N", type=click.IntRange(min=0), default=0,
                     help="Pass over the first N."),
        click.option("--all", "everything", is_flag=True, help="Every picture there is, whatever -k says."),
        click.option("--collapse", is_flag=True, help="Edits of one picture are one result."),
        click.option("--strictness", metavar="SHARE", type=click.FloatRange(0, 1), default=STRICTNESS,
                     show_default=True, help="Where the line is drawn below which results count as less"
                     " relevant: so that this share of unrelated queries would find nothing."),
        click.option("--format", "format_", type=click.Choice(FORMATS), help="Default: table."),
        click.option("-0", "nul", is_flag=True, help="Print paths, each ended by a NUL byte: for xargs -0."),
        click.option("--sheet", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
                     help="Write a contact sheet: one HTML file with thumbnails."),
        click.option("--open", "open_", is_flag=True, help="Show a contact sheet in the browser."),
    )  # fmt: skip
    wrapped: Any = with_wanted
    for option in reversed(options):
        wrapped = option(wrapped)
    result: _Command = wrapped
    return result


def present(
    results: SearchResults, wanted: Wanted, thumbnail: Thumbnail | None = None, *, title: str
) -> None:
    """Print the results, and make the contact sheet if one is wanted.

    Args:
        results: The answer.
        wanted: How to show it.
        thumbnail: Gives a result's thumbnail, by id and time; `Library.thumbnail`. None where no contact
            sheet is wanted.
        title: Heading of the contact sheet.
    """
    if wanted.format == "table":
        _print_table(results)
    else:
        output.write(
            {
                "json": lambda: output.as_json(results),
                "jsonl": lambda: output.as_json_lines(results),
                "csv": lambda: output.as_csv(results),
                "paths": lambda: output.as_paths(results, end=b"\0" if wanted.nul else b"\n"),
            }[wanted.format]()
        )
    if not results:
        output.note(why_empty(results, wanted.offset))
    elif thumbnail is not None and (wanted.sheet or wanted.open):
        _make_sheet(results, wanted, thumbnail, title)


def why_empty(results: SearchResults, offset: int) -> str:
    """What to tell someone whose search found nothing."""
    if results.total and offset:
        return f"Nothing there: the last of {count(results.total, 'image')} comes before --offset {offset}."
    if results.space:
        return "Nothing found: no picture passes all of the filters. Leave one of them out."
    return "Nothing found: no pictures are indexed yet. Add some: imgsearch index FOLDER"


def _print_table(results: SearchResults) -> None:
    if results:
        if for_terminal():
            from searchengine.cli.table import console, results_table, show

            target = console()
            show(results_table(results.results, width=target.width), on=target)
        else:
            output.write_text(lines(results.results))
    doubt = "; none stands out, these are the nearest" if results and results[0].relevant is False else ""
    output.note(f"{count(results.total, 'image')}, {results.took_ms:.0f} ms{doubt}")


def _make_sheet(results: SearchResults, wanted: Wanted, thumbnail: Thumbnail, title: str) -> None:
    import webbrowser

    from searchengine.cli.contact_sheet import contact_sheet, sheet_to_open, write_sheet

    file = (wanted.sheet or sheet_to_open()).absolute()
    write_sheet(contact_sheet(results, thumbnail, title=title), file)
    output.note(f"Contact sheet: {printable(str(file))}")
    if wanted.open and not webbrowser.open(file.as_uri()):
        output.note("No browser could be started here: open that file yourself.")
