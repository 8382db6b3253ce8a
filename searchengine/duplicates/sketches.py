"""Small grey pictures to compare, from the library's thumbnails; kept on disk while they are needed."""

from __future__ import annotations

import io
import tempfile
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from searchengine.duplicates.align import SIDE
from searchengine.errors import ImageError
from searchengine.images.thumbnails import keep_thumbnail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Locate = Callable[[Sequence[int]], Mapping[int, tuple[bytes, Sequence[bytes]]]]


def sketch(picture: Image.Image) -> NDArray[np.uint8]:
    """A whole picture in grey, stretched to a square: (SIDE, SIDE) uint8."""
    return np.asarray(picture.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX))


class Sketches:
    """The sketches of n pictures, each made when first asked for; 4 KB of temporary file each.

    Args:
        library: The library's folder, where thumbnails are kept.
        count: n.
        locate: Gives some pictures' content hashes and the paths of their files, by position.
    """

    def __init__(self, library: Path, count: int, locate: Locate) -> None:
        self._library = library
        self._locate = locate
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed with this object
        shape = (max(count, 1), SIDE, SIDE)
        self._pixels = np.memmap(self._file, np.uint8, "w+", shape=shape)
        self._read = np.zeros(count, np.bool_)
        self.unreadable: set[int] = set()
        """Those of which no file could be read."""

    def get(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """Sketches as float32 (m, SIDE, SIDE); black where the picture can't be read."""
        wanted = np.unique(positions[~self._read[positions]]).tolist()
        places = self._locate(wanted) if wanted else {}
        for position in wanted:
            self._read[position] = True
            try:
                digest, paths = places[position]
                thumbnail = keep_thumbnail(self._library, digest, paths)
                with Image.open(io.BytesIO(thumbnail)) as picture:
                    self._pixels[position] = sketch(picture)
            except (ImageError, OSError, KeyError):  # KeyError: removed from the library meanwhile
                self.unreadable.add(position)
        return self._pixels[positions].astype(np.float32)

    def close(self) -> None:
        """Give the space back."""
        self._file.close()
