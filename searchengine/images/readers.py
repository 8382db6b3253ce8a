"""Which formats can be read here: those beyond Pillow's need a package that may not be installed."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec

from searchengine.images.failures import missing_extra
from searchengine.images.files import head
from searchengine.images.formats import EXTRAS, RAW_EXTENSIONS, sniff

_RAW = frozenset(map(os.fsencode, RAW_EXTENSIONS))


def require_reader(path: bytes) -> None:
    """Raise where what a file needs isn't installed, having read no more than its first bytes.

    `open_image` says the same, of the whole file. This is for files that are asked about again and again:
    a run can't know that an extra has been installed meanwhile, and RAW files are large.

    Args:
        path: The file. Its extension tells a RAW file that begins as a TIFF does.

    Raises:
        UnsupportedImageError: It needs an extra, which the message names; raised from an ImportError.
        OSError: It can't be opened.
    """
    missing = missing_readers()
    if not missing:
        return
    name = sniff(head(path))
    if name == "TIFF" and os.path.splitext(path)[1].lower() in _RAW:
        name = "RAW"
    if name in missing:
        raise missing_extra(name, EXTRAS[name]) from ImportError(EXTRAS[name].module)


@cache
def missing_readers() -> frozenset[str]:
    """The formats in `EXTRAS` whose module isn't installed."""
    return frozenset(name for name, extra in EXTRAS.items() if find_spec(extra.module) is None)
