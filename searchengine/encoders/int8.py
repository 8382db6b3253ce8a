"""An image graph whose products are of int8: weights by channel, activations by tensor in ranges set before.

The ranges are those that pictures of great variety have been seen to need. What a library's own pictures
would need beyond them is clipped, which the self-test looks out for.
"""

from __future__ import annotations

import math
import os
import tempfile
from typing import TYPE_CHECKING, Any

from searchengine.encoders import cache, patches, pictures
from searchengine.encoders.silence import silent_logging
from searchengine.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

# Raised when graphs are made otherwise: those in the cache are then left aside.
RECIPE = 2
_FUSED = "FusedMatMul"
_BATCH = 8
_MOST_BYTES = 2 << 30  # of a file in protobuf, which the quantiser takes the float32 weights from


def int8_graph(export: cache.Export, image_graph: str) -> str:
    """Path of the graph, in the cache; made when it is first asked for, which takes seconds.

    Args:
        export: The model.
        image_graph: Path of its float32 image graph.

    Raises:
        ModelError: It can't be made.
    """
    folder = os.path.join(cache.root(), "int8")
    target = os.path.join(folder, f"{os.path.basename(cache.folder_of_export(export))}-{RECIPE}.onnx")
    if not os.path.exists(target):
        os.makedirs(folder, exist_ok=True)
        size = export.manifest.spec.preprocessing.size
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as aside:
            made = os.path.join(aside, "image.onnx")
            _write(image_graph, made, pictures.for_calibration(*size))
            os.replace(made, target)
    return target


def _write(source: str, target: str, pixels: NDArray[np.uint8]) -> None:
    """Quantise a graph with the ranges that it needs for these pictures, uint8 (n, height, width, 3)."""
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Pictures(CalibrationDataReader):  # type: ignore[misc]  # the package has no types
        def __init__(self) -> None:
            self._batches = _batches(pixels)

        def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
            return next(self._batches, None)

    model = _loaded(source)
    patches.as_product(model.graph, pixels.shape[1:3])
    _with_plain_products(model.graph)
    _drop_unused(model.graph)
    if model.ByteSize() >= _MOST_BYTES:
        raise ModelError(f"{source} is too large to be quantised. Use --precision bfloat16 or float32.")
    plain = f"{target}.plain"
    onnx.save(model, plain)
    del model
    with silent_logging():
        quantize_static(
            plain,
            target,
            Pictures(),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["MatMul", "Gemm"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            # What isn't multiplied by weights stays as it is: attention's scores, and all that is added up.
            extra_options={
                "MatMulConstBOnly": True,
                "OpTypesToExcludeOutputQuantization": ["MatMul", "Gemm"],
            },
        )


def _batches(pixels: NDArray[np.uint8]) -> Iterator[dict[str, NDArray[np.uint8]]]:
    for start in range(0, len(pixels), _BATCH):
        yield {"pixels": pixels[start : start + _BATCH]}


def _loaded(path: str) -> Any:
    """A graph with its weights.

    They are read here, because ONNX's own packages refuse a file with several hard links, and one that came
    from a hub is linked into the cache (see `export`).
    """
    import numpy as np
    import onnx_ir

    model = onnx_ir.load(path)
    for value in model.graph.initializers.values():
        stored = value.const_value
        if isinstance(stored, onnx_ir.ExternalTensor):
            shape = stored.shape.numpy()
            read = np.fromfile(
                stored.path, stored.dtype.numpy(), count=math.prod(shape), offset=stored.offset or 0
            )
            value.const_value = onnx_ir.Tensor(read.reshape(shape), name=stored.name)
    return onnx_ir.to_proto(model)


def _with_plain_products(graph: Any) -> None:
    """Turn products by a shared weight's transpose, or by its cast, into what the quantiser knows."""
    from onnx import numpy_helper

    stored = {tensor.name: tensor for tensor in graph.initializer}
    casts = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Cast"}

    def weights(name: str) -> NDArray[Any] | None:
        name = casts.get(name, name)
        return numpy_helper.to_array(stored[name]).astype("float32") if name in stored else None

    for node in graph.node:
        if node.op_type not in {"MatMul", _FUSED}:
            continue
        matrix = weights(node.input[1])
        if matrix is None:
            continue
        if node.op_type == _FUSED:  # share.py makes them, with transB and nothing else
            matrix = matrix.T
            node.op_type, node.domain = "MatMul", ""
            del node.attribute[:]
        name = f"{node.output[0]}.weights"
        graph.initializer.append(numpy_helper.from_array(matrix.copy(), name))
        node.input[1] = name


def _drop_unused(graph: Any) -> None:
    used = {name for node in graph.node for name in node.input}
    left = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(left)
