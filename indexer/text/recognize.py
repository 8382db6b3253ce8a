"""One picture in, the text in it out; in worker processes, because decoders crash, hang and eat memory.

The recogniser is RapidOCR, whose wheel brings its models (PP-OCR, on ONNX Runtime): nothing is downloaded.
"""

from __future__ import annotations

import logging
from functools import cache
from importlib.util import find_spec
from typing import Any

from searchengine.errors import ImageError, UsageError
from searchengine.images.files import read_file
from searchengine.images.limits import DEFAULT_LIMITS
from searchengine.images.open import open_image
from searchengine.workers.worker import restart_alarm

LONGEST = 1600
"""Pixels. Of what is larger a smaller copy is read: quicker, and a page of print is still legible."""

MOST_CHARACTERS = 20_000

LEAST_SCORE = 0.7
"""How sure the recogniser must be of a line. Of 60 photographs without writing, it was 0.5 to 0.7 sure of one
character or a few in six."""


def is_installed() -> bool:
    """Whether the extra `ocr` is."""
    return find_spec("rapidocr") is not None


def require() -> None:
    """Raise where text can't be read.

    Raises:
        UsageError: The extra isn't installed.
    """
    if not is_installed():
        raise UsageError("reading the text in pictures needs the extra ocr: pip install 'imgsearch[ocr]'")


def read_text(paths: list[bytes]) -> str | None:
    """The text in a picture, line by line from the top.

    Args:
        paths: Its files, absolute; the first one that can be opened is read.

    Returns:
        "" where there is none, or the picture can't be decoded; None where no file can be opened now.
    """
    for path in paths:
        try:
            picture = open_image(read_file(path, DEFAULT_LIMITS).data, draft_to=LONGEST * 3 // 4).image
        except OSError:
            continue
        except ImageError:
            return ""
        picture.thumbnail((LONGEST, LONGEST))
        return _recognize(picture)
    return None


def _recognize(picture: Any) -> str:
    import numpy as np

    engine = _engine()
    restart_alarm()  # the models are loaded now
    blue_first = np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])
    lines = engine(blue_first).txts or ()
    return "\n".join(line for line in lines if sum(map(str.isalnum, line)) > 1)[:MOST_CHARACTERS]


@cache
def _engine() -> Any:
    """Loaded once a worker; on one thread, since there are as many workers as cores."""
    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    threads = "EngineConfig.onnxruntime.{}_op_num_threads"
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.text_score": LEAST_SCORE,
            threads.format("intra"): 1,
            threads.format("inter"): 1,
        }
    )
