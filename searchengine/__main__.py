"""The console script `imgsearch`, and `python -m searchengine`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is still being imported ends it as later on: 130, in one line."""
    try:
        from searchengine.cli import main as run

        run()
    except KeyboardInterrupt:
        if sys.stderr is not None:
            os.write(2, b"\nInterrupted.\n")
        os._exit(130)


if __name__ == "__main__":
    main()
