"""Ctrl-C while the program is imported, and in commands that only ask."""

import os
import signal
import subprocess
import sys

import pytest

WHILE_IMPORTING = """
import os, signal, sys
module = sys.argv.pop(1)
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
from searchengine.__main__ import main
main()
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends itself a signal as POSIX has them")


def interrupted(module, *words, **settings):
    """Exit code and standard error of a command that gets Ctrl-C when it imports a module."""
    done = subprocess.run(
        [sys.executable, "-c", WHILE_IMPORTING, module, *words], capture_output=True, check=False, **settings
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("click", ["status"]),
        ("searchengine.cli.search", ["search", "dog"]),
        ("searchengine.library", ["search", "dog"]),
        ("indexer.update", ["index", "."]),
    ],
)
def test_it_is_one_line_and_no_traceback(module, words, tmp_path):
    environment = os.environ | {"IMGSEARCH_LIBRARY": str(tmp_path / "library")}
    assert interrupted(module, *words, env=environment) == (130, b"\nInterrupted.\n")
    assert list(tmp_path.iterdir()) == []


def test_who_has_it_ignored_is_not_interrupted():
    ignoring = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)}  # as a shell's & does
    assert interrupted("click", "--version", **ignoring) == (0, b"")
