"""A download's progress, in words, to whoever asked for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_EVERY_SECONDS = 0.5


def progress_bar(what: str, on_progress: Callable[[str], None] | None) -> type[Any]:
    """A tqdm class for the hub's client that draws nothing and tells `on_progress`.

    Args:
        what: What is downloaded, for the message.
        on_progress: Called at most twice a second, and at the end.
    """
    import io

    from tqdm import tqdm  # type: ignore[import-untyped]

    class Bar(tqdm):  # type: ignore[misc]
        """Counts bytes."""

        monitor_interval = 0  # tqdm would start a thread to redraw what isn't drawn

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            super().__init__(*args, **{**kwargs, "file": io.StringIO(), "disable": False})
            self._told = 0.0

        def display(self, *_args: Any, **_kwargs: Any) -> None:
            """Draw nothing."""

        def update(self, n: float | None = 1) -> bool | None:
            """Count n more bytes."""
            drawn: bool | None = super().update(n)
            now = time.monotonic()
            done = self.total is not None and self.n >= self.total
            if on_progress and (done or now - self._told >= _EVERY_SECONDS):
                self._told = now
                on_progress(_words(what, self.n, self.total, self.format_dict.get("rate")))
            return drawn

    return Bar


def _words(what: str, done: float, total: float | None, rate: float | None) -> str:
    if not total:
        return f"Downloading {what}: {done / 1e6:.0f} MB"
    left = f", {(total - done) / rate:.0f} s left" if rate and done < total else ""
    return f"Downloading {what}: {done / 1e6:.0f} of {total / 1e6:.0f} MB{left}"
