"""Exported models on the CPU, without torch: by ONNX Runtime, or their image towers by OpenVINO."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from searchengine.cores import available_cores
from searchengine.encoders import cache
from searchengine.encoders.remembered_texts import RememberedTexts
from searchengine.encoders.tokenizer import open_tokenizer
from searchengine.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.encoders.cache import Export
    from searchengine.encoders.precision import Engine, Precision
    from searchengine.encoders.spec import ModelSpec
    from searchengine.encoders.tokenizer import Tokenizer

TEXT_GRAPH = "text.onnx"
IMAGE_GRAPH = "image.onnx"

_IMAGE_BATCH = 16
_TEXT_BATCH = 64

OFTEN = 16
"""Calls for texts, none of them remembered, from which on a process is one that will ask again."""

# Texts at a time, up to which they may be a person's, or the bank of neutral prompts, and come again.
_REMEMBERED = 256


class OnnxEncoder:
    """An exported model; see `Encoder`. A tower is opened when it is first asked for.

    Attributes:
        precision: Arithmetic of the image tower. Texts are always embedded in float32.
        engine: Which runs the image tower. Texts are always embedded by ONNX Runtime.
    """

    def __init__(
        self,
        export: Export,
        precision: Precision = "float32",
        engine: Engine = "onnxruntime",
        *,
        keep: bool = True,
    ) -> None:
        self._export = export
        self._keep = keep
        self.precision = precision
        self.engine = engine
        self._asked = 0
        self._counting = threading.Lock()
        self._opening = threading.Lock()

    @property
    def spec(self) -> ModelSpec:
        """The model, pinned."""
        return self._export.manifest.spec

    def encode_images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed pictures; see `Encoder.encode_images`."""
        self.open_images()
        return self._images(pixels)

    def at(self, precision: Precision, engine: Engine | None = None, *, keep: bool = True) -> OnnxEncoder:
        """The same model with its image tower in another precision; nothing is opened yet.

        Args:
            precision: Which.
            engine: By which; None for ONNX Runtime in float32, and for OpenVINO in what it is better at.
            keep: Whether what the engine compiles may go into the cache, because it will be used again.
        """
        if engine is None:
            from searchengine.encoders.openvino_runtime import lacking

            better = precision == "bfloat16" or (precision == "int8" and lacking(precision) is None)
            engine = "openvino" if better else "onnxruntime"
        if (precision, engine) == (self.precision, self.engine):
            return self
        return OnnxEncoder(self._export, precision, engine, keep=keep)

    def open_images(self) -> None:
        """Open the image tower now, rather than with the first pictures. Who comes meanwhile waits.

        Raises:
            ModelError: It can't be opened.
        """
        with self._opening:
            _ = self._images

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts, where they aren't remembered; see `Encoder.encode_texts`."""
        import numpy as np

        if not 0 < len(texts) <= _REMEMBERED:
            return self._encode(texts)
        known = self._remembered.get(texts)
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            fresh = dict(zip(new, self._encode(new), strict=True))
            self._remembered.keep(fresh, later=self._asked >= OFTEN)
            known |= fresh
        return np.stack([known[text] for text in texts])

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self._pack_soon()
        cut = self._export.manifest.cut
        batches = (texts[i : i + _TEXT_BATCH] for i in range(0, len(texts), _TEXT_BATCH))
        return _joined([run(self._texts, self.tokenizer(batch, cut=cut)) for batch in batches], self.spec.dim)

    @cached_property
    def _remembered(self) -> RememberedTexts:
        name = os.path.basename(cache.folder_of_export(self._export))
        return RememberedTexts(os.path.join(cache.root(), "texts", f"{name}.sqlite3"), self.spec.dim)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer."""
        return open_tokenizer(self._export.manifest.tokenizer, self._export.folder)

    @cached_property
    def _texts(self) -> Any:
        # Not for what is often asked once, see `_pack_soon`.
        return open_session(os.path.join(self._export.folder, TEXT_GRAPH), pack=False)

    def _pack_soon(self) -> None:
        """Lay the text tower out for speed, beside who asks, once a process is seen to go on asking.

        That takes the time of ten texts, saves a third of every further one, and costs the weights' memory.
        """
        with self._counting:
            self._asked += 1
            due = self._asked == OFTEN
        if due:
            threading.Thread(target=self._pack, name="pack").start()

    def _pack(self) -> None:
        with suppress(ModelError):  # it was opened as it is, and goes on being used so
            self._texts = open_session(os.path.join(self._export.folder, TEXT_GRAPH))

    @cached_property
    def _images(self) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
        """The image tower, from uint8 (n, height, width, 3) to float32 (n, dim)."""
        path = os.path.join(self._export.folder, IMAGE_GRAPH)
        if self.precision == "int8":
            from searchengine.encoders.int8 import int8_graph

            path = int8_graph(self._export, path)
        if self.engine == "openvino":
            from searchengine.encoders.openvino_runtime import open_image_tower

            return open_image_tower(path, self.precision, self.spec, keep=self._keep)
        session = open_session(path)

        def run_batches(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
            starts = range(0, len(pixels), _IMAGE_BATCH)
            return _joined([run(session, pixels[i : i + _IMAGE_BATCH]) for i in starts], self.spec.dim)

        return run_batches


def open_session(path: str, *, pack: bool = True) -> Any:
    """A graph, ready to run on the CPU.

    Args:
        path: The graph.
        pack: Lay the weights out for speed: slower to open, quicker to run.

    Raises:
        ModelError: It can't be opened.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what fails is raised
    onnxruntime.disable_telemetry_events()  # Windows' builds don't ask the environment (see searchengine)
    # A stated number keeps ONNX Runtime from pinning threads to cores that a container may not have.
    options.intra_op_num_threads = available_cores()
    # Threads that spin while they wait take the cores from whoever decodes the next pictures.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not pack:
        options.add_session_config_entry("session.disable_prepacking", "1")
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the package's exceptions have no common base but this
        raise ModelError(
            f"ONNX Runtime can't open {path}: {str(error).strip().splitlines()[0]} "
            "Delete the folder to have the model exported again."
        ) from error


def run(session: Any, inputs: NDArray[Any]) -> NDArray[np.float32]:
    """What a graph with one input and one output gives."""
    (answers,) = session.run(None, {session.get_inputs()[0].name: inputs})
    result: NDArray[np.float32] = answers
    return result


def _joined(parts: list[NDArray[np.float32]], dim: int) -> NDArray[np.float32]:
    import numpy as np

    return np.concatenate(parts) if parts else np.empty((0, dim), dtype=np.float32)
