"""A limit on what a benchmark may have in memory, mapped files included: a control group."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where the groups are, and the file that limits one: version 1, then 2.
_VERSIONS = (
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
    (Path("/sys/fs/cgroup"), "memory.max"),
)
_MEMBERS = "cgroup.procs"


@contextmanager
def limited(gigabytes: float) -> Iterator[None]:
    """This process, within so many times 10^9 bytes, page cache included, for as long as the block lasts.

    What was in the page cache before counts for whoever read it: `forget` it first.

    Raises:
        SystemExit: This machine lets us make no such group: it takes Linux, and root.
    """
    root, limit = next((each for each in _VERSIONS if each[0].is_dir()), _VERSIONS[-1])
    group = root / f"imgsearch-{os.getpid()}"
    try:
        group.mkdir()
        try:
            (group / limit).write_text(str(int(gigabytes * 1e9)))
            (group / _MEMBERS).write_text(str(os.getpid()))
        except OSError:
            group.rmdir()
            raise
    except OSError as error:
        raise SystemExit(f"a limit of memory takes Linux, its control groups, and root ({error})") from error
    try:
        yield
    finally:
        (root / _MEMBERS).write_text(str(os.getpid()))
        group.rmdir()


def forget(folder: Path) -> None:
    """Drop a folder's files from the page cache."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
