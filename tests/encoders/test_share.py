"""Graphs that point into a safetensors file, as ONNX Runtime reads them."""

import numpy as np
import onnx_ir as ir
import pytest
from safetensors.numpy import save_file

from searchengine.encoders.onnx_runtime import open_session
from searchengine.encoders.share import share_weights, stored_tensors, strip

RNG = np.random.default_rng(0)
TABLE = RNG.standard_normal((300, 16)).astype(np.float16)
LINEAR = RNG.standard_normal((64, 16)).astype(np.float32)
PLAIN = RNG.standard_normal((64, 24)).astype(np.float32)
FOREIGN = RNG.standard_normal((24, 700)).astype(np.float32)


def graph(table=TABLE):
    """Look rows up, multiply by a transpose, by a matrix as stored, and by one that isn't stored."""

    def initializer(name, values):
        return ir.Value(name=name, const_value=ir.tensor(values.astype(np.float32), name=name))

    tokens = ir.Value(name="tokens", shape=ir.Shape(["n"]), type=ir.TensorType(ir.DataType.INT64))
    weights = [
        initializer("table", table),
        initializer("linear", np.ascontiguousarray(LINEAR.T)),
        initializer("plain", PLAIN),
        initializer("foreign", FOREIGN),
    ]
    rows = ir.node("Gather", [weights[0], tokens])
    wide = ir.node("MatMul", [rows.outputs[0], weights[1]])
    narrow = ir.node("MatMul", [wide.outputs[0], weights[2]])
    last = ir.node("MatMul", [narrow.outputs[0], weights[3]])
    last.outputs[0].name = "answers"
    last.outputs[0].type = ir.TensorType(ir.DataType.FLOAT)
    nodes = [rows, wide, narrow, last]
    made = ir.Graph(
        [tokens], [last.outputs[0]], nodes=nodes, initializers=weights, opset_imports={"": 20}, name="g"
    )
    made[0].metadata_props["where"] = "/home/someone/model.py"
    return ir.Model(made, ir_version=10)


@pytest.fixture
def folder(tmp_path):
    save_file(
        {
            "table": TABLE,
            "linear": LINEAR,
            "plain": PLAIN,
            "other": PLAIN + 1,
            "steps": np.zeros(600, np.int64),
        },
        tmp_path / "weights.safetensors",
    )
    return tmp_path


def test_stored_tensors_are_the_floats_of_the_file(folder):
    tensors = stored_tensors(str(folder / "weights.safetensors"))
    assert sorted(tensor.values.shape for tensor in tensors) == [(64, 16), (64, 24), (64, 24), (300, 16)]
    content = (folder / "weights.safetensors").read_bytes()
    for tensor in tensors:
        raw = content[tensor.offset : tensor.offset + tensor.values.nbytes]
        assert np.array_equal(
            np.frombuffer(raw, tensor.values.dtype).reshape(tensor.values.shape), tensor.values
        )


def test_a_graph_that_shares_its_weights_gives_the_same_answers(folder):
    model = graph()
    stored = stored_tensors(str(folder / "weights.safetensors"))
    written = share_weights(model, stored, "weights.safetensors", str(folder / "g.weights"))
    ir.save(model, folder / "g.onnx")

    assert written == FOREIGN.nbytes == (folder / "g.weights").stat().st_size
    assert (folder / "g.onnx").stat().st_size < 2000
    assert [node.op_type for node in model.graph] == ["Gather", "Cast", "FusedMatMul", "MatMul", "MatMul"]
    tokens = np.array([3, 299, 0])
    expected = TABLE[tokens].astype(np.float32) @ LINEAR.T @ PLAIN @ FOREIGN
    for pack in (True, False):
        answers = open_session(str(folder / "g.onnx"), pack=pack).run(None, {"tokens": tokens})[0]
        assert np.allclose(answers, expected, rtol=1e-4, atol=1e-3)


def test_nothing_is_shared_with_a_file_of_other_weights(folder):
    model = graph(table=TABLE + np.float16(1))
    others = [
        tensor
        for tensor in stored_tensors(str(folder / "weights.safetensors"))
        if tensor.values.shape[0] != 64
    ]
    share_weights(model, others, "weights.safetensors", str(folder / "g.weights"))
    locations = {
        value.const_value.location
        for value in model.graph.initializers.values()
        if hasattr(value.const_value, "location")
    }
    assert locations == {"g.weights"}


def test_the_exporters_notes_are_taken_out(folder):
    model = graph()
    strip(model)
    ir.save(model, folder / "g.onnx")
    assert b"someone" not in (folder / "g.onnx").read_bytes()
