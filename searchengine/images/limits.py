"""What one picture may ask for."""

from __future__ import annotations

from dataclasses import dataclass

from searchengine.errors import ImageLimitError


@dataclass(frozen=True, slots=True)
class Limits:
    """Checked on the header, before anything large is allocated.

    Attributes:
        pixels: Most pixels that are decoded. Pillow's own limit, which some of its decoders enforce
            besides, is 179 million; four bytes each.
        draft_factor: How many times as many a baseline JPEG may have where it is decoded smaller:
            its memory follows the smaller size, and only its time the larger one.
        file_bytes: Largest picture file that is read; it is read whole.
        video_bytes: Largest video that is looked through; it is read once for its hash, and never held.
        video_seconds: After so long no more of a video is looked at.
    """

    pixels: int = 175_000_000
    draft_factor: int = 4
    file_bytes: int = 1 << 30
    video_bytes: int = 64 << 30
    video_seconds: float = 15.0


DEFAULT_LIMITS = Limits()


def check_pixels(width: int, height: int, allowed: int) -> None:
    """Refuse a picture for the size that its header claims.

    Raises:
        ImageLimitError: It has more pixels than are allowed.
    """
    if width * height > allowed:
        raise ImageLimitError(
            f"{width} x {height} is {width * height / 1e6:,.0f} megapixels,"
            f" more than the {allowed / 1e6:,.0f} allowed; save a smaller copy of it"
        )
