#!/usr/bin/env python3
"""Run every console and Python block of the README and of docs/, as a reader would; fails where one does.

    scripts/run_documents.py [DOCUMENT…]

Each document is run in a home of its own, whose ~/Pictures are the demo's, indexed with the built-in model.
What can't be run here is listed below with its reason, and is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(?P<language>console|python)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
SECONDS = 180.0

NOT_RUN = {
    r"\./scripts/(demo|test)\b": "they are run on their own",
    r"(\S+/)?pip install|python3 -m venv": "changes the environment; scripts/install does the same",
    r"sudo |echo .*\| sudo|export PATH=/opt|docker |cp deploy/": "sets up another machine",
    r"export IMGSEARCH_(LIBRARY|CATALOG)=": "names what is on another machine",
    r"imgsearch roots move /media": "needs a second disk",
    r"imgsearch switch-model ViT": "downloads a model",
    r"imgsearch index .*--model ViT": "downloads a model",
    r"imgsearch index .*--ocr": "needs the extra ocr, and half a second a picture",
    r"scripts/bench_": "takes minutes, and an idle machine",
    r"scripts/(random_model|synthetic_library)\.py": "takes minutes",
    r"imgsearch .*--library /tmp/": "of a benchmark's library",
    r"imgsearch .*--catalog postgresql|createdb ": "needs a PostgreSQL server",
    r"imgsearch .*--vectors http": "needs a Milvus server",
    r"imgsearch .*(s3://|--ray )": "needs a store, or a cluster",
    r"duckdb ": "is a program of its own",
}
UNTIL_STOPPED = {r"imgsearch watch": 20.0, r"imgsearch serve": 8.0}
"""Commands that run until Ctrl-C, and how long they are let: a server goes on until the document's end."""

FILES = ("holiday.jpg", "beach.jpg", "garden.jpg", "asleep.jpg", "another-dog.jpg", "scans/0191.jpg")


@dataclass(frozen=True, slots=True)
class Step:
    """Something to run.

    Attributes:
        language: ``console`` or ``python``.
        text: A command line, or a whole block of Python.
        line: Where it stands in the document.
    """

    language: str
    text: str
    line: int


def steps(document: str) -> Iterator[Step]:
    """What a document tells to run: of a console block the lines after ``$``; the rest of it is output."""
    for block in BLOCK.finditer(document):
        line = document.count("\n", 0, block.start()) + 2
        if block["language"] == "python":
            yield Step("python", block["text"], line)
            continue
        lines = block["text"].splitlines()
        prompted = any(each.startswith("$ ") for each in lines)
        command = ""
        for number, each in enumerate(lines):
            if command or not prompted or each.startswith("$ "):
                command += each if command or not prompted else each[2:]
                if command.endswith("\\"):
                    command = command[:-1]
                    continue
                yield Step("console", command, line + number)
                command = ""


def reason_not_to(step: Step) -> str | None:
    """Why a step isn't run here."""
    return next((why for what, why in NOT_RUN.items() if re.match(what, step.text)), None)


class Home:
    """A reader's home: pictures, a library of them, and a shell's environment that lasts for a document."""

    def __init__(self, folder: Path, pictures: Path) -> None:
        self.folder = folder
        self.place = folder / "Pictures"  # where the reader is
        shutil.copytree(pictures, self.place)
        some = sorted(self.place.rglob("*.jpg"))
        for name in ("private", "cakes"):
            (self.place / name).mkdir()
        shutil.move(some[-1], self.place / "private")
        for name, picture in zip(FILES, some, strict=False):
            (self.place / name).parent.mkdir(exist_ok=True)
            shutil.copy(picture, self.place / name)
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("IMGSEARCH", "XDG"))
        } | {
            "HOME": str(folder),
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "BROWSER": "true",
            "TERM": "dumb",
        }
        (folder / ".curlrc").write_text("fail-with-body\n")  # an answer that says what is wrong isn't one
        self._running: list[subprocess.Popen[str]] = []
        self.check(Step("console", "imgsearch index ~/Pictures --model builtin --quiet", 0))
        status = self.check(Step("console", "imgsearch status --json > status.json", 0))
        library = json.loads((self.place / "status.json").read_text())["library"] if status is None else ""
        (folder / "photos.library").symlink_to(library)

    def check(self, step: Step) -> str | None:
        """Run a step; what went wrong, in words, or None."""
        if step.language == "python":
            return self._run([sys.executable, "-c", step.text])
        for pattern, seconds in UNTIL_STOPPED.items():
            if re.match(pattern, step.text):
                return self._watched(step.text, seconds, stays="serve" in pattern)
        # What a command exports, the next ones see; 0 and 3 (some files failed) are no errors.
        kept = self.folder / "environment"
        script = f"{step.text}\nstatus=$?\nenv -0 > {shlex.quote(str(kept))}\nexit $status"
        said = self._run(["bash", "-c", script], allowed=(0, 3))
        entries = kept.read_bytes().decode().split("\0")
        self.environment = dict(each.split("=", 1) for each in entries if "=" in each)
        return said

    def _run(self, command: list[str], allowed: tuple[int, ...] = (0,)) -> str | None:
        try:
            done = subprocess.run(
                command,
                cwd=self.place,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"not done after {SECONDS:.0f} s"
        return None if done.returncode in allowed else f"exit code {done.returncode}: {done.stderr.strip()}"

    def _watched(self, command: str, seconds: float, *, stays: bool) -> str | None:
        """Let a command that doesn't end run for a while; a server takes the place of the one before."""
        self.stop()
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=self.place,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        end = time.monotonic() + seconds
        while time.monotonic() < end and process.poll() is None:
            time.sleep(0.2)
        if process.poll() is not None:
            return f"ended by itself with {process.returncode}: {process.stderr.read().strip()}"
        self._running.append(process)
        return None if stays else self.stop()

    def stop(self) -> str | None:
        """Ctrl-C to all that still runs; what went wrong."""
        wrong = None
        for process in self._running:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
            if process.returncode not in (0, 130):
                wrong = f"Ctrl-C ended it with {process.returncode}: {said.strip()}"
        self._running.clear()
        return wrong


def main() -> int:
    """Run the documents; 1 when a step failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("documents", nargs="*", type=Path)
    arguments = parser.parse_args()
    every = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
    documents = arguments.documents or every
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures"
        subprocess.run(
            [sys.executable, "-m", "data.samples", pictures, "--count", "60"], cwd=REPOSITORY, check=True
        )
        for number, document in enumerate(documents):
            home = Home(Path(folder) / str(number), pictures)
            for step in steps(document.read_text(encoding="utf-8")):
                where = f"{document.name}:{step.line}"
                why_not = reason_not_to(step)
                wrong = None if why_not else home.check(step)
                failed = failed or wrong is not None
                said = f"not run: {why_not}" if why_not else "ok" if wrong is None else f"FAILED: {wrong}"
                print(f"{where:24} {step.text.strip().splitlines()[0]:70.70}  {said}", flush=True)
            if wrong := home.stop():
                failed = True
                print(f"{document.name:24} {wrong}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
