"""The command line: one file a command, none of them loaded before it is called."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn

import click

from searchengine import __version__
from searchengine.cli.place import Place
from searchengine.cli.program import LazyCommand, Program
from searchengine.cli.streams import make_fit
from searchengine.engines import CATALOG_VARIABLE, VECTORS_VARIABLE
from searchengine.interrupt import INTERRUPTED
from searchengine.layout import LIBRARY_VARIABLE

# The indexer's commands are named here, not imported: the reading half never imports the writing half.
SECTIONS = {
    "Index and search": {
        "index": LazyCommand(
            "indexer.cli.index:index",
            "Bring the library up to date with folders of pictures.",
            ends_at_once=True,
        ),
        "watch": LazyCommand("indexer.cli.watch:watch", "Index folders, then follow what changes in them."),
        "search": LazyCommand(
            "searchengine.cli.search:search",
            "Find pictures by what is in them.",
            ends_at_once=True,
            only_asks=True,
        ),
        "similar": LazyCommand(
            "searchengine.cli.similar:similar",
            "Find the likes of a picture.",
            ends_at_once=True,
            only_asks=True,
        ),
        "serve": LazyCommand("searchengine.cli.serve:serve", "Search in the browser, and over HTTP."),
    },
    "See what is in pictures": {
        "classify": LazyCommand(
            "searchengine.cli.classify:classify", "Say which of your labels pictures go with."
        ),
        "tag": LazyCommand("searchengine.cli.tag:tag", "Say which everyday words hold of pictures."),
        "objects": LazyCommand("searchengine.cli.objects:objects", "Say what is where in pictures."),
        "describe": LazyCommand("indexer.cli.describe:describe", "Say in a sentence what pictures show."),
        "cluster": LazyCommand(
            "searchengine.cli.cluster:cluster", "Group the library by looks, name the groups, draw a map."
        ),
        "label": LazyCommand(
            "searchengine.cli.label:label", "Teach concepts by example, for label:NAME in queries."
        ),
    },
    "Look after the library": {
        "status": LazyCommand("searchengine.cli.status:status", "What is indexed, by which model, and when."),
        "failures": LazyCommand(
            "searchengine.cli.failures:failures", "Files that couldn't be indexed, and why."
        ),
        "forget": LazyCommand("indexer.cli.forget:forget", "Take files or folders out of the library."),
        "roots": LazyCommand(
            "indexer.cli.roots:roots", "The library's folders; say that one lies elsewhere now."
        ),
        "duplicates": LazyCommand(
            "searchengine.cli.duplicates:duplicates", "Group the files that are the same picture."
        ),
        "verify": LazyCommand(
            "indexer.cli.verify:verify", "Check that the library is what it should be; repair it."
        ),
        "optimize": LazyCommand("indexer.cli.verify:optimize", "Fold in all changes and give space back."),
    },
    "Choose models, take data along": {
        "models": LazyCommand("searchengine.cli.models:models", "The models there are to choose from."),
        "switch-model": LazyCommand("indexer.cli.switch_model:switch_model", "Search with another model."),
        "evaluate": LazyCommand(
            "searchengine.cli.evaluate:evaluate", "Measure how well searches find what they should."
        ),
        "export": LazyCommand(
            "searchengine.cli.export:export",
            "Write embeddings and metadata to a file, to take them elsewhere.",
        ),
        "import": LazyCommand(
            "indexer.cli.import_files:import_files", "Take in what export wrote; nothing is embedded again."
        ),
    },
}
COMMANDS = {name: command for section in SECTIONS.values() for name, command in section.items()}

HELP = """\
Find pictures by what is in them: type what you remember, or show a picture
and get its likes.

\b
  imgsearch index ~/Pictures
  imgsearch search a dog on a beach
  imgsearch similar photo.jpg --open
"""

EPILOG = """\
Tab completion: put the line for your shell into its start-up file.

\b
  bash   eval "$(_IMGSEARCH_COMPLETE=bash_source imgsearch)"
  zsh    eval "$(_IMGSEARCH_COMPLETE=zsh_source imgsearch)"
  fish   _IMGSEARCH_COMPLETE=fish_source imgsearch | source
"""


def choose_library(ctx: click.Context, _: click.Parameter, folder: str | None) -> None:
    """Keep where the library is for the command; the option nearest to the command's words wins."""
    if folder or ctx.obj is None:
        ctx.obj = Place(folder)


def choose_engine(ctx: click.Context, option: click.Parameter, url: str | None) -> None:
    """Put an engine's address where every part of the program, and its workers, look for one."""
    variable = {"catalog": CATALOG_VARIABLE, "vectors": VECTORS_VARIABLE}[str(option.name)]
    if url:
        before = os.environ.get(variable, "")
        ctx.call_on_close(lambda: os.environ.update({variable: before}))
        os.environ[variable] = url


@click.group(
    cls=Program,
    sections=SECTIONS,
    # `imgsearch search a dog --library DIR` is what people type as well.
    everywhere=[
        click.Option(
            ["--library"],
            metavar="DIR",
            expose_value=False,
            callback=choose_library,
            help="The library to use.",
        ),
        *(
            click.Option([name], expose_value=False, callback=choose_engine, hidden=True)
            for name in ("--catalog", "--vectors")
        ),
    ],
    help=HELP,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--library",
    metavar="DIR",
    envvar=LIBRARY_VARIABLE,
    expose_value=False,
    callback=choose_library,
    help=f"The library to use. Default: ${LIBRARY_VARIABLE}, or one in your own data folder.",
)
@click.option(
    "--catalog",
    metavar="URL",
    expose_value=False,
    callback=choose_engine,
    help="Keep a new library's catalog in PostgreSQL: postgresql+psycopg://USER@HOST/DATABASE. The library "
    "remembers it, but for the password: that is asked of $PGPASSWORD, ~/.pgpass, or the URL itself in "
    f"${CATALOG_VARIABLE}. Default: SQLite, in the library's folder.",
)
@click.option(
    "--vectors",
    metavar="URL",
    expose_value=False,
    callback=choose_engine,
    help="Search the library's vectors by Milvus: http://HOST:19530, or milvus+file:FOLDER, which needs no "
    "server; faiss goes back. The library remembers it from the next index or optimize on, but for passwords "
    f"and tokens, which the URL may hold in ${VECTORS_VARIABLE}. Default: FAISS, in the library's folder.",
)
@click.version_option(__version__, prog_name="imgsearch", message="%(prog)s %(version)s")
def program() -> None:
    """The root of all commands; its help is `HELP`."""


def main() -> NoReturn:
    """Run the command line.

    Who pressed Ctrl-C isn't made to wait for threads that load a model; and were Python to go away under
    one that is in native code, C++ would abort the process. Nor does an answer wait for all to be taken down
    that was imported for it, which is a quarter of a cold query.
    """
    # What a command imports stays: looking through it for garbage, over and over, is a tenth of a cold query.
    gc.set_threshold(100_000, 20, 20)
    make_fit()
    try:
        sys.exit(program.main())
    except SystemExit as end:
        if end.code == INTERRUPTED or (program.ran is not None and program.ran.ends_at_once):
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):  # nobody reads it any more
                    stream.flush()
            os._exit(end.code if isinstance(end.code, int) else 0)
        raise
