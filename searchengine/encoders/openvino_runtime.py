"""bfloat16 by OpenVINO, whose kernels use what x86-64 processors have for it; ONNX Runtime has none there."""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from searchengine.cores import available_cores
from searchengine.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray


@cache
def _core() -> Any:
    # Its telemetry package would be imported for a converter that isn't used: without it nothing can be sent.
    missing = object()
    before = sys.modules.get("openvino_telemetry", missing)
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # the documented way to forbid one
    try:
        from openvino import Core
    finally:
        del sys.modules["openvino_telemetry"]
        if before is not missing:
            sys.modules["openvino_telemetry"] = before  # type: ignore[assignment]
    return Core()


def lacking() -> str | None:
    """What this machine lacks for bfloat16, in words; None when it has all."""
    if find_spec("openvino") is None:
        return "the openvino package isn't installed (pip install 'imgsearch[openvino]')"
    if "BF16" not in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        return "the processor doesn't multiply bfloat16"
    return None


def open_bfloat16(path: str) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """An image graph, from uint8 pixels to unit vectors, computing in bfloat16 on the CPU.

    Raises:
        ModelError: It can't be opened, or this machine can't do it.
    """
    import numpy as np

    if reason := lacking():
        raise ModelError(f"The model can't run in bfloat16 here: {reason}. Use --precision float32.")
    cores = available_cores()
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16",
        "INFERENCE_NUM_THREADS": cores,
        # A picture stays on its core: 33 ms of CPU instead of 35 (ViT-B-32-256, 2 cores).
        "NUM_STREAMS": cores,
        # A thread that is bound to a core waits for whoever decodes on it: 170 ms a picture instead of 92.
        "ENABLE_CPU_PINNING": False,
    }
    try:
        compiled = _core().compile_model(path, "CPU", settings)
    except RuntimeError as error:
        raise ModelError(
            f"OpenVINO can't open {path}: {str(error).strip().splitlines()[-1]} Use --precision float32."
        ) from error
    requests = [compiled.create_infer_request() for _ in range(cores)]

    def run(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        parts = np.array_split(pixels, min(cores, len(pixels)))
        for request, part in zip(requests, parts, strict=False):
            request.start_async([part])
        answers = []
        for request, _ in zip(requests, parts, strict=False):
            request.wait()
            answers.append(request.get_output_tensor().data.astype(np.float32))
        vectors = np.concatenate(answers)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    return run
