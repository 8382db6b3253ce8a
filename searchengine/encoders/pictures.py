"""Made pictures that between them ask everything of a tower: to compare by, and to set ranges by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.encoders import parity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def for_trial(height: int, width: int) -> NDArray[np.uint8]:
    """The parity check's pictures and some with a photograph's spectrum: uint8 (8, height, width, 3).

    The latter aren't among those for calibration.
    """
    import numpy as np

    rng = np.random.default_rng(0)
    natural = [_natural(rng, height, width, slope=1.0, contrast=56.0) for _ in range(3)]
    return np.concatenate([parity.pictures(height, width), np.stack(natural)])


def for_calibration(height: int, width: int) -> NDArray[np.uint8]:
    """Pictures of great variety: uint8 (40, height, width, 3).

    Spectra from flat to soft in contrasts from fog to glare, their pieces side by side, drawings, plain
    colours, stripes of many widths: ranges that hold for these hold for photographs.
    """
    import numpy as np

    rng = np.random.default_rng(1)
    natural = [
        _natural(rng, height, width, slope=slope, contrast=contrast)
        for slope in (0.6, 1.0, 1.4)
        for contrast in (12.0, 40.0, 70.0, 120.0)
    ]
    grey = [np.repeat(each[..., :1], 3, axis=-1) for each in natural[1::4]]
    pieces = [_collage(rng, natural) for _ in range(6)]
    drawings = [_drawing(rng, height, width) for _ in range(6)]
    plain = [np.broadcast_to(np.array(colour, np.uint8), (height, width, 3)) for colour in _COLOURS]
    stripes = [_stripes(height, width, period) for period in (2, 8, 32)]
    return np.concatenate(
        [
            parity.pictures(height, width),
            np.stack([*natural, *grey, *pieces, *drawings, *plain, *stripes]).astype(np.uint8),
        ]
    )


_COLOURS = ((255, 255, 255), (128, 128, 128), (255, 0, 0), (0, 0, 255), (20, 90, 30))


def _natural(
    rng: np.random.Generator, height: int, width: int, *, slope: float, contrast: float
) -> NDArray[np.uint8]:
    """Coloured noise: amplitudes of natural images fall as 1/f (Field 1987), of soft ones faster."""
    import numpy as np

    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    falling = np.maximum(frequency, 1 / max(height, width)) ** slope
    noise = np.fft.rfft2(rng.standard_normal((3, height, width))) / falling
    values = np.fft.irfft2(noise, s=(height, width)).transpose(1, 2, 0)
    made: NDArray[np.uint8] = np.clip(128 + contrast * values / values.std(), 0, 255).astype(np.uint8)
    return made


def _collage(rng: np.random.Generator, pictures: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Quarters of four pictures, each in a tint of its own."""
    import numpy as np

    height, width = pictures[0].shape[:2]
    made = np.empty_like(pictures[0])
    for rows in (slice(0, height // 2), slice(height // 2, height)):
        for columns in (slice(0, width // 2), slice(width // 2, width)):
            piece = pictures[rng.integers(len(pictures))][rows, columns]
            made[rows, columns] = np.clip(piece * rng.uniform(0.2, 1.6, 3), 0, 255)
    return made


def _drawing(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    """Shapes with hard edges in plain colours, and lines as of writing."""
    import numpy as np

    y, x = np.mgrid[0:height, 0:width]
    made = np.empty((height, width, 3), np.uint8)
    made[:] = rng.integers(0, 256, 3)
    for _ in range(8):
        across, down = rng.uniform(0.05, 0.4, 2) * (width, height)
        right, below = (x - rng.uniform(0, width)) / across, (y - rng.uniform(0, height)) / down
        round_ = np.hypot(right, below) < 1
        square = np.maximum(np.abs(right), np.abs(below)) < 1
        made[round_ if rng.random() < 0.5 else square] = rng.integers(0, 256, 3)
    made[(y % 12 < 2) & (rng.random((height, width)) < 0.5) & (x > width // 2)] = rng.integers(0, 256, 3)
    return made


def _stripes(height: int, width: int, period: int) -> NDArray[np.uint8]:
    import numpy as np

    y, x = np.mgrid[0:height, 0:width]
    wave = 127.5 + 127.5 * np.sin(2 * np.pi * (x + y / 2) / period)
    return np.repeat(wave[..., None], 3, axis=-1).astype(np.uint8)
