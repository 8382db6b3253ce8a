"""Follow folders: index them, and then, each time something changes in them, what has changed.

A watch that begins, or begins again, looks at everything once, after the system has been asked for news and
before the first is dealt with: so nothing falls in between. It begins again when a folder goes or comes back,
and when the news can't be trusted; and it looks at everything once an hour besides, because a system that
has too much to tell drops some of it without a word.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from indexer.disk.excludes import compile_globs
from indexer.planning.ground import knows
from indexer.watching.changes import Changed, folders_to_look_at, nearest_folder
from indexer.watching.mounts import network_share
from searchengine.catalog import roots
from searchengine.catalog.catalog import Catalog
from searchengine.errors import ImgsearchError, LibraryBusyError, UsageError
from searchengine.images.remote import is_url
from searchengine.layout import Layout

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    from watchfiles.main import FileChange

    from indexer.summary import Summary
    from searchengine.encoders.encoder import Encoder

QUIET_MS = 500
"""A burst is over when nothing has changed for so long: a copied file is whole by then, as a rule."""
BURST_MS = 10_000
"""A burst that doesn't end is dealt with in parts of this length."""
TICK_MS = 500
"""How often folders are looked at for having gone or come back."""
POLL_MS = 10_000
"""How often a network share is listed. WATCHFILES_POLL_DELAY_MS says otherwise."""
LOOK_AGAIN = 3600.0
"""Seconds between two looks at everything."""

Index = Callable[[list[bytes], "Encoder | None"], tuple["Summary", "Encoder | None"]]

_UNFORCED = ("false", "disable", "disabled")


class Watch:
    """Keeps a library up to date with folders, until it is interrupted.

    Args:
        library: The library's folder; made when it isn't there.
        index: Indexes folders, with the model it is given where that is not None; gives back what it did
            and the model, which then stays loaded for the next time.
        exclude: The globs that `index` leaves out.
        on_summary: Told after each run what it did.
        tell: Told in words what a user should know.
        stop: Ends the watch when it is set; Ctrl-C does, too.
    """

    def __init__(
        self,
        library: Path,
        index: Index,
        *,
        exclude: Sequence[str] = (),
        on_summary: Callable[[Summary], None],
        tell: Callable[[str], None],
        stop: threading.Event | None = None,
    ) -> None:
        self._layout = Layout(library)
        self._library = os.path.realpath(os.fsencode(library))
        self._index = index
        self._excluded = compile_globs(exclude)
        self._on_summary = on_summary
        self._tell = tell
        self._stop = stop
        self._encoder: Encoder | None = None
        self._due: set[bytes] = set()
        self._poll = False

    def run(self, paths: Iterable[str | os.PathLike[str]]) -> None:
        """Follow these folders.

        Raises:
            UsageError: A path that is a file, or neither is there nor belongs to the library.
            KeyboardInterrupt: Ctrl-C. What was done is kept.
            ImgsearchError: What a run raises, except that another one holds the library: that is waited for.
        """
        folders = self._folders(paths)
        for folder in folders:
            if (share := network_share(folder)) and not _is_told_not_to_poll():
                self._poll = True
                self._tell(
                    f"{os.fsdecode(folder)} is on a network share ({share}), which doesn't tell of changes: "
                    f"it is looked through every {_poll_ms() / 1000:g} s"
                )
        while self._stop is None or not self._stop.is_set():
            self._due = set(folders)
            there = _identities(folders)
            reachable = [folder for folder, identity in there.items() if identity is not None]
            if not reachable:
                self._catch_up(folders)
                time.sleep(TICK_MS / 1000)
            else:
                self._follow(reachable, there)

    def _folders(self, paths: Iterable[str | os.PathLike[str]]) -> list[bytes]:
        """The folders to follow: absolute, symlinks resolved, none within another."""
        found: list[bytes] = []
        known = self._known()
        for path in paths:
            if is_url(path):
                raise UsageError(
                    f"{os.fspath(path)} can't be watched: stores don't tell of changes; run imgsearch index"
                    " on it now and then"
                )
            if os.path.isfile(path):
                raise UsageError(f"{os.fspath(path)} is a file; watch the folder that it is in")
            real = os.path.realpath(os.fsencode(path))
            if not os.path.isdir(real) and real not in known:
                raise UsageError(f"there is no folder {os.fspath(path)}; check the path")
            found.append(real)
        return sorted(set(found), key=len)

    def _known(self) -> set[bytes]:
        if not Catalog.exists(self._layout.catalog):
            return set()
        with Catalog.open(self._layout.catalog) as catalog, catalog.read() as session:
            return {root.path for root in roots.all_roots(session)}

    def _follow(self, folders: list[bytes], there: dict[bytes, tuple[int, int] | None]) -> None:
        """Deal with changes until the watch has to begin again."""
        began = time.monotonic()
        has_begun = False
        with closing(self._news(folders)) as news:
            while True:
                try:
                    told = next(news, None)
                except (OSError, RuntimeError) as error:
                    self._recover(error, has_begun=has_begun)
                    return
                if told is None:
                    return
                # The first look is one at everything, and comes after the system has begun to listen.
                if has_begun:
                    self._due |= self._touched(told, folders)
                has_begun = True
                self._catch_up(there)
                if _identities(there) != there or time.monotonic() - began > LOOK_AGAIN:
                    return

    def _news(self, folders: list[bytes]) -> Generator[set[FileChange], None, None]:
        from watchfiles import watch

        return watch(
            *map(os.fsdecode, folders),
            watch_filter=None,
            debounce=BURST_MS,
            step=QUIET_MS,
            rust_timeout=TICK_MS,
            yield_on_timeout=True,
            stop_event=self._stop,
            force_polling=True if self._poll else None,
            poll_delay_ms=POLL_MS,
            ignore_permission_denied=True,
        )

    def _recover(self, error: Exception, *, has_begun: bool) -> None:
        """Go on after an error of the watcher: a name that it can't tell of, or too many folders for it."""
        if has_begun:
            return  # what it couldn't tell is found by looking at everything
        if self._poll:
            raise ImgsearchError(
                f"the folders can't be watched ({error}); run imgsearch index from time to time instead"
            ) from error
        self._poll = True
        self._tell(
            f"the system can't watch so many folders ({error}): they are looked through every "
            f"{_poll_ms() / 1000:g} s instead. On Linux, raise fs.inotify.max_user_watches"
        )

    def _touched(self, told: set[FileChange], folders: list[bytes]) -> set[bytes]:
        from watchfiles import Change

        if not told:
            return set()
        changes = [Changed(os.fsencode(path), kind is Change.modified) for kind, path in told]
        with Catalog.open(self._layout.catalog) as catalog, catalog.read() as session:
            root_ids = {root.path: root.id for root in roots.all_roots(session)}
            return folders_to_look_at(
                changes,
                folders,
                library=self._library,
                excluded=self._excluded,
                knows=knows(session, root_ids),
            )

    def _catch_up(self, watched: Iterable[bytes]) -> None:
        """Index what is due. While somebody else changes the library it stays due."""
        if not self._due:
            return
        # A folder that has gone since is accounted for by the one above it.
        self._due = {nearest_folder(folder, watched) for folder in self._due}
        try:
            summary, self._encoder = self._index(sorted(self._due), self._encoder)
        except LibraryBusyError as error:
            self._tell(f"{error}. Trying again")
            return
        except UsageError:
            if self._due == {nearest_folder(folder, watched) for folder in self._due}:
                raise
            return  # it went this very moment
        self._due = set()
        self._on_summary(summary)
        if summary.outcome == "interrupted":
            raise KeyboardInterrupt


def _identities(folders: Iterable[bytes]) -> dict[bytes, tuple[int, int] | None]:
    """Which folder is at each path now; None for none. Another disk at the same place is another folder."""
    found: dict[bytes, tuple[int, int] | None] = {}
    for folder in folders:
        try:
            status = os.stat(folder)
            found[folder] = status.st_dev, status.st_ino
        except OSError:
            found[folder] = None
    return found


def _is_told_not_to_poll() -> bool:
    return os.environ.get("WATCHFILES_FORCE_POLLING", "").lower() in _UNFORCED


def _poll_ms() -> int:
    said = os.environ.get("WATCHFILES_POLL_DELAY_MS", "")
    return int(said) if said.isdecimal() else POLL_MS
