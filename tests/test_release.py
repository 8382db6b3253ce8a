"""What has to agree before anything is released agrees now, and what doesn't is named."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
READ = (
    "CHANGELOG.md",
    "README.md",
    "docs/design.md",
    "pyproject.toml",
    "scripts/install",
    "scripts/release",
    "searchengine/__init__.py",
)


def check(folder):
    command = [sys.executable, folder / "scripts" / "release", "--check"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path):
    """The files that are held against each other, to be changed."""
    for name in READ:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)

    def change(name, old, new):
        text = (tmp_path / name).read_text()
        assert old in text
        (tmp_path / name).write_text(text.replace(old, new, 1))
        return check(tmp_path)

    return change


def test_this_checkout_agrees_with_itself():
    done = check(REPOSITORY)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("CHANGELOG.md", "## [Unreleased]", "## [9.9.9] - 2026-01-01", "begins with 9.9.9"),
        ("CHANGELOG.md", "## [Unreleased]", "## [Unreleased]\n\n## [9.9.9] - 2026-01-01", "is released"),
        ("CHANGELOG.md", "## [Unreleased]", "## [9.9.9]", "no date stands behind 9.9.9"),
        ("CHANGELOG.md", "## [Unreleased]", "## [Unreleased]\n\n## [Unreleased]", "stands at the top"),
        ("searchengine/__init__.py", '__version__ = "', '__version__ = "1', "docs/design.md"),
        ("searchengine/__init__.py", '__version__ = "', '__version__ = "v', "of the form 1.2.3"),
        ("pyproject.toml", 'requires-python = ">=3.11"', 'requires-python = ">=3.10"', "requires-python"),
        ("pyproject.toml", '"Programming Language :: Python :: 3.12",', "", "leave out a Python"),
        ("README.md", "Python 3.11 or newer", "Python 3.12 or newer", "README.md"),
        ("scripts/install", "python3.13 ", "", "scripts/install"),
    ],
)
def test_what_disagrees_is_named(copy, name, old, new, words):
    done = copy(name, old, new)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
