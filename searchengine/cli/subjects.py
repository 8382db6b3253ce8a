"""What the commands that look at pictures have in common: which pictures, and what couldn't be read."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from searchengine.cli import output
from searchengine.cli.display import count, printable, short
from searchengine.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from searchengine.understanding.pictures import Unread

SOME_FAILED = 3

_Command = TypeVar("_Command", bound=Callable[..., Any])


def subject_arguments(command: _Command) -> _Command:
    """Give a command IMAGE… and --where, of which a user names one; it gets `images` and `where`."""

    @functools.wraps(command)
    def with_subjects(*args: Any, images: tuple[str, ...], where: str | None, **rest: Any) -> Any:
        if bool(images) == (where is not None):
            raise click.UsageError("Name pictures or folders, or else a query with --where.")
        return command(*args, images=images, where=where, **rest)

    wrapped: Any = with_subjects
    wrapped = click.option(
        "--where", metavar="QUERY", help="The library's pictures that a query finds, instead of files."
    )(wrapped)
    result: _Command = click.argument("images", metavar="IMAGE…", nargs=-1, type=click.Path())(wrapped)
    return result


def lines(file: TextIO) -> list[str]:
    """What stands in a text file, one thing a line; blank lines and those that begin with # don't count.

    Raises:
        UsageError: It isn't text in UTF-8.
    """
    try:
        found = [line.strip() for line in file]
    except UnicodeDecodeError as error:
        raise UsageError(f"{file.name} isn't text in UTF-8: {error.reason}; save it as such") from error
    return [line for line in found if line and not line.startswith("#")]


def conclude(seen: int, failures: Sequence[Unread]) -> None:
    """Name the pictures that couldn't be read and end with exit code 3 if there are any."""
    for failure in failures:
        output.note(f"{short(failure.path)}: {printable(failure.reason)}")
    if failures:
        output.note(f"{count(seen, 'picture')} done, {count(len(failures), 'file')} couldn't be read.")
        raise click.exceptions.Exit(SOME_FAILED)
    if not seen:
        output.note("No pictures there.")
