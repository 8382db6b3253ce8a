"""What the commands that look at pictures have in common: which pictures, which labels, how answers look."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TextIO, TypeVar

import click

from searchengine.as_json import to_json
from searchengine.cli import output
from searchengine.cli.display import count, printable, short
from searchengine.cli.outcome import SOME_FAILED
from searchengine.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from searchengine.understanding.pictures import Unread

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _Writable(Protocol):
    def to_dict(self) -> dict[str, Any]: ...


_Answer = TypeVar("_Answer", bound=_Writable)


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


def labels_options(*, explained: str) -> Callable[[_Command], _Command]:
    """Give a command --labels and --labels-from, of which a user names one at most; it gets `labels`."""

    def with_options(command: _Command) -> _Command:
        @functools.wraps(command)
        def with_labels(*args: Any, labels: str | None, labels_from: TextIO | None, **rest: Any) -> Any:
            if labels is not None and labels_from is not None:
                raise click.UsageError("Name the labels once: with --labels or with --labels-from.")
            asked = lines(labels_from) if labels_from is not None else labels.split(",") if labels else None
            return command(*args, labels=asked, **rest)

        wrapped: Any = with_labels
        wrapped = click.option(
            "--labels-from", metavar="FILE", type=click.File(encoding="utf-8"),
            help="The same from a text file, one label a line.",
        )(wrapped)  # fmt: skip
        result: _Command = click.option("--labels", metavar="A,B,C", help=explained)(wrapped)
        return result

    return with_options


def present(
    results: Sequence[_Answer],
    format_: str,
    *,
    csv: Callable[[Sequence[_Answer]], Iterable[bytes]],
    table: Callable[[Sequence[_Answer]], None],
) -> None:
    """Print what is known of each picture.

    Args:
        results: Of the pictures that could be read.
        format_: `json`, `csv` or `table`.
        csv: Gives the rows, the heading first.
        table: Prints a table; not called for none.
    """
    if format_ == "json":
        output.write([to_json([each.to_dict() for each in results], indent=2) + b"\n"])
    elif format_ == "csv":
        output.write(csv(results))
    elif results:
        table(results)


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
