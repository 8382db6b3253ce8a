"""Opening the model of a new library while the program is still being imported and the folders are walked.

What opens a model is native code, importing and walking is Python: a thread does the one during the other. It
opens only what is certain to be wanted and takes no asking: a model that has been exported and tried on this
machine. Whatever else comes up is for the run itself to do, or to fail at aloud.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from searchengine.encoders.load import Runtime
    from searchengine.encoders.onnx_runtime import OnnxEncoder
    from searchengine.encoders.precision import Asked

Ahead = Future["OnnxEncoder | None"]


def open_ahead(name: str, runtime: Runtime, precision: Asked) -> Ahead:
    """Start opening a model as a new library would use it.

    Returns:
        A future of the encoder, as soon as it is known which: its image tower may still be opening while
        pictures are decoded for it. Of None where there is more to do than to open it.
    """
    chosen = Ahead()
    threading.Thread(target=_open, args=(chosen, name, runtime, precision), name="ahead").start()
    return chosen


def _open(chosen: Ahead, name: str, runtime: Runtime, precision: Asked) -> None:
    from searchengine.errors import ModelError

    try:
        encoder = _choose(name, runtime, precision)
    except BaseException as error:  # noqa: BLE001 -- for who waits for it to meet
        chosen.set_exception(error)
        return
    chosen.set_result(encoder)
    if encoder is not None:
        with suppress(ModelError):  # the first pictures meet it again
            encoder.open_images()


def _choose(name: str, runtime: Runtime, precision: Asked) -> OnnxEncoder | None:
    from searchengine.encoders.device import accelerator
    from searchengine.encoders.load import load_known
    from searchengine.encoders.self_test import fastest, kept
    from searchengine.errors import ModelError

    if runtime == "torch" or (runtime == "auto" and accelerator() is not None):
        return None
    with suppress(ModelError):
        encoder = load_known(name)
        if encoder is not None and kept(encoder) is not None:
            return fastest(encoder, None if precision == "auto" else precision)
    return None
