"""Options that several commands that write take, spelled once."""

from __future__ import annotations

import click

runtime_option = click.option(
    "--runtime",
    type=click.Choice(["auto", "onnx", "torch"]),
    default="auto",
    show_default=True,
    help="What runs the model: torch where there is a GPU, else ONNX Runtime.",
)
exclude_option = click.option(
    "--exclude", metavar="GLOB", multiple=True, help="Leave out names or paths like this; may be repeated."
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print nothing but warnings and errors.")
