from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from searchengine.cli.outcome import outcome, point_at
from searchengine.errors import ImageError, LibraryError, QueryError, UsageError


def raising(error):
    def run():
        raise error

    return run


@pytest.fixture(autouse=True)
def logs(monkeypatch, tmp_path):
    """Where tracebacks are kept during a test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("IMGSEARCH_DEBUG", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("error", "code", "shown"),
    [
        (LibraryError("no library"), 1, "Error: no library\n"),
        (ImageError("two\nlines \x1b[31m"), 1, "Error: two\nlines \\x1b[31m\n"),
        (UsageError("not so"), 2, "Error: not so\n"),
        (
            FileNotFoundError(2, "No such file or directory", "cat.jpg"),
            1,
            "Error: cat.jpg: No such file or directory\n",
        ),
        (PermissionError(13, "Permission denied", b"caf\xe9"), 1, "Error: caf\\xe9: Permission denied\n"),
        (
            OSError(28, "No space left on device"),
            1,
            "Error: the disk that is written to is full: free some space and run the command again\n",
        ),
        (OSError("odd"), 1, "Error: odd\n"),
        (click.ClickException("clicked"), 1, "Error: clicked\n"),
        (click.UsageError("used"), 2, "Error: used\n"),
        (KeyboardInterrupt(), 130, "\nInterrupted.\n"),
        (click.Abort(), 130, "\nInterrupted.\n"),
        (click.exceptions.Exit(3), 3, ""),
    ],
)
def test_an_end_has_an_exit_code_and_a_message(error, code, shown, capsys):
    assert outcome(raising(error)) == code
    assert capsys.readouterr() == ("", shown)


def test_a_good_end_is_quiet(capsys):
    assert outcome(lambda: None) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("query", "start", "end", "lines"),
    [
        ("dog camra:canon", 4, 9, ["  dog camra:canon", "      ^^^^^"]),
        ("犬 camra:canon", 2, 7, ["  犬 camra:canon", "     ^^^^^"]),
        ("dog )", 4, 4, ["  dog )", "      ^"]),
        ("dog (", 5, 5, ["  dog (", "       ^"]),
        ("a\tb \udcff", 4, 5, [r"  a\x09b \xff", r"         ^^^^"]),
        ("", 0, 0, []),
    ],
)
def test_a_bad_query_is_pointed_at(query, start, end, lines):
    assert point_at(query, start, end) == lines


def test_of_a_long_query_the_surroundings_are_shown():
    shown, carets = point_at("before " * 50 + "camra:x" + " after" * 50, 350, 357)
    assert len(shown) <= 76
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "camra:x"


def test_a_query_error_shows_its_caret(capsys):
    assert outcome(raising(QueryError("no such key", query="camra:x", start=0, end=5))) == 2
    assert capsys.readouterr().err == "Error: no such key\n  camra:x\n  ^^^^^\n"


def test_a_mistake_of_ours_is_short_and_says_where_the_traceback_is(capsys, logs):
    assert outcome(raising(ZeroDivisionError("by zero"))) == 1
    shown = capsys.readouterr().err
    assert "imgsearch made a mistake: ZeroDivisionError: by zero" in shown
    assert "Traceback" not in shown
    (kept,) = logs.rglob("last-traceback.txt")
    assert str(kept) in shown
    assert "Traceback" in kept.read_text()


def test_a_mistake_of_ours_is_shown_whole_when_debugging_or_when_it_cannot_be_kept(capsys, logs, monkeypatch):
    (logs / "imgsearch").write_text("a file where the folder belongs")
    assert outcome(raising(ZeroDivisionError())) == 1
    assert "Traceback" in capsys.readouterr().err
    monkeypatch.setenv("IMGSEARCH_DEBUG", "1")
    assert outcome(raising(LibraryError("locked"))) == 1
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert shown.endswith("Error: locked\n")


LONG = """
import sys
from searchengine.cli.outcome import outcome
sys.exit(outcome(lambda: print("line\\n" * 100_000)))
"""
BROKEN_INSIDE = """
import os, sys
from searchengine.cli.outcome import outcome
def run():
    read, write = os.pipe()
    os.close(read)
    os.write(write, b"to a worker that died")
sys.exit(outcome(run))
"""


def pipeline(code, command, tmp_path):
    """Exit code and standard error of a program whose output another command reads."""
    env = os.environ | {"PYTHONPATH": str(Path.cwd()), "XDG_STATE_HOME": str(tmp_path)}
    with (
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
        ) as writer,
        subprocess.Popen(command, stdin=writer.stdout, stdout=subprocess.DEVNULL) as reader,
    ):
        writer.stdout.close()
        complaint = writer.stderr.read()
        reader.wait()
    return writer.returncode, complaint


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    assert pipeline(LONG, ["head", "-n1"], tmp_path) == (0, b"")


def test_another_broken_pipe_does_not_pass_for_success(tmp_path):
    code, complaint = pipeline(BROKEN_INSIDE, ["cat"], tmp_path)
    assert code == 1
    assert b"BrokenPipeError" in complaint


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")
def test_a_full_disk_is_an_error_and_not_a_short_file(tmp_path):
    code = (
        "import sys; from searchengine.cli.outcome import outcome; sys.exit(outcome(lambda: print('line')))"
    )
    env = os.environ | {"PYTHONPATH": str(Path.cwd())}
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, env=env, check=False
        )
    assert done.returncode == 1
    assert b"is full: free some space" in done.stderr


ENDED_WITH_A_THREAD = """
import sys, threading, time
from searchengine import cli

def ended():
    cli.program.ran = cli.COMMANDS[sys.argv[1]]
    threading.Thread(target=time.sleep, args=(3600,)).start()
    print("what was found")
    sys.exit(int(sys.argv[2]))

cli.program.main = ended
cli.main()
"""


@pytest.mark.parametrize(("command", "code"), [("index", 130), ("search", 0), ("search", 2)])
def test_who_interrupts_or_ends_at_once_does_not_wait_for_threads(command, code):
    """A model that is being loaded, say; Python would join them, or abort in their native code."""
    done = subprocess.run(
        [sys.executable, "-c", ENDED_WITH_A_THREAD, command, str(code)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, "what was found\n", "")
