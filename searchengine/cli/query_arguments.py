"""Telling a query's words from the options among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def split_arguments(arguments: Iterable[str], options: Mapping[str, bool]) -> tuple[list[str], list[str]]:
    """Part a command line into options and words.

    Only an option written out exactly is one (``-k 5``, ``--format json``, ``--format=json``); any other
    ``-word`` is a word, because ``-kitchen`` means "not a kitchen". After ``--`` all is words.

    Args:
        arguments: The command line behind the command's name.
        options: Each option's name, and whether it takes a value.

    Returns:
        Options with their values, in order; words, in order.

    Raises:
        click.NoSuchOption: A ``--word`` that isn't an option: no query begins a word so, a slip does.
        click.BadOptionUsage: The last option lacks its value.
    """
    found: list[str] = []
    words: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, equals, _ = argument.partition("=")
        if argument == "--":
            words.extend(rest)
        elif argument in options:
            found.append(argument)
            if options[argument]:
                value = next(rest, None)
                if value is None:
                    raise click.BadOptionUsage(argument, f"Option {argument} requires a value.")
                found.append(value)
        elif equals and name.startswith("--") and options.get(name):
            found.append(argument)
        elif argument.startswith("--"):
            raise click.NoSuchOption(
                name, f"No such option: {name}. After -- everything is query.", possibilities=options
            )
        else:
            words.append(argument)
    return found, words


class QueryCommand(click.Command):
    """A command whose arguments are a query, in which words may begin with a dash."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Sort the options to the front and let click see the rest as arguments only."""
        options = {
            name: not (parameter.is_flag or parameter.count)
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Option)
            for name in parameter.opts
        }
        try:
            found, words = split_arguments(args, options)
        except click.UsageError as error:
            if ctx.resilient_parsing:  # a shell asks for the end of a line that isn't finished
                return super().parse_args(ctx, [])
            error.ctx = ctx
            raise
        return super().parse_args(ctx, [*found, "--", *words])
