"""Small pictures for pages and contact sheets, kept in the library and made anew when they are gone."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from searchengine.errors import DamagedImageError, ImageError
from searchengine.images.files import open_regular, read_opened
from searchengine.images.formats import HEAD_BYTES, VIDEO_FORMATS, sniff
from searchengine.images.hashes import content_hash
from searchengine.images.limits import DEFAULT_LIMITS, Limits
from searchengine.images.open import open_image

if TYPE_CHECKING:
    from collections.abc import Iterable

SIZE = 320
PREVIEW_SIZE = 2048


def make_thumbnail(image: Image.Image, size: int = SIZE) -> bytes:
    """A WebP whose longer side is at most `size` pixels, never larger than the picture.

    Args:
        image: RGB, upright, as `open_image` gives it.
        size: Pixels.
    """
    small = image.copy() if max(image.size) <= size else _resize(image, size)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=78, method=2)  # method 4: 2.3 times as long for 3 % fewer bytes
    return buffer.getvalue()


def _resize(image: Image.Image, size: int) -> Image.Image:
    scale = size / max(image.size)
    shape = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(shape, Image.Resampling.LANCZOS, reducing_gap=2.0)


def thumbnail_path(library: str | os.PathLike[str], digest: bytes, time: float | None = None) -> Path:
    """Where a content's thumbnail is kept: ``LIBRARY/thumbnails/ab/<hash>.webp``.

    That of a video's frame has its time in milliseconds in the name, as in ``<hash>@83500.webp``.
    """
    name = digest.hex()
    suffix = "" if time is None else f"@{round(time * 1000)}"
    return Path(library) / "thumbnails" / name[:2] / f"{name}{suffix}.webp"


def write_thumbnail(path: Path, data: bytes) -> None:
    """Put a thumbnail in its place at once or not at all; two writers don't disturb each other.

    Not synced to the disk: it is derived, and can be made again.

    Raises:
        OSError: The library can't be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)  # mkstemp's 0o600 would hide it from a server under another account
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def delete_thumbnails(library: str | os.PathLike[str], digest: bytes) -> None:
    """Delete what is kept of a content, as far as anything is."""
    place = thumbnail_path(library, digest)
    for path in place.parent.glob(f"{place.stem}*.webp"):
        path.unlink(missing_ok=True)


def keep_thumbnail(
    library: str | os.PathLike[str],
    digest: bytes,
    paths: Iterable[bytes | str],
    limits: Limits = DEFAULT_LIMITS,
    *,
    time: float | None = None,
) -> bytes:
    """A content's thumbnail from the library, made from one of its files when it isn't there yet.

    Args:
        library: The library's folder. Where it can't be written to, the thumbnail is made every time.
        digest: The content's hash; a file that has changed since doesn't count.
        paths: Absolute paths of its files.
        limits: What one picture may ask for.
        time: Seconds into a video, of one of its key frames; None for the first, and for a picture.

    Returns:
        WebP.

    Raises:
        ImageError: None of the files holds this content in a form that can be read.
    """
    place = thumbnail_path(library, digest, time)
    with suppress(OSError):
        return place.read_bytes()
    thumbnail = thumbnail_of(paths, digest, SIZE, limits, time=time)
    with suppress(OSError):
        write_thumbnail(place, thumbnail)
    return thumbnail


def thumbnail_of(
    paths: Iterable[bytes | str],
    digest: bytes,
    size: int,
    limits: Limits = DEFAULT_LIMITS,
    *,
    time: float | None = None,
) -> bytes:
    """A WebP of a content, made from the first of its files that holds it and can be read.

    Args:
        paths: Absolute paths of its files.
        digest: The content's hash; a file that has changed since doesn't count.
        size: Longest side, in pixels.
        limits: What one picture may ask for.
        time: As for `keep_thumbnail`.

    Raises:
        ImageError: None of the files holds this content in a form that can be read.
    """
    trouble: ImageError = DamagedImageError(
        "none of this picture's files is there as it was indexed; index again"
    )
    for path in paths:
        try:
            image = _open_content(path, digest, size, limits, time)
            if image is not None:
                return make_thumbnail(image, size)
        except OSError:
            continue
        except ImageError as error:
            trouble = error
    raise trouble


def _open_content(
    path: bytes | str, digest: bytes, size: int, limits: Limits, time: float | None
) -> Image.Image | None:
    """A file's picture, or a frame of its video; None where it holds another content by now."""
    descriptor, status = open_regular(path)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        name = sniff(file.read(HEAD_BYTES))
        file.seek(0)
        if name in VIDEO_FORMATS:
            from searchengine.images.video import read_frame

            if hashlib.file_digest(file, "sha256").digest() != digest:
                return None
            file.seek(0)
            return read_frame(file, name, at=time, draft_to=size, limits=limits).frames[0].image
        data = read_opened(file, status, limits).data
    return open_image(data, draft_to=size, limits=limits).image if content_hash(data) == digest else None
