"""The sizes in docs/scale.md are those that the script computes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent


def test_the_documents_table_is_the_scripts():
    printed = subprocess.run(
        [sys.executable, REPOSITORY / "scripts" / "sizing.py"], capture_output=True, text=True, check=True
    ).stdout
    assert len(printed.splitlines()) > 15
    assert printed.strip() in (REPOSITORY / "docs" / "scale.md").read_text()
