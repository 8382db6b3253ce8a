"""How a command ends, as the shell sees it: a message on standard error and an exit code.

0    done, also when nothing is found
1    an error that the message explains
2    asked for wrongly, or a query that can't be understood
3    done, but some files failed
130  interrupted
"""

from __future__ import annotations

import errno
import os
import select
import sys
import traceback
from typing import TYPE_CHECKING

import click

from searchengine.cli.display import printable
from searchengine.errors import ImgsearchError, QueryError
from searchengine.interrupt import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Callable

SOME_FAILED = 3
"""For commands that go on where a file fails; they end with it themselves."""

DEBUG_VARIABLE = "IMGSEARCH_DEBUG"
TRACEBACK_FILE = "last-traceback.txt"


def outcome(run: Callable[[], object]) -> int:  # noqa: PLR0911 - one line for each way to end
    """Run a command to its end and say what the exit code is; every error has been shown by then."""
    try:
        try:
            run()
        finally:
            # What is still buffered would otherwise fail after the exit code is settled.
            sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nInterrupted.", err=True)
        return INTERRUPTED
    except ImgsearchError as error:
        _show(error)
        return error.exit_code
    except BrokenPipeError as error:
        if not _reader_is_gone():
            return _unforeseen(error)
        # `| head` has seen enough; what is left in the buffer must not become a complaint at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        _show(error)
        return 1
    except Exception as error:  # noqa: BLE001 - the last place where anything can be explained to a user
        return _unforeseen(error)
    return 0


def explain(error: ImgsearchError | OSError) -> str:
    """The message to show for an error, without the word "Error"."""
    if isinstance(error, QueryError):
        return "\n".join([printable(str(error)), *point_at(error.query, error.start, error.end)])
    if isinstance(error, OSError) and error.strerror:
        name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else None
        if error.errno == errno.ENOSPC:
            what = f"the disk of {printable(name)}" if name else "the disk that is written to"
            return f"{what} is full: free some space and run the command again"
        return f"{printable(name)}: {error.strerror}" if name else error.strerror
    return "\n".join(printable(line) for line in str(error).splitlines())


def point_at(query: str, start: int, end: int, *, width: int = 72) -> list[str]:
    """The query and a line of carets below the characters from `start` to `end`.

    Args:
        query: As the user wrote it; empty gives no lines.
        start: Offset of the first character at fault.
        end: Offset after the last one at fault.
        width: Cells there are; of a longer query only the surroundings are shown.
    """
    if not query:
        return []
    from rich.cells import cell_len

    end = max(end, start + 1)
    before, fault, after = (printable(part) for part in (query[:start], query[start:end], query[end:]))
    room = max(width - cell_len(fault), 16) // 2
    if cell_len(before) > room:
        before = "…" + before[-room:]
    if cell_len(after) > room:
        after = after[:room] + "…"
    return [f"  {before}{fault}{after}", "  " + " " * cell_len(before) + "^" * max(cell_len(fault), 1)]


def _show(error: ImgsearchError | OSError) -> None:
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(error)
    click.echo(f"Error: {explain(error)}", err=True)


def _unforeseen(error: Exception) -> int:
    """Explain a mistake of ours: briefly, with the traceback where the user can find it."""
    text = "".join(traceback.format_exception(error))
    what = traceback.format_exception_only(error)[-1].strip()
    if os.environ.get(DEBUG_VARIABLE) or not (kept := _keep(text)):
        click.echo(text, err=True)
        click.echo(f"Error: imgsearch made a mistake: {printable(what)}", err=True)
    else:
        click.echo(
            f"Error: imgsearch made a mistake: {printable(what)}\n"
            f"What led to it is in {printable(kept)}; please report it.",
            err=True,
        )
    return 1


def _keep(text: str) -> str | None:
    """Write a traceback to the user's log folder; its path, or None where it can't be written."""
    from platformdirs import user_log_path

    try:
        file = user_log_path("imgsearch", appauthor=False, ensure_exists=True) / TRACEBACK_FILE
        file.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError:
        return None
    return str(file)


def _reader_is_gone() -> bool:
    """Whether standard output is a pipe that nobody reads from any more.

    Another broken pipe, say to a worker process, is a mistake and must not pass for success.
    """
    if not hasattr(select, "poll"):
        return True
    poller = select.poll()
    poller.register(sys.stdout.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poller.poll(0))
