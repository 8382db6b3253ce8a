"""Which folders lie on network shares: the system doesn't tell of what other machines change there."""

from __future__ import annotations

import os
import re

from indexer.disk.roots import contains

MOUNTS = "/proc/self/mounts"

# Also what hands a virtual machine or a container the files of its host.
SHARES = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "davfs", "9p", "virtiofs", "vboxsf"}
    | {"fuse.sshfs", "fuse.rclone", "fuse.davfs2", "fuse.glusterfs", "fuse.s3fs", "fuse.gvfsd-fuse"}
    | {"fuse.vmhgfs-fuse", "fuse.cifs", "fuse.smbnetfs", "fuse.curlftpfs", "fuse.mergerfs", "fuse.juicefs"}
)


def share_type(folder: bytes, mounts: bytes) -> str | None:
    """The type of the network file system that a folder lies on; None for a local one.

    Args:
        folder: Absolute, symlinks resolved.
        mounts: As in `MOUNTS`: device, place, type, … a line; blanks in a place are octal escapes.
    """
    found: tuple[bytes, bytes] = b"", b""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        place = re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), fields[1])
        # The innermost counts, and of several at one place the last: it lies on top.
        if contains(place, folder) and len(place) >= len(found[0]):
            found = place, fields[2]
    name = os.fsdecode(found[1])
    return name if name in SHARES else None


def network_share(folder: bytes) -> str | None:
    """See `share_type`; for this system as it is now."""
    if folder.startswith((b"\\\\", b"//")):
        return "UNC"  # Windows
    try:
        with open(MOUNTS, "rb") as file:
            return share_type(folder, file.read())
    except OSError:  # not Linux
        return None
