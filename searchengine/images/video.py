"""Videos through PyAV, which brings FFmpeg: a few frames, found by seeking."""

from __future__ import annotations

import errno
import math
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from PIL import Image

from searchengine.errors import DamagedImageError, ImageError, UnsupportedImageError
from searchengine.images.container import read_container_metadata
from searchengine.images.failures import damaged, explain, missing_extra
from searchengine.images.formats import EXTRAS, VIDEO_DEMUXERS
from searchengine.images.hashes import perceptual_hash
from searchengine.images.keyframes import LONGEST, Sight, choose, look_times
from searchengine.images.limits import check_pixels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from searchengine.images.limits import Limits
    from searchengine.images.metadata import Metadata

# Where key frames are farther apart than so many seconds, what lies between them is decoded on the way.
_FAR = 4.0
# Frames decoded on such ways, all together: half a minute's. A second of 1080p decoded whole takes longer
# than a look at a key frame (scripts/bench_video.py).
_MOST_STEPS = 900
# A seek in what television sends finds a place, not a key frame: it starts so many seconds earlier.
_RUN_UP = {"MTS": 2.0, "MPEG": 2.0}
# Packets read from a place sought until a key frame comes: half a minute of picture and sound.
_MOST_PACKETS = 3000
# Until the moment it is shown, a black first frame is looked past by so many frames: five seconds.
_MOST_BLACK = 150


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of a video.

    Attributes:
        seconds: When it is shown, from the video's beginning.
        image: RGB, upright, of square pixels; smaller than the video's where `draft_to` allowed it.
    """

    seconds: float
    image: Image.Image


@dataclass(frozen=True, slots=True)
class Video:
    """A video that was looked through.

    Attributes:
        frames: Those that stand for it, in their order; at least one.
        width: Pixels of a full frame, upright.
        height: The same, downwards.
        duration: Seconds; None where the file doesn't say.
        metadata: What the container says of when, with what and where.
        flags: ``truncated`` (nothing can be read from some place on), ``damaged`` (nor at other places),
            ``partial`` (looking through it took so long that its end wasn't looked at).
    """

    frames: tuple[Frame, ...]
    width: int
    height: int
    duration: float | None
    metadata: Metadata
    flags: tuple[str, ...] = ()


def read_video(file: BinaryIO, name: str, *, draft_to: int | None, limits: Limits) -> Video:
    """Look through a video, and keep the frames that stand for it; see `keyframes`.

    Args:
        file: The video, open for reading.
        name: Its format, as `sniff` names it.
        draft_to: Let a frame's short side shrink, but not below this many pixels.
        limits: What one video may ask for.

    Raises:
        UnsupportedImageError: PyAV isn't installed; there is no picture in it, or one of a kind that FFmpeg
            doesn't know.
        ImageLimitError: Its frames have more pixels, or took more memory, than `limits` allow.
        DamagedImageError: No frame of it can be shown.
        OSError: The file can't be read.
    """
    with _opened(file, name, limits) as film:
        times = look_times(film.duration)
        seen, flags = _look_through(film, times, draft_to)
        kept = choose([sight_of(frame.image) for frame in seen])
        return film.told(tuple(seen[each] for each in kept), flags)


def read_frame(file: BinaryIO, name: str, *, at: float | None, draft_to: int | None, limits: Limits) -> Video:
    """One frame of a video: that at a time in seconds, or the first that isn't black.

    Args:
        file: The video, open for reading.
        name: Its format, as `sniff` names it.
        at: `Frame.seconds` of one that was chosen before; None for the first.
        draft_to: Let the frame's short side shrink, but not below this many pixels.
        limits: What one video may ask for.

    Raises:
        UnsupportedImageError, ImageLimitError, DamagedImageError, OSError: As `read_video`.
    """
    with _opened(file, name, limits) as film:
        frame = film.look(0.0, draft_to) if at is None else film.look_exactly(at, draft_to)
        if frame is None:
            raise DamagedImageError("there is no such frame in it now; restore it from a copy")
        return film.told((frame,), ())


def _look_through(
    film: _Film, times: Sequence[float], draft_to: int | None
) -> tuple[list[Frame], tuple[str, ...]]:
    """The frames at some times, and what is wrong with the video."""
    seen: list[Frame] = []
    trouble: Exception | None = None
    flags: tuple[str, ...] = ()
    for seconds in times:
        if seen and film.is_late:
            return seen, ("partial",)
        try:
            frame = film.look(seconds, draft_to)
        except (film.error, DamagedImageError) as error:
            trouble = error
            continue
        if frame is not None:
            seen.append(frame)
            if trouble is not None:
                flags = ("damaged",)
    if not seen:
        raise trouble or DamagedImageError("no frame of it can be shown; restore it from a copy")
    return seen, flags or (("truncated",) if trouble is not None else ())


def sight_of(image: Image.Image) -> Sight:
    """What an RGB frame looks like, in short."""
    grey = np.asarray(image.convert("L").resize((64, 64), Image.Resampling.BOX))
    cells = image.resize((4, 4), Image.Resampling.BOX).tobytes()
    return Sight(perceptual_hash(image), cells, float(np.percentile(grey, 99)))


class _Film:
    """An opened video stream.

    Attributes:
        duration: Seconds, or None.
        error: What PyAV raises.
    """

    def __init__(
        self, container: Any, stream: Any, error: type[Exception], limits: Limits, run_up: float
    ) -> None:
        self.duration = _duration(container, stream)
        self._tags: Mapping[str, str] = {**container.metadata, **stream.metadata}
        self.error = error
        self._shown_size = (0, 0)
        self._container = container
        self._stream = stream
        self._limits = limits
        self._run_up = run_up
        self._until = time.monotonic() + limits.video_seconds
        self._start = float((stream.start_time or 0) * stream.time_base)
        self._last = -math.inf
        self._steps = _MOST_STEPS
        self._walk: Iterator[Any] | None = None

    @property
    def is_late(self) -> bool:
        """Whether it has been looked at for as long as it may."""
        return time.monotonic() > self._until

    def look(self, seconds: float, draft_to: int | None) -> Frame | None:
        """The key frame before a time, or a later frame where that one is far, black or was seen already.

        Returns:
            None where there is nothing that the look before this one hasn't seen.
        """
        if self._walk is not None and self._steps > 0:
            return self._walk_to(seconds, draft_to)
        key = self._key_frame(seconds)
        if key is None:
            return None
        if self._time_of(key) <= self._last:
            if seconds - self._last < _FAR or not self._steps:
                return None
            self._set_out(seconds)
            return self._walk_to(seconds, draft_to)
        frame = self._frame(key, draft_to)
        if self._last == -math.inf and sight_of(frame.image).is_black:
            self._set_out(seconds)
            frame = self._first_light(frame, draft_to)
            self._walk = None
        self._last = frame.seconds
        return frame

    def look_exactly(self, seconds: float, draft_to: int | None) -> Frame | None:
        """The frame at a time that a look before gave."""
        self._set_out(seconds)
        return self._walk_to(seconds - 0.001, draft_to)  # times are given in milliseconds

    def told(self, frames: tuple[Frame, ...], flags: tuple[str, ...]) -> Video:
        """These frames with what the container says."""
        width, height = self._shown_size
        metadata = read_container_metadata(self._tags)
        return Video(frames, width, height, self.duration, metadata, flags)

    def _key_frame(self, seconds: float) -> Any:
        """Seek, and decode one key frame alone."""
        self._seek(seconds)
        for number, packet in enumerate(self._container.demux(self._stream)):
            if packet.is_keyframe and packet.size:
                # Without the packets after it the decoder gives the frame away only when told that is all.
                frames = packet.decode() or self._stream.codec_context.decode(None)
                for frame in frames:
                    return frame
            if number > _MOST_PACKETS or (packet.dts is None and not packet.size):  # the end says nothing
                break
        if not self._run_up:
            raise DamagedImageError("nothing can be read where a frame should be; restore it from a copy")
        return None  # the last key frame lies before the run-up

    def _set_out(self, seconds: float) -> None:
        """Begin to decode every frame from the key frame before a time."""
        self._seek(seconds)
        self._walk = iter(self._container.decode(self._stream))

    def _walk_to(self, seconds: float, draft_to: int | None) -> Frame | None:
        for frame in self._walk or ():
            self._steps -= 1
            at = self._time_of(frame)
            over = not self._steps or self.is_late
            if (at >= seconds or over) and at > self._last:
                self._last = at
                return self._frame(frame, draft_to)
            if over:
                break
        return None

    def _first_light(self, black: Frame, draft_to: int | None) -> Frame:
        """The first frame on the way that isn't black, or the black one."""
        for number, decoded in enumerate(self._walk or ()):
            if number == _MOST_BLACK:
                break
            # Not each of them: a fade lasts longer than that, and should be over.
            if number % 15 == 14:
                frame = self._frame(decoded, draft_to)
                if not sight_of(frame.image).is_black:
                    return frame
        return black

    def _seek(self, seconds: float) -> None:
        place = round((self._start + seconds - self._run_up) / self._stream.time_base)
        self._container.seek(place, stream=self._stream)

    def _time_of(self, frame: Any) -> float:
        # Not `frame.time`: frames that the decoder was made to give away don't know their unit.
        if frame.pts is None:
            return max(self._last, 0.0)
        return max(float(frame.pts * self._stream.time_base) - self._start, 0.0)

    def _frame(self, decoded: Any, draft_to: int | None) -> Frame:
        check_pixels(decoded.width, decoded.height, self._limits.pixels)
        aspect = self._stream.sample_aspect_ratio
        # Older cameras write narrow or wide pixels; some files claim absurd ones.
        across = float(aspect) if aspect and 0.2 < aspect < 5 else 1.0
        width, height = max(round(decoded.width * across), 1), decoded.height
        scale = min(1.0, draft_to / min(width, height)) if draft_to else 1.0
        image = decoded.reformat(
            width=max(math.ceil(width * scale), 1), height=max(math.ceil(height * scale), 1), format="rgb24"
        ).to_image()
        turn = round(decoded.rotation / 90) % 4
        self._shown_size = (height, width) if turn % 2 else (width, height)
        if turn:
            ways = Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270
            image = image.transpose(ways[turn - 1])
        return Frame(round(self._time_of(decoded), 3), image)


@contextmanager
def _opened(file: BinaryIO, name: str, limits: Limits) -> Iterator[_Film]:
    """The container, by the one demuxer that its first bytes call for: others open files by themselves."""
    try:
        import av
    except ImportError as error:
        raise missing_extra(name, EXTRAS[name]) from error
    try:
        with _container(av, file, name, limits) as container:
            yield _Film(container, _stream(container, limits), av.FFmpegError, limits, _RUN_UP.get(name, 0.0))
    except ImageError:
        raise
    except OSError as error:
        # What the disk says comes through, but a file may lie about where in it something is (EINVAL).
        if not isinstance(error, av.FFmpegError) and error.errno != errno.EINVAL:
            raise
        raise _explained(av, error, name) from error
    except Exception as error:
        raise _explained(av, error, name) from error


def _explained(av: Any, error: Exception, name: str) -> ImageError:
    """The error that says what a user can do about one of FFmpeg's."""
    if isinstance(error, av.error.PatchWelcomeError | av.error.DecoderNotFoundError):
        return _foreign()
    if isinstance(error, av.FFmpegError | OSError) and not isinstance(error, MemoryError | EOFError):
        # Its own words are the system's: of data that make no sense, "operation not permitted".
        return damaged(name, "its compressed data can't be decoded")
    return explain(error, name)


def _foreign() -> UnsupportedImageError:
    return UnsupportedImageError(
        "a kind of video that FFmpeg can't decode; save it as MP4, or leave this one out"
    )


def _container(av: Any, file: BinaryIO, name: str, limits: Limits) -> Any:
    return av.open(
        file,
        format=VIDEO_DEMUXERS[name],
        options={"max_pixels": str(limits.pixels), "protocol_whitelist": "none"},
        metadata_errors="replace",
    )


def _stream(container: Any, limits: Limits) -> Any:
    """The one to show.

    Raises:
        UnsupportedImageError: There is none.
        ImageLimitError: It has too many pixels.
    """
    from av.stream import Disposition

    # A cover is a picture that a sound file carries, in a stream of its own.
    cover = Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & cover]
    if not container.streams:
        raise DamagedImageError("nothing can be read but its first bytes; restore it from a copy")
    if not streams:
        raise UnsupportedImageError("there is no picture in it, only sound; leave this one out")
    stream = streams[0]
    if stream.codec_context is None:
        raise _foreign()
    check_pixels(stream.width, stream.height, limits.pixels)
    stream.thread_type = "NONE"  # there are as many workers as cores
    return stream


def _duration(container: Any, stream: Any) -> float | None:
    for length, unit in ((stream.duration, stream.time_base), (container.duration, 1e-6)):
        if length is not None and unit is not None and 0 < (seconds := float(length * unit)) <= LONGEST:
            return round(seconds, 3)
    return None
