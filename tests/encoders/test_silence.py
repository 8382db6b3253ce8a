import subprocess
import sys

CODE = """
import logging
from searchengine.encoders.silence import silent_logging
{before}
with silent_logging():
    logging.info("through the root logger, which would set logging up")
    logging.getLogger("onnxscript").warning("for its authors")
print(len(logging.root.handlers))
"""


def run(before=""):
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(before=before)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip(), done.stderr.strip()


def test_libraries_are_silent_and_logging_stays_as_it_was():
    assert run() == ("0", "")


def test_a_program_that_set_logging_up_hears_them():
    assert run("logging.basicConfig()") == ("1", "WARNING:onnxscript:for its authors")
