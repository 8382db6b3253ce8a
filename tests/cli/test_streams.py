"""What the command line's streams may be: closed, or of an encoding that lacks letters."""

import os
import subprocess
import sys

import pytest

PROGRAM = [sys.executable, "-m", "searchengine"]


@pytest.mark.skipif(os.name != "posix", reason="closes streams as a POSIX shell does")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_like_one_that_nobody_reads(closed, tmp_path):
    env = os.environ | {"XDG_DATA_HOME": str(tmp_path)}
    script = f'"$@" {closed}'
    for words, code in ((["--version"], 0), (["status"], 1)):
        done = subprocess.run(
            ["sh", "-c", script, "sh", *PROGRAM, *words], env=env, capture_output=True, check=False
        )
        assert done.returncode == code
        assert b"Traceback" not in done.stdout + done.stderr


def test_what_an_encoding_lacks_is_written_in_other_letters():
    code = (
        "from searchengine.cli.streams import make_fit; make_fit();"
        "print('960 \N{MULTIPLICATION SIGN} 640 \u2500 caf\xe9 \u2026')"
    )
    env = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True)
    assert done.stdout.strip() == rb"960 x 640 - caf\xe9 ..."
