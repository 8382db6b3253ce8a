"""An image graph whose products are of int8: weights by channel, activations by tensor, as they come."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, Any

from searchengine.encoders import cache
from searchengine.encoders.silence import silent_logging

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FUSED = "FusedMatMul"


def int8_graph(export: cache.Export, image_graph: str) -> str:
    """Path of the graph, in the cache; made when it is first asked for, which takes seconds.

    Args:
        export: The model.
        image_graph: Path of its float32 image graph.
    """
    folder = os.path.join(cache.root(), "int8")
    target = os.path.join(folder, f"{os.path.basename(cache.folder_of_export(export))}.onnx")
    if not os.path.exists(target):
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as aside:
            made = os.path.join(aside, "image.onnx")
            _write(image_graph, made)
            os.replace(made, target)
    return target


def _write(source: str, target: str) -> None:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = onnx.load(source)
    _with_plain_products(model.graph)
    with silent_logging():
        quantize_dynamic(
            model,
            target,
            op_types_to_quantize=["MatMul", "Gemm"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )


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
    used = {name for node in graph.node for name in node.input}
    left = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(left)
