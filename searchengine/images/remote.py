"""Files behind a URL: S3, Google Cloud Storage, Azure, SFTP and whatever else fsspec reads.

A root may be ``s3://bucket/photos``; paths below it are its URL, a slash and the object's name, so that they
join, split and compare as folders' do. An object is read through a temporary copy of it: decoders want a file
that they can seek in.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from searchengine.errors import UnsupportedImageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]+://")  # two letters and more: C:/ is a drive
# Where a store says what an object's content is, by whatever means; it changes with every write.
_VERSIONS = ("ETag", "etag", "md5Hash", "content_md5", "checksum", "generation", "VersionId")
_TIMES = ("LastModified", "last_modified", "mtime", "modified", "updated", "created")
_AT_ONCE = 64 << 20
_CHUNK = 16 << 20


def is_url(path: bytes | str | os.PathLike[str]) -> bool:
    """Whether a path leads to another machine's store, and not to a file of this machine's."""
    return _SCHEME.match(os.fsencode(path)) is not None


def folder_url(url: bytes) -> bytes:
    """A URL as the library names its roots: without a slash at its end."""
    while url.endswith(b"/") and not url.endswith(b"://"):
        url = url[:-1]
    return url


def open_object(url: bytes | str | os.PathLike[str]) -> tuple[int, os.stat_result]:
    """A temporary copy of an object: its descriptor, which the caller closes, and the object's status.

    Raises:
        UnsupportedImageError: It is a folder.
        OSError: It can't be read.
    """
    import tempfile

    from searchengine.workers.worker import restart_alarm

    files, path = filesystem(url)
    with _as_os_errors():
        status = status_of(files.info(path))
        if not stat.S_ISREG(status.st_mode):
            raise UnsupportedImageError("a folder, not a picture")
        with tempfile.TemporaryFile(prefix="imgsearch-") as copy:
            if status.st_size <= _AT_ONCE:
                copy.write(files.cat_file(path))  # one request
            else:
                with files.open(path, "rb", block_size=_CHUNK) as source:
                    while chunk := source.read(_CHUNK):
                        copy.write(chunk)
                        restart_alarm()
            copy.flush()
            if copy.tell() != status.st_size:
                raise OSError(errno.EAGAIN, "it is being written to")
            copy.seek(0)
            return os.dup(copy.fileno()), status


def status_at(url: bytes | str) -> os.stat_result:
    """What a store says of an object or folder, as a file's status.

    Raises:
        OSError: It isn't there, or the store can't be asked.
    """
    files, path = filesystem(url)
    with _as_os_errors():
        return status_of(files.info(path))


def list_folder(url: bytes | str) -> dict[bytes, os.stat_result]:
    """What lies right below a URL, by name.

    Raises:
        OSError: There is nothing, or the store can't be asked.
    """
    files, path = filesystem(url)
    found = {}
    with _as_os_errors():
        for info in files.ls(path, detail=True):
            name = str(info["name"]).rstrip("/")
            if name != path:  # stores mark empty folders with an object of that name
                found[os.fsencode(name.rpartition("/")[2])] = status_of(info)
    return found


def first_bytes(url: bytes | str, count: int) -> bytes:
    """The first bytes of an object, without the rest of it.

    Raises:
        OSError: It can't be read.
    """
    files, path = filesystem(url)
    with _as_os_errors():
        return bytes(files.cat_file(path, start=0, end=count))


def is_folder(url: bytes | str) -> bool:
    """Whether there is something below a URL. False also where the store can't be asked."""
    try:
        files, path = filesystem(url)
        with _as_os_errors():
            return bool(files.isdir(path))
    except OSError:
        return False


def status_of(info: Mapping[str, Any]) -> os.stat_result:
    """What a store says of an object, as a file's status: kind, size and time.

    Stores know times to the second. Where they also give the content's version (an ETag, say), its digest
    stands in the fraction of the second, so that whatever is written within one second shows as a change.
    """
    import hashlib

    kind = stat.S_IFDIR if info.get("type") == "directory" else stat.S_IFREG
    size = int(info.get("size") or 0)
    time_ns = _time_ns(next((info[name] for name in _TIMES if info.get(name)), 0))
    version = next((str(info[name]) for name in _VERSIONS if info.get(name)), None)
    if version is not None:
        digest = int.from_bytes(hashlib.sha256(version.encode()).digest()[:8], "big")
        time_ns = time_ns // 10**9 * 10**9 + digest % 10**9
    seconds = time_ns // 10**9
    return os.stat_result(
        (kind | 0o444, 0, 0, 1, 0, 0, size, seconds, seconds, seconds), {"st_mtime_ns": time_ns}
    )


def filesystem(url: bytes | str | os.PathLike[str]) -> tuple[Any, str]:
    """The store that a URL leads to, as fsspec has it, and the path in it.

    Raises:
        UsageError: There is no such kind of store, or what reads it isn't installed.
    """
    from fsspec.core import url_to_fs

    url = os.fsdecode(url)
    try:
        files, path = url_to_fs(url, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        raise UsageError(
            f"{url} can't be read: {str(error).rstrip('.')}; S3 takes: pip install s3fs,"
            " Google's store gcsfs, Azure's adlfs"
        ) from error
    return files, path.rstrip("/")


@contextmanager
def _as_os_errors() -> Iterator[None]:
    """What stores' clients raise, and what is no OSError, is one here: the store didn't give it."""
    try:
        yield
    except (OSError, UnsupportedImageError):
        raise
    except Exception as error:  # the clients' exceptions have no common base but this
        raise OSError(errno.EIO, f"{type(error).__name__}: {error}") from error


def _time_ns(value: Any) -> int:
    """Nanoseconds since the epoch of what stores write as a time; 0 where it is none."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return 0
    if isinstance(value, datetime):
        value = (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return int(float(value) * 1_000_000) * 1000
