"""The root command: a table of names, of which only the one that is called is loaded."""

from __future__ import annotations

import os
import sys
from copy import copy
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.shell_completion import CompletionItem, shell_complete

from searchengine.cli.outcome import outcome
from searchengine.interrupt import raise_again

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME = "imgsearch"
COMPLETION_VARIABLE = "_IMGSEARCH_COMPLETE"


class LazyCommand(NamedTuple):
    """A command that isn't loaded yet.

    Attributes:
        target: Where it is, as ``module:object``.
        help: What it does, in one line.
        ends_at_once: Whether nothing has to be put in order after it: the process may just end.
        only_asks: Whether nothing has to be put in order if it is interrupted either.
    """

    target: str
    help: str
    ends_at_once: bool = False
    only_asks: bool = False

    def load(self) -> click.Command:
        """Import the command."""
        module, _, name = self.target.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


class Program(click.Group):
    """A group that knows its commands by name and one line of help, and loads the one that is called.

    Attributes:
        sections: The commands by name, by the heading under which the help lists them.
        table: All of them by name.
        everywhere: Options that every command has besides its own.
        ran: The command that was run last, once one was.
    """

    def __init__(
        self,
        *args: Any,
        sections: Mapping[str, Mapping[str, LazyCommand]],
        everywhere: Sequence[click.Option] = (),
        **settings: Any,
    ) -> None:
        super().__init__(*args, **settings)
        self.sections = sections
        self.table = {name: entry for section in sections.values() for name, entry in section.items()}
        self.everywhere = everywhere
        self.ran: LazyCommand | None = None

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the table's order: the order in which people meet them."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Load one command; None where the table has no such name."""
        entry = self.table.get(cmd_name)
        if entry is None:
            return None
        self.ran = entry
        if not entry.only_asks:
            raise_again()
        return self._with_options(entry.load())

    def _with_options(self, command: click.Command) -> click.Command:
        """The command, and those below it, with the options that every command has."""
        command = copy(command)
        command.params = [*command.params, *self.everywhere]
        if isinstance(command, click.Group):
            command.commands = {name: self._with_options(sub) for name, sub in command.commands.items()}
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with, or say which names come near."""
        if args[0] not in self.table and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(unknown_command(args, list(self.table)), ctx)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, which people look for, before the options."""
        self.format_commands(ctx, formatter)
        click.Command.format_options(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the lists of commands from the table, without loading them."""
        width = max(map(len, self.table))
        for heading, section in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), entry.help) for name, entry in section.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete from the table, without loading the commands."""
        names = [
            CompletionItem(name, help=entry.help)
            for name, entry in self.table.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def main(self, args: Sequence[str] | None = None, *_: Any, **extra: Any) -> Any:
        """Run a command line and exit; `outcome` has the one list of what exit codes mean.

        click would expand globs itself on Windows; a query (``name:IMG_*``) must not be.
        """
        extra = {key: value for key, value in extra.items() if key not in ("prog_name", "standalone_mode")}
        words = list(sys.argv[1:] if args is None else args)

        def run() -> None:
            with self.make_context(NAME, words, **extra) as ctx:
                self.invoke(ctx)

        if instruction := os.environ.get(COMPLETION_VARIABLE):
            sys.exit(shell_complete(self, extra, NAME, COMPLETION_VARIABLE, instruction))
        sys.exit(outcome(run))


def unknown_command(words: Sequence[str], names: Sequence[str]) -> str:
    """Say that there is no such command, and which ones come near.

    Someone who types a query where a command belongs gets the command they left out.
    """
    from difflib import get_close_matches
    from shlex import join

    name = words[0]
    near = get_close_matches(name, names, n=3, cutoff=0.6)
    if near:
        return f"No such command: {name}. Did you mean {' or '.join(near)}?"
    return f"No such command: {name}. To look for it: {NAME} search {join(words)}"
