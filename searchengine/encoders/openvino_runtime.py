"""Image towers run by OpenVINO, whose kernels use what x86-64 processors have for bfloat16 and int8."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from searchengine.cores import available_cores
from searchengine.encoders import cache as files
from searchengine.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.encoders.precision import Precision
    from searchengine.encoders.spec import ModelSpec

# Pictures of a part. ViT-B-32-256 in int8: 4 or 16 are no faster, and more are more to fill up.
_PART = 8


@cache
def _core() -> Any:
    # Its converter isn't used, takes longer to import than all the rest, and is what brings telemetry along:
    # without it nothing can be sent.
    converter, missing = "openvino.tools.ovc", object()
    before = sys.modules.get(converter, missing)
    sys.modules[converter] = None  # type: ignore[assignment]  # the documented way to forbid one
    try:
        from openvino import Core
    finally:
        del sys.modules[converter]
        if before is not missing:
            sys.modules[converter] = before  # type: ignore[assignment]
    return Core()


def lacking(precision: Precision) -> str | None:
    """What this machine lacks to embed in a precision by OpenVINO, in words; None when it has all."""
    if find_spec("openvino") is None:
        return "the openvino package isn't installed (pip install 'imgsearch[openvino]')"
    needed = {"float32": "FP32", "bfloat16": "BF16", "int8": "INT8"}[precision]
    return None if needed in _capabilities() else f"the processor doesn't multiply {precision}"


def open_image_tower(
    path: str, precision: Precision, spec: ModelSpec, *, keep: bool
) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """An image graph, from uint8 pixels to unit vectors, on the CPU.

    Pictures are taken in parts of a fixed number, the last one filled up: a graph of fixed shape is a tenth
    faster, and one picture alone costs as much as a part. Each core works on a part of its own and takes the
    next one when it is done.

    Args:
        path: The graph; of int8, the quantised one.
        precision: What it is to be computed in.
        spec: The model.
        keep: Whether what OpenVINO makes of the graph goes into the cache: a large file, with which opening
            it again takes half as long.

    Raises:
        ModelError: It can't be opened, or this machine can't do it.
    """
    import numpy as np

    if reason := lacking(precision):
        raise ModelError(f"The model can't run in {precision} here: {reason}. Use --precision float32.")
    from openvino import AsyncInferQueue  # not before `_core` has imported the package as it should be

    cores = available_cores()
    # What isn't of int8 in an int8 graph, attention above all, is done in bfloat16 where that is native.
    half = precision == "bfloat16" or (precision == "int8" and "BF16" in _capabilities())
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
        "INFERENCE_NUM_THREADS": cores,
        # A picture stays on its core: 33 ms of CPU instead of 35 (ViT-B-32-256, 2 cores).
        "NUM_STREAMS": cores,
        # A thread that is bound to a core waits for whoever decodes on it: 170 ms a picture instead of 92.
        "ENABLE_CPU_PINNING": False,
    }
    if keep:
        settings["CACHE_DIR"] = _compiled()
    shape = [_PART, *spec.preprocessing.size, 3]
    try:
        model = _core().read_model(path)
        model.reshape(shape)
        requests = AsyncInferQueue(_core().compile_model(model, "CPU", settings), cores)
    except RuntimeError as error:
        raise ModelError(
            f"OpenVINO can't open {path}: {str(error).strip().splitlines()[-1]} Use --precision float32."
        ) from error
    del model
    requests.set_callback(_take)

    def run(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        vectors = np.empty((len(pixels), spec.dim), np.float32)
        for start in range(0, len(pixels), _PART):
            part = pixels[start : start + _PART]
            if len(part) < _PART:
                filled = np.zeros(shape, np.uint8)
                filled[: len(part)] = part
                part = filled
            requests.start_async([part], vectors[start : start + _PART])
        requests.wait_all()
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    return run


def _take(request: Any, rows: NDArray[np.float32]) -> None:
    rows[:] = request.get_output_tensor().data[: len(rows)]


def _compiled() -> str:
    """Folder of what this version of OpenVINO has compiled; what another one had is dropped."""
    folder = os.path.join(files.root(), "compiled")
    mine = version("openvino")
    with suppress(OSError):  # there is none yet, or it is read-only
        for name in os.listdir(folder):
            if name != mine:
                shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
    return os.path.join(folder, mine)


@cache
def _capabilities() -> frozenset[str]:
    return frozenset(_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
