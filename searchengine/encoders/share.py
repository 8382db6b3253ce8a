"""Graphs that point into the model's own weights file instead of carrying a copy of it.

A safetensors file is a header and then raw tensors, and ONNX can take an initializer from a place in another
file. So the graphs of the built-in model are small files beside its weights, an exported model takes no disk
space for the weights it shares, and ONNX Runtime maps the file instead of reading it.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

# Smaller tensors stay in the graph: pointing at them would save nothing, a file for them less.
_SHARED_BYTES = 1024
_REST_BYTES = 1 << 16
_ALIGNMENT = 64
_FUSED_DOMAIN = "com.microsoft"


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor in a weights file."""

    values: NDArray[Any]
    offset: int


def stored_tensors(path: str) -> list[StoredTensor]:
    """The float32 and float16 tensors of a safetensors file, mapped.

    The format is 8 bytes with the header's length, the header in JSON, raw data (safetensors' README).
    """
    import numpy as np

    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    mapped = np.memmap(path, dtype=np.uint8, mode="r")
    tensors = []
    for name, entry in header.items():
        kind = {"F32": np.float32, "F16": np.float16}.get(entry.get("dtype"))
        if name == "__metadata__" or kind is None:
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors.append(StoredTensor(mapped[begin:end].view(kind).reshape(entry["shape"]), begin))
    return tensors


def share_weights(model: Any, stored: Iterable[StoredTensor], location: str, rest: str) -> int:
    """Let a graph's initializers point into a weights file, and write those that aren't in it to another.

    Initializers are recognised by value, so that nothing is assumed about names. One that is a stored
    tensor's transpose (torch keeps linear layers that way) is used through ONNX Runtime's FusedMatMul, which
    multiplies by a transpose without making one: transposing at every start would take longer than a short
    query. One that is a stored float16 tensor is cast, after the look-up where it is an embedding table.

    Args:
        model: An `onnx_ir.Model`, which is changed.
        stored: The tensors of the weights file.
        location: The weights file's name, in the folder that the graph will lie in.
        rest: Path of the file for what isn't in it; not written when nothing is left.

    Returns:
        How many bytes were written to `rest`.
    """
    graph = model.graph
    candidates: dict[tuple[int, ...], list[StoredTensor]] = {}
    for tensor in stored:
        candidates.setdefault(tuple(sorted(tensor.values.shape)), []).append(tensor)
    left = []
    for value in list(graph.initializers.values()):
        if value.const_value.nbytes < _SHARED_BYTES:
            continue
        array = value.const_value.numpy()
        found = _find(array, candidates.get(tuple(sorted(array.shape)), []))
        shared = found is not None and _point(graph, value, *found, location)
        if not shared and array.nbytes >= _REST_BYTES:
            left.append(value)
    if any(node.domain == _FUSED_DOMAIN for node in graph):
        graph.opset_imports[_FUSED_DOMAIN] = 1
    return _write_rest(left, rest) if left else 0


def strip(model: Any) -> None:
    """Take the exporter's notes (source lines of the user's machine among them) out of a graph."""
    graph = model.graph
    model.metadata_props.clear()
    graph.metadata_props.clear()
    for node in graph.all_nodes():
        node.metadata_props.clear()
        node.doc_string = None
        for value in node.outputs:
            value.metadata_props.clear()
    for value in [*graph.inputs, *graph.initializers.values()]:
        value.metadata_props.clear()


def _find(array: NDArray[Any], candidates: list[StoredTensor]) -> tuple[StoredTensor, bool] | None:
    """The stored tensor of these values, and whether it is their transpose."""
    import numpy as np

    if array.dtype != np.float32:
        return None
    for tensor in candidates:
        for transposed in (False, True):
            values = tensor.values.T if transposed else tensor.values
            if transposed and values.ndim != 2:
                continue
            # The first row tells most candidates apart without reading them whole.
            if (
                values.shape == array.shape
                and np.array_equal(values[:1], array[:1])
                and np.array_equal(values, array)
            ):
                return tensor, transposed
    return None


def _point(graph: Any, value: Any, tensor: StoredTensor, transposed: bool, location: str) -> bool:  # noqa: FBT001
    """Replace an initializer by one that points into the file; False where its use doesn't allow it."""
    import numpy as np
    import onnx_ir as ir

    uses = list(value.uses())
    if transposed and not all(use.node.op_type == "MatMul" and use.idx == 1 for use in uses):
        return False
    half = tensor.values.dtype == np.float16
    kind = ir.DataType.FLOAT16 if half else ir.DataType.FLOAT
    shape = ir.Shape(tensor.values.shape)
    source = ir.Value(name=f"{value.name}.stored", shape=shape, type=ir.TensorType(kind))
    source.const_value = ir.ExternalTensor(
        location, tensor.offset, tensor.values.nbytes, kind, shape=shape, name=f"{value.name}.stored"
    )
    graph.register_initializer(source)
    if half and uses and all(use.node.op_type == "Gather" and use.idx == 0 for use in uses):
        for use in uses:
            _cast_after(graph, use.node, source)
    else:
        taken = _cast(graph, source) if half else source
        for use in uses:
            if transposed:
                _multiply_by_transpose(graph, use.node, taken)
            else:
                use.node.replace_input_with(use.idx, taken)
    del graph.initializers[value.name]
    return True


def _cast(graph: Any, source: Any) -> Any:
    import onnx_ir as ir

    node = ir.Node(
        "",
        "Cast",
        [source],
        [ir.AttrInt64("to", ir.DataType.FLOAT)],
        outputs=[ir.Value(name=f"{source.name}.float")],
    )
    graph.insert_before(graph[0], node)
    return node.outputs[0]


def _cast_after(graph: Any, gather: Any, source: Any) -> None:
    """Look float16 rows up and cast them, rather than cast a whole table to look up a few."""
    import onnx_ir as ir

    rows = ir.Node("", "Gather", [source, gather.inputs[1]], list(gather.attributes.values()))
    rows.outputs[0].name = f"{gather.outputs[0].name}.half"
    cast = ir.Node("", "Cast", [rows.outputs[0]], [ir.AttrInt64("to", ir.DataType.FLOAT)])
    _replace(graph, gather, [rows, cast])


def _multiply_by_transpose(graph: Any, product: Any, matrix: Any) -> None:
    import onnx_ir as ir

    fused = ir.Node(_FUSED_DOMAIN, "FusedMatMul", [product.inputs[0], matrix], [ir.AttrInt64("transB", 1)])
    _replace(graph, product, [fused])


def _replace(graph: Any, old: Any, new: list[Any]) -> None:
    import onnx_ir as ir

    ir.convenience.replace_nodes_and_values(graph, old, [old], new, old.outputs, new[-1].outputs)


def _write_rest(values: list[Any], path: str) -> int:
    import onnx_ir as ir

    offset = 0
    with open(path, "wb") as file:
        for value in values:
            offset += file.write(bytes(-offset % _ALIGNMENT))
            tensor = value.const_value
            written = file.write(tensor.tobytes())
            value.const_value = ir.ExternalTensor(
                os.path.basename(path), offset, written, tensor.dtype, shape=tensor.shape, name=value.name
            )
            offset += written
    return offset
