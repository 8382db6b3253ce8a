import json
import os

import numpy as np
import pytest

from indexer.precision import in_precision, precision_of
from searchengine.encoders import export, load_encoder, openvino_runtime, self_test
from searchengine.encoders.parity import Parity
from searchengine.encoders.precision import QUICK, Trial, choose
from searchengine.errors import ModelError, UsageError
from tests.encoders import models

EXACT = Trial("float32", 0.1)


@pytest.mark.parametrize(
    ("others", "chosen"),
    [
        ([], "float32"),
        ([Trial("bfloat16", 0.05, 0.9999, 0.9998)], "bfloat16"),
        ([Trial("bfloat16", 0.09, 0.9999, 0.9998)], "float32"),  # hardly faster
        ([Trial("int8", 0.02, 0.9995, 0.9949)], "float32"),  # one picture is off
        ([Trial("int8", 0.02, 0.9989, 0.9960)], "float32"),  # all of them are, a little
        ([Trial("int8", 0.02, -1.0, -1.0), Trial("bfloat16", 0.05, 1.0, 1.0)], "bfloat16"),
        ([Trial("int8", 0.02, 0.9999, 0.9999), Trial("bfloat16", 0.05, 1.0, 1.0)], "int8"),
    ],
)
def test_the_fastest_faithful_precision_is_chosen(others, chosen):
    assert choose(EXACT, others) == chosen


def with_outliers(folder):
    """The same function in float32, with two channels of the activations a thousand times larger."""
    from safetensors.torch import load_file, save_file

    path = folder / "open_clip_model.safetensors"
    weights = load_file(path)
    channels = [3, 17]
    layer = "visual.transformer.resblocks.0."
    for norm, product in (("ln_1", "attn.in_proj_weight"), ("ln_2", "mlp.c_fc.weight")):
        for part in ("weight", "bias"):
            weights[f"{layer}{norm}.{part}"][channels] *= 1000
        weights[f"{layer}{product}"][:, channels] /= 1000
    save_file(weights, path)
    return folder


def test_the_self_test_takes_int8_of_an_even_model_and_rejects_it_where_a_few_channels_stand_out(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(export, "_export_text", lambda *_: (False, Parity(0.0, 1.0)))  # half the time
    even = load_encoder(str(models.write(tmp_path / "even", models.CLIP)), runtime="onnx")
    uneven = load_encoder(str(with_outliers(models.write(tmp_path / "uneven", models.CLIP))), runtime="onnx")
    trials = []
    vectors = []
    for encoder in (even, uneven):
        _, exact = self_test.trial(encoder, "float32")
        vectors.append(exact)
        trials.append(self_test.trial(encoder, "int8", exact)[0])
    assert np.abs(vectors[0] - vectors[1]).max() < 1e-4  # the same model, as far as float32 can tell
    assert trials[0].faithful
    assert not trials[1].faithful
    assert choose(EXACT, [trials[1]]) == "float32"


@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
def test_the_builtin_model_runs_in_every_precision_the_machine_has(precision):
    if precision == "bfloat16" and openvino_runtime.lacking():
        pytest.skip(openvino_runtime.lacking())
    encoder = load_encoder("builtin", runtime="onnx")
    _, exact = self_test.trial(encoder, "float32")
    measured, vectors = self_test.trial(encoder, precision, exact)
    assert measured.faithful
    assert not np.array_equal(vectors, exact)  # it isn't float32 under another name
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_texts_are_embedded_the_same_in_every_precision():
    encoder = load_encoder("builtin", runtime="onnx")
    np.testing.assert_array_equal(
        encoder.encode_texts(["a red square"]), encoder.at("int8").encode_texts(["a red square"])
    )


def test_the_self_test_is_kept(cache_folder, monkeypatch):
    encoder = load_encoder("builtin", runtime="onnx")
    chosen = self_test.fastest(encoder)
    (kept,) = (cache_folder / "precision").iterdir()
    trials = [Trial(**each) for each in json.loads(kept.read_text())]
    assert trials[0].precision == "float32"
    assert len(trials) == 1 or trials[0].seconds >= QUICK
    monkeypatch.setattr(self_test, "tried", None)
    assert self_test.fastest(encoder) == chosen
    assert os.listdir(cache_folder / "precision") == [kept.name]


def test_a_space_keeps_the_precision_it_was_begun_in(monkeypatch):
    encoder = load_encoder("builtin", runtime="onnx")
    assert precision_of(in_precision(encoder, "int8", None)) == "int8"
    assert precision_of(in_precision(encoder, "auto", "int8")) == "int8"
    assert precision_of(in_precision(encoder, "auto", "float32")) == "float32"
    monkeypatch.setattr(openvino_runtime, "lacking", lambda: "there is none")
    told = []
    assert precision_of(in_precision(encoder, "auto", "bfloat16", told.append)) == "float32"
    assert "because there is none" in told[0]
    with pytest.raises(ModelError, match=r"there is none\. Use --precision float32"):
        in_precision(encoder, "bfloat16", None).encode_images(np.zeros((1, 96, 96, 3), np.uint8))


def test_torch_runs_in_float32_only():
    with pytest.raises(UsageError, match="goes with --runtime onnx"):
        in_precision(object(), "bfloat16", None)
    assert precision_of(in_precision(object(), "float32", None)) == "float32"
