"""Trying the precisions that a processor has on a model, once: how fast, and how near to float32."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import time
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from searchengine.cores import available_cores
from searchengine.encoders import cache, openvino_runtime, parity
from searchengine.encoders.precision import QUICK, Trial, choose

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.encoders.onnx_runtime import OnnxEncoder
    from searchengine.encoders.precision import Precision

_PICTURES = 8


def fastest(encoder: OnnxEncoder, on_progress: Callable[[str], None] | None = None) -> Precision:
    """The fastest precision that is faithful, for this model on this machine; measured once and kept.

    Raises:
        ModelError: The model can't be opened.
    """
    kept = os.path.join(cache.root(), "precision", f"{_fingerprint(encoder)}.json")
    with contextlib.suppress(OSError, ValueError, TypeError):
        with open(kept, encoding="utf-8") as file:
            trials = [Trial(**each) for each in json.load(file)]
        return choose(trials[0], trials[1:])
    if on_progress:
        on_progress(f"Trying which precision {encoder.spec.name} runs fastest in (once)")
    trials = tried(encoder)
    with contextlib.suppress(OSError):  # a cache that can't be written is measured again
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        with open(f"{kept}.{os.getpid()}", "w", encoding="utf-8") as file:
            json.dump([asdict(trial) for trial in trials], file, indent=1)
        os.replace(f"{kept}.{os.getpid()}", kept)
    return choose(trials[0], trials[1:])


def tried(encoder: OnnxEncoder) -> list[Trial]:
    """float32's trial and, where the model isn't quick anyway, that of the next best the processor has."""
    exact, vectors = trial(encoder, "float32")
    if exact.seconds < QUICK:
        return [exact]
    # Where bfloat16 is native int8 is no faster (ViT-B-32-256: both 31 ms a picture), and less exact.
    if openvino_runtime.lacking() is None:
        half, _ = trial(encoder, "bfloat16", vectors)
        if half.faithful:
            return [exact, half]
    return [exact, trial(encoder, "int8", vectors)[0]]


def trial(
    encoder: OnnxEncoder, precision: Precision, exact: NDArray[np.float32] | None = None
) -> tuple[Trial, NDArray[np.float32]]:
    """Embed a few pictures in a precision and compare with their float32 vectors, where those are given."""
    import numpy as np

    pixels = pictures(*encoder.spec.preprocessing.size)
    at = encoder.at(precision)
    at.encode_images(pixels[:2])  # opens the graph
    # Of the processor, on all cores: what else the machine is doing doesn't count.
    start = time.process_time()
    vectors = at.encode_images(pixels)
    seconds = (time.process_time() - start) / len(pixels)
    if exact is None:
        return Trial(precision, seconds), vectors
    cosines = np.einsum("nd,nd->n", vectors, exact)
    cosines = np.where(np.isfinite(cosines), cosines, -1.0)
    return Trial(precision, seconds, float(cosines.mean()), float(cosines.min())), vectors


def pictures(height: int, width: int) -> NDArray[np.uint8]:
    """The parity check's pictures and some with a photograph's spectrum: uint8 (8, height, width, 3)."""
    import numpy as np

    rng = np.random.default_rng(0)
    drawn = parity.pictures(height, width)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    made = []
    for _ in range(_PICTURES - len(drawn)):
        # Amplitudes of natural images fall as 1/f (Field 1987).
        noise = np.fft.rfft2(rng.standard_normal((3, height, width))) / np.maximum(
            frequency, 1 / max(height, width)
        )
        values = np.fft.irfft2(noise, s=(height, width)).transpose(1, 2, 0)
        made.append(np.clip(128 + 56 * values / values.std(), 0, 255))
    return np.concatenate([drawn, np.stack(made).astype(np.uint8)])


def _fingerprint(encoder: OnnxEncoder) -> str:
    """The model and what it would run on."""
    packages = []
    for name in ("onnxruntime", "openvino"):
        with contextlib.suppress(PackageNotFoundError):
            packages.append(f"{name} {version(name)}")
    processor = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, StopIteration), open("/proc/cpuinfo", encoding="utf-8") as file:
        processor = next(line for line in file if line.startswith(("flags", "Features")))
    stated = [
        encoder.spec.weights,
        encoder.spec.preprocessing.fingerprint,
        processor,
        available_cores(),
        packages,
    ]
    return hashlib.sha256(json.dumps(stated).encode()).hexdigest()[:16]
