"""Opening the model of a new library while the program is still being imported and the folders are walked.

What opens a model is native code, importing and walking is Python: a thread does the one during the other. It
opens only what is certain to be wanted and takes no asking: a model that has been exported and tried on this
machine. Whatever else comes up is for the run itself to do, or to fail at aloud.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from searchengine.encoders.encoder import Encoder
    from searchengine.encoders.load import Runtime
    from searchengine.encoders.precision import Asked

Ahead = Future["Encoder | None"]


def open_ahead(name: str, runtime: Runtime, precision: Asked) -> Ahead:
    """Start opening a model as a new library would use it.

    Returns:
        A future of the encoder, its image tower open; of None where there is more to do than to open it.
    """
    thread = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    opening = thread.submit(_open, name, runtime, precision)
    thread.shutdown(wait=False)
    return opening


def _open(name: str, runtime: Runtime, precision: Asked) -> Encoder | None:
    from searchengine.encoders.device import accelerator
    from searchengine.encoders.load import load_known
    from searchengine.encoders.self_test import fastest, kept
    from searchengine.errors import ModelError

    if runtime == "torch" or (runtime == "auto" and accelerator() is not None):
        return None
    with suppress(ModelError):
        encoder = load_known(name)
        if encoder is not None and kept(encoder) is not None:
            chosen = fastest(encoder, None if precision == "auto" else precision)
            chosen.open_images()
            return chosen
    return None
