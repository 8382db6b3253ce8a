"""The operating system's lock on a file. It ends with the process that holds it, also by `kill -9`."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

WRITER = "writer.lock"
"""The file, in a library's folder, that whoever changes the library holds."""

# Windows keeps others from reading what is locked, so a byte far behind the holder's name is.
_FAR = 1 << 30


def is_locked(path: Path) -> bool:
    """Whether somebody holds a file's lock; False where it isn't there, or its disk has no locks."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not try_lock(descriptor, shared=True)
    except OSError:
        return False
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def try_lock(descriptor: int, *, shared: bool = False) -> bool:  # noqa: ARG001  there are none here
        """Take a file's lock, if nobody holds it; it is given back when the file is closed."""
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def try_lock(descriptor: int, *, shared: bool = False) -> bool:
        """Take a file's lock, if nobody holds it; it is given back when the file is closed.

        Args:
            descriptor: The open file.
            shared: Several may hold it in this way at once.
        """
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return False
            # A few network file systems have no locks. The catalog's own transactions keep it whole there.
            if error.errno in (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP):
                return True
            raise
        return True
