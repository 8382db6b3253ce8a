"""The console script `imgsearch`, and `python -m searchengine`."""

from __future__ import annotations

from searchengine.interrupt import go_at_once


def main() -> None:
    """Run the command line, whose import alone takes as long as people take to change their minds."""
    go_at_once()
    from searchengine.cli import main as run

    run()


if __name__ == "__main__":
    main()
