"""Options that several commands take, spelled once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Command], Command]


def format_option(*formats: str, explained: str = "How to print them.") -> Decorator[Any]:
    """``--format``, which a command gets as `format_`; a table unless something else is asked for."""
    return click.option(
        "--format", "format_", type=click.Choice(["table", *formats]), default="table", show_default=True,
        help=explained,
    )  # fmt: skip
