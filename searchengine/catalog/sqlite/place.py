"""What kind of disk a catalog lies on, which decides how SQLite may open it.

A write-ahead log needs memory that all who have the file open share. There is none across a network, and
none on a disk that can't be written to.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MOUNTS = "/proc/self/mountinfo"

# Names as the kernel gives them. Virtual machines' shared folders (9p, vboxsf, …) are like a network.
NETWORK = frozenset(
    """
    9p acfs afpfs afs beegfs ceph cifs coda davfs drvfs fuse.ceph fuse.glusterfs fuse.gvfsd-fuse fuse.juicefs
    fuse.rclone fuse.s3fs fuse.sshfs fuse.vmhgfs-fuse glusterfs gpfs lustre ncpfs nfs nfs4 prl_fs smb3 smbfs
    vboxsf vmhgfs webdav
    """.split()  # noqa: SIM905 - a list of quoted names would be a screen long
)


class Disk(Enum):
    """How SQLite may use it."""

    LOCAL = auto()
    """Written to as usual, with a write-ahead log."""
    NETWORK = auto()
    """Shared by machines: a rollback journal, and locks instead of shared memory."""
    FROZEN = auto()
    """Nobody can write to it, here or elsewhere."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of `MOUNTS`.

    Attributes:
        point: Where it is mounted.
        kind: File system.
        frozen: Whether the file system itself is read-only, not just this view of it.
    """

    point: bytes
    kind: str
    frozen: bool


def disk_of(folder: Path) -> Disk:
    """The kind of disk that a folder lies on."""
    try:
        with open(MOUNTS, "rb") as file:
            mount = mount_of(os.path.realpath(os.fsencode(folder)), parse(file))
    except OSError:
        return _without_mounts(folder)
    return classify(mount)


def is_read_only(folder: Path) -> bool:
    """Whether nothing can be written here; others may write to the same disk from elsewhere."""
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except (OSError, AttributeError):  # the latter on Windows
        return False


def parse(lines: Iterable[bytes]) -> list[Mount]:
    """Understand mountinfo: proc(5) says what stands where."""
    mounts = []
    for line in lines:
        before, separator, after = line.rstrip(b"\n").partition(b" - ")
        fields, last = before.split(b" "), after.split(b" ")
        if not separator or len(fields) < 6 or len(last) < 3:
            continue
        point = re.sub(rb"\\(\d{3})", lambda match: bytes([int(match[1], 8)]), fields[4])
        # A read-only view (a container's volume, say) of what others write to has `ro` in its own options;
        # a file system that nobody can write to has it in its superblock's.
        mounts.append(Mount(point, os.fsdecode(last[0]), b"ro" in last[2].split(b",")))
    return mounts


def mount_of(path: bytes, mounts: Iterable[Mount]) -> Mount | None:
    """The mount that an absolute path without symlinks lies in: the innermost, the last of several."""
    best = None
    for mount in mounts:
        inside = path == mount.point or path.startswith(mount.point.rstrip(b"/") + b"/")
        if inside and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def classify(mount: Mount | None) -> Disk:
    """Decide from what is known of a mount."""
    if mount is None:
        return Disk.LOCAL
    if mount.kind in NETWORK:
        return Disk.NETWORK  # also a read-only one: its server can write
    return Disk.FROZEN if mount.frozen else Disk.LOCAL


def _without_mounts(folder: Path) -> Disk:
    """Where there is no list of mounts (macOS, Windows): only what the system says of this one."""
    if str(folder.absolute()).startswith("\\\\"):
        return Disk.NETWORK
    return Disk.FROZEN if is_read_only(folder) else Disk.LOCAL
