"""Trying the precisions that a machine has on a model, once: how fast, and how near to float32."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import time
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from searchengine.cores import available_cores
from searchengine.encoders import cache, int8, openvino_runtime, pictures
from searchengine.encoders.precision import QUICK, Trial, choose
from searchengine.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.encoders.onnx_runtime import OnnxEncoder
    from searchengine.encoders.precision import Engine, Precision

_WAYS: tuple[tuple[Precision, Engine], ...] = (
    ("float32", "openvino"),
    ("bfloat16", "openvino"),
    ("int8", "openvino"),
)
_WITHOUT_OPENVINO: tuple[tuple[Precision, Engine], ...] = (("int8", "onnxruntime"),)
# An engine's first rounds take longer, and so does one that other work gets into: the best of some counts.
_ROUNDS = 3
_ENOUGH = 2.0  # seconds of processor, after which no further round is made: of a large model one does


def fastest(
    encoder: OnnxEncoder, only: Precision | None = None, on_progress: Callable[[str], None] | None = None
) -> OnnxEncoder:
    """The model in its fastest precision that is faithful, on this machine; measured once and kept.

    Args:
        encoder: The model.
        only: Stay in this precision, faithful or not, and choose the engine alone.
        on_progress: Told when something takes time.

    Raises:
        ModelError: The model can't be opened.
    """
    trials = kept(encoder)
    if trials is None and only in (None, "float32"):  # of the others one engine alone comes into question
        if on_progress:
            on_progress(f"Trying which precision {encoder.spec.name} runs fastest in (once)")
        trials = tried(encoder)
        _keep(encoder, trials, confirmed=False)
    return _best(encoder, only, trials)


def at_best(encoder: OnnxEncoder, only: Precision) -> OnnxEncoder:
    """The model in a precision, by the faster engine, if that is known already, else by its usual one."""
    return _best(encoder, only, kept(encoder))


def _best(encoder: OnnxEncoder, only: Precision | None, trials: list[Trial] | None) -> OnnxEncoder:
    exact, *others = trials or [Trial("float32", 0.0)]
    if only is None:
        chosen = choose(exact, others)
    elif only == "float32":
        chosen = choose(exact, [each for each in others if each.precision == only])
    else:
        tries = [each for each in others if each.precision == only]
        if not tries:
            return encoder.at(only)
        chosen = min(tries, key=lambda each: each.seconds)
    return encoder.at(chosen.precision, chosen.engine)


def kept(encoder: OnnxEncoder) -> list[Trial] | None:
    """What a self-test of the model on this machine found: float32 by ONNX Runtime first, then the others."""
    return _read(encoder)[0]


def wants_confirmation(encoder: OnnxEncoder) -> bool:
    """Whether its precision has been chosen by made pictures alone."""
    return encoder.precision != "float32" and not _read(encoder)[1]


def confirm(encoder: OnnxEncoder, pixels: NDArray[np.uint8]) -> OnnxEncoder:
    """Compare with float32 on pictures that somebody has; done once a model and machine.

    Args:
        encoder: In the precision that the self-test chose.
        pixels: A few of the pictures, uint8 (n, height, width, 3).

    Returns:
        The same, or, where it isn't faithful to these, the model in the fastest precision that is.
    """
    exact = encoder.at("float32", "onnxruntime", keep=False).encode_images(pixels)
    trials = kept(encoder) or [Trial("float32", 0.0)]
    while encoder.precision != "float32":
        mean, worst = compared(encoder.encode_images(pixels), exact)
        if Trial(encoder.precision, 0.0, mean, worst).faithful:
            break
        trials = [
            replace(each, mean=mean, worst=worst) if each.precision == encoder.precision else each
            for each in trials
        ]
        encoder = _best(encoder, None, trials)
    _keep(encoder, trials, confirmed=True)
    return encoder


def tried(encoder: OnnxEncoder) -> list[Trial]:
    """float32's trial and, where the model isn't quick anyway, those of what else the machine has."""
    exact, vectors = trial(encoder, "float32", "onnxruntime")
    if exact.seconds < QUICK:
        return [exact]
    made = [exact]
    ways = _WAYS if openvino_runtime.lacking("float32") is None else _WITHOUT_OPENVINO
    for precision, engine in ways:
        if engine == "openvino" and openvino_runtime.lacking(precision):
            continue
        with contextlib.suppress(ModelError):  # what can't be opened isn't chosen
            made.append(trial(encoder, precision, engine, vectors)[0])
    return made


def trial(
    encoder: OnnxEncoder,
    precision: Precision,
    engine: Engine,
    exact: NDArray[np.float32] | None = None,
) -> tuple[Trial, NDArray[np.float32]]:
    """Embed a few pictures in a precision and compare with their float32 vectors, where those are given."""
    import numpy as np

    # Enough for every core to have its share, or else an engine waits for its last.
    shown = pictures.for_trial(*encoder.spec.preprocessing.size)
    pixels = np.tile(shown, (available_cores(), 1, 1, 1))
    at = encoder.at(precision, engine, keep=False)
    at.encode_images(pixels[:2])  # opens the graph
    rounds: list[float] = []
    while len(rounds) < _ROUNDS and sum(rounds) < _ENOUGH:
        # Of the processor, on all cores: what else the machine is doing hardly counts.
        start = time.process_time()
        vectors = at.encode_images(pixels)
        rounds.append(time.process_time() - start)
    seconds = min(rounds) / len(pixels)
    if exact is None:
        return Trial(precision, seconds, engine=engine), vectors
    mean, worst = compared(vectors, exact)
    return Trial(precision, seconds, mean, worst, engine), vectors


def compared(vectors: NDArray[np.float32], exact: NDArray[np.float32]) -> tuple[float, float]:
    """Mean and smallest cosine of unit vectors (n, dim) to those they should be."""
    import numpy as np

    cosines = np.einsum("nd,nd->n", vectors, exact)
    cosines = np.where(np.isfinite(cosines), cosines, -1.0)
    return float(cosines.mean()), float(cosines.min())


def _read(encoder: OnnxEncoder) -> tuple[list[Trial] | None, bool]:
    """The trials that are kept, and whether they were confirmed."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        with open(_path(encoder), encoding="utf-8") as file:
            values = json.load(file)
        return [Trial(**each) for each in values["trials"]], bool(values["confirmed"])
    return None, False


def _keep(encoder: OnnxEncoder, trials: list[Trial], *, confirmed: bool) -> None:
    path = _path(encoder)
    values = {"trials": [asdict(trial) for trial in trials], "confirmed": confirmed}
    with contextlib.suppress(OSError):  # a cache that can't be written is measured again
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(f"{path}.{os.getpid()}", "w", encoding="utf-8") as file:
            json.dump(values, file, indent=1)
        os.replace(f"{path}.{os.getpid()}", path)


def _path(encoder: OnnxEncoder) -> str:
    return os.path.join(cache.root(), "precision", f"{_fingerprint(encoder)}.json")


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
        int8.RECIPE,
    ]
    return hashlib.sha256(json.dumps(stated).encode()).hexdigest()[:16]
