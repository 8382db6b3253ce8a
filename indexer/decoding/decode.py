"""A file in, pixels and facts out; in worker processes, because decoders crash, hang and eat memory."""

from __future__ import annotations

import errno
import hashlib
import os
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

from searchengine.cores import available_cores
from searchengine.errors import DamagedImageError, ImageError, ImageLimitError, UnsupportedImageError
from searchengine.images.description import UNDESCRIBED, Description
from searchengine.images.files import check_size, open_regular, read_opened
from searchengine.images.formats import HEAD_BYTES, VIDEO_FORMATS, sniff
from searchengine.images.hashes import content_hash, perceptual_hash
from searchengine.images.limits import DEFAULT_LIMITS, Limits
from searchengine.images.open import describe_image, open_image
from searchengine.images.readers import require_reader
from searchengine.workers.pool import WorkerDiedError, WorkerPool
from searchengine.workers.worker import restart_alarm

if TYPE_CHECKING:
    from io import FileIO

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.encoders.spec import Preprocessing
    from searchengine.images.files import FileBytes
    from searchengine.images.metadata import Metadata
    from searchengine.images.open import Picture
    from searchengine.images.tiles import Box

SECONDS = 30.0
_CHUNK = 1 << 24  # bytes of a file read at a time, where it isn't needed whole
MEMORY = 4 << 30
"""Bytes a worker may allocate: the largest picture of `Limits.pixels`, decoded, converted and turned."""

Passing = Literal["gone", "denied", "io", "extra"]
Kind = Passing | Literal["unsupported", "damaged", "limit", "memory", "timeout", "crash"]


@dataclass(frozen=True, slots=True)
class Task:
    """One file to read.

    Attributes:
        path: Absolute, as `os.fsencode` gives it.
        hash_only: Only find out which bytes it holds,
        describe: and what they say in words.
    """

    path: bytes
    hash_only: bool = False
    describe: bool = False


@dataclass(frozen=True, slots=True)
class Hashed:
    """Which bytes a file holds.

    Attributes:
        hash: SHA-256, 32 bytes.
        size: Bytes, of exactly what was hashed.
        mtime_ns: Modification time in nanoseconds, from before it was read.
        description: What they say in words, where that was asked for.
    """

    hash: bytes
    size: int
    mtime_ns: int
    description: Description | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A picture or a video ready for the encoder, and what is known of it.

    Attributes:
        hash: SHA-256 of the file, 32 bytes.
        size: Bytes, of exactly what was decoded.
        mtime_ns: Modification time in nanoseconds, from before it was read.
        width: Pixels of the full picture, upright.
        height: The same, downwards.
        format: ``JPEG``, ``PNG``, …
        metadata: What EXIF or the container says.
        perceptual_hash: 8 bytes, see `perceptual_hash`; of a video its first key frame's.
        flags: See `Picture` and `Video`.
        pixels: The model's input, uint8 (n, height, width, 3): one picture, or n key frames, or n regions.
        description: What it says in words.
        seconds: When the n key frames are; empty for a picture.
        duration: Seconds that a video lasts, where it says so.
        boxes: Where the n regions are, where the pool was asked for those.
    """

    hash: bytes
    size: int
    mtime_ns: int
    width: int
    height: int
    format: str
    metadata: Metadata
    perceptual_hash: bytes
    flags: tuple[str, ...]
    pixels: NDArray[np.uint8]
    description: Description = UNDESCRIBED
    seconds: tuple[float, ...] = ()
    duration: float | None = None
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a file gave no picture; a value, because one bad file among thousands is no exception.

    Attributes:
        path: As in the task.
        reason: For the user: what is wrong and what to do.
        kind: For the program.
    """

    path: bytes
    reason: str
    kind: Kind

    @property
    def is_passing(self) -> bool:
        """Whether it says nothing about the content, so that the same file may be read another time.

        A format whose reader isn't installed is such a case: once it is, `index` finds out by itself.
        """
        return self.kind in get_args(Passing)


Outcome = Decoded | Hashed | Unreadable


def decode(
    task: Task,
    *,
    preprocessing: Preprocessing,
    limits: Limits = DEFAULT_LIMITS,
    in_regions: bool = False,
) -> Outcome:
    """Read one file; in the calling process, so not for files that aren't trusted. Never raises."""
    try:
        if task.hash_only:
            return _describe(task.path, limits) if task.describe else _hash(task.path)
        if in_regions:
            return _decode_regions(task.path, preprocessing, limits)
        return _decode(task.path, preprocessing, limits)
    except Exception as error:  # noqa: BLE001 -- whatever one file brings about, the run goes on
        return _unreadable(task.path, error)


def _hash(path: bytes) -> Hashed:
    descriptor, status = open_regular(path)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        digest = _read_through(file)
        return Hashed(digest, file.tell(), status.st_mtime_ns)


def _read_through(file: FileIO) -> bytes:
    """SHA-256 of a file of any size. As long as it is coming, its worker isn't stuck."""
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        restart_alarm()
    return digest.digest()


def _describe(path: bytes, limits: Limits) -> Hashed:
    descriptor, status = open_regular(path)
    with os.fdopen(descriptor, "rb", buffering=0) as opened:
        if status.st_size > limits.file_bytes:  # a video, whose container says nothing that is read
            return Hashed(_read_through(opened), opened.tell(), status.st_mtime_ns)
        file = read_opened(opened, status, limits)
    return Hashed(content_hash(file.data), file.size, file.mtime_ns, describe_image(file.data))


def _decode(path: bytes, preprocessing: Preprocessing, limits: Limits) -> Decoded:
    require_reader(path)
    descriptor, status = open_regular(path)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        name = sniff(file.read(HEAD_BYTES))
        file.seek(0)
        if name in VIDEO_FORMATS:
            return _decode_video(file, name, status, preprocessing, limits)
        return _decode_picture(read_opened(file, status, limits), preprocessing, limits)


def _decode_picture(file: FileBytes, preprocessing: Preprocessing, limits: Limits) -> Decoded:
    from searchengine.encoders.preprocess import preprocess

    picture = open_image(file.data, draft_to=2 * max(preprocessing.size), limits=limits)
    return _decoded(file, picture, preprocess(picture.image, preprocessing)[None])


def _decode_regions(path: bytes, preprocessing: Preprocessing, limits: Limits) -> Decoded:
    """A picture that is embedded already, once more: just its regions."""
    import numpy as np

    from searchengine.encoders.preprocess import preprocess
    from searchengine.images.tiles import SIDES, crop, tiles

    descriptor, status = open_regular(path)
    with os.fdopen(descriptor, "rb", buffering=0) as opened:
        file = read_opened(opened, status, limits)
    picture = open_image(file.data, draft_to=round(max(preprocessing.size) / min(SIDES)), limits=limits)
    boxes = tiles(picture.width, picture.height)
    if not boxes:
        raise UnsupportedImageError("it is too small to be looked at in parts")
    pixels = np.stack([preprocess(crop(picture.image, box), preprocessing) for box in boxes])
    return replace(_decoded(file, picture, pixels), boxes=boxes)


def _decoded(file: FileBytes, picture: Picture, pixels: NDArray[np.uint8]) -> Decoded:
    return Decoded(
        hash=content_hash(file.data),
        size=file.size,
        mtime_ns=file.mtime_ns,
        width=picture.width,
        height=picture.height,
        format=picture.format,
        metadata=picture.metadata,
        perceptual_hash=perceptual_hash(picture.image),
        flags=picture.flags,
        pixels=pixels,
        description=picture.description,
    )


def _decode_video(
    file: FileIO, name: str, status: os.stat_result, preprocessing: Preprocessing, limits: Limits
) -> Decoded:
    """It is read through once for its hash, but never held whole: videos are larger than memories."""
    import numpy as np

    from searchengine.encoders.preprocess import preprocess
    from searchengine.images.video import read_video

    check_size(status.st_size, limits.video_bytes)
    before = os.fstat(file.fileno())  # of a copy, where the video lies behind a URL
    digest = _read_through(file)
    size = file.tell()
    file.seek(0)
    video = read_video(file, name, draft_to=2 * max(preprocessing.size), limits=limits)
    after = os.fstat(file.fileno())
    if (after.st_size, after.st_mtime_ns) != (size, before.st_mtime_ns):
        raise OSError(errno.EAGAIN, "it is being written to")
    return Decoded(
        hash=digest,
        size=size,
        mtime_ns=status.st_mtime_ns,
        width=video.width,
        height=video.height,
        format=name,
        metadata=video.metadata,
        perceptual_hash=perceptual_hash(video.frames[0].image),
        flags=video.flags,
        pixels=np.stack([preprocess(frame.image, preprocessing) for frame in video.frames]),
        seconds=tuple(frame.seconds for frame in video.frames),
        duration=video.duration,
    )


def _unreadable(path: bytes, error: Exception) -> Unreadable:
    if isinstance(error, MemoryError) or isinstance(error.__cause__, MemoryError):
        return Unreadable(path, "needs more memory than one picture may take; save a smaller copy", "memory")
    if isinstance(error, UnsupportedImageError) and isinstance(error.__cause__, ImportError):
        return Unreadable(path, str(error), "extra")
    if isinstance(error, ImageError):
        limited = isinstance(error, ImageLimitError)
        kind: Kind = (
            "limit" if limited else "damaged" if isinstance(error, DamagedImageError) else "unsupported"
        )
        return Unreadable(path, str(error), kind)
    if isinstance(error, OSError):
        return _unreadable_file(path, error)
    return Unreadable(path, f"can't be decoded ({type(error).__name__}: {error}); save it anew", "damaged")


def _unreadable_file(path: bytes, error: OSError) -> Unreadable:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Unreadable(path, "it isn't there any more", "gone")
    if isinstance(error, PermissionError):
        return Unreadable(path, "no permission to read it; change its permissions and index again", "denied")
    if error.errno == errno.ENOMEM:
        return Unreadable(path, "not enough memory to read it; close other programs", "memory")
    words = (error.strerror or str(error) or type(error).__name__).lower()
    return Unreadable(path, f"the disk didn't give it ({words}); check the disk and index again", "io")


class DecodePool(WorkerPool[Task, Outcome]):
    """Reads files in worker processes; a context manager, which ends them when it is left.

    A file that crashes its worker, twice, or holds it longer than it may, becomes an `Unreadable` like any
    other bad file, and the worker is replaced. No process is started before there is a task.
    """

    def __init__(
        self,
        preprocessing: Preprocessing,
        *,
        workers: int | None = None,
        seconds: float = SECONDS,
        memory: int | None = MEMORY,
        in_regions: bool = False,
    ) -> None:
        """Nothing is started yet.

        Args:
            preprocessing: What the model wants.
            workers: Most processes at a time; by default one for each core this process may use.
            seconds: Most that one file may take.
            memory: Most bytes that a worker may allocate, where the system can be told; None for no limit.
            in_regions: Give pictures' regions (`images.tiles`) instead of whole pictures.
        """
        super().__init__(
            partial(decode, preprocessing=preprocessing, in_regions=in_regions),
            workers=available_cores() if workers is None else workers,
            seconds=seconds,
            memory=memory,
            on_death=partial(_explain, seconds=seconds),
        )


def _explain(task: Task, death: WorkerDiedError, *, seconds: float) -> Unreadable:
    if death.timed_out:
        return Unreadable(
            task.path, f"took longer than {seconds:g} s to decode; save a smaller copy of it", "timeout"
        )
    return Unreadable(
        task.path, f"the decoder crashed ({death}); open it elsewhere and save it anew", "crash"
    )
