import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from indexer.precision import confirmed, in_precision, precision_of
from searchengine.encoders import export, load_encoder, openvino_runtime, patches, self_test, towers
from searchengine.encoders.parity import MIN_COSINE, Parity
from searchengine.encoders.precision import MEAN_COSINE, QUICK, WORST_COSINE, Trial, choose
from searchengine.encoders.preprocess import preprocess
from searchengine.errors import ModelError, UsageError
from searchengine.images.open import open_image
from tests.encoders import models

EXACT = Trial("float32", 0.1)


@pytest.fixture
def clip(exported_cache, cache_folder, clip_folder):
    """A small CLIP whose export is in a cache of the test's own."""
    shutil.copytree(exported_cache / "models", cache_folder / "models")
    return load_encoder(str(clip_folder), runtime="onnx")


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
        # Hardly faster than float32 by the other engine.
        ([Trial("float32", 0.06, 1.0, 1.0, "openvino"), Trial("bfloat16", 0.055, 1.0, 1.0)], "float32"),
    ],
)
def test_the_fastest_faithful_precision_is_chosen(others, chosen):
    assert choose(EXACT, others).precision == chosen


@pytest.mark.parametrize(
    ("seconds", "cosine", "engine"),
    [
        (0.08, 1.0, "openvino"),
        (0.099, 1.0, "onnxruntime"),  # not by enough to open another
        (0.08, 0.9999, "onnxruntime"),  # faithful, but that isn't float32
    ],
)
def test_float32_runs_by_the_engine_that_is_faster_at_the_same_vectors(seconds, cosine, engine):
    chosen = choose(EXACT, [Trial("float32", seconds, cosine, cosine, "openvino")])
    assert (chosen.precision, chosen.engine) == ("float32", engine)


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
    engines = ["onnxruntime"] if openvino_runtime.lacking("int8") else ["onnxruntime", "openvino"]
    trials = []
    vectors = []
    for encoder in (even, uneven):
        _, exact = self_test.trial(encoder, "float32", "onnxruntime")
        vectors.append(exact)
        trials.append([self_test.trial(encoder, "int8", engine, exact)[0] for engine in engines])
    assert np.abs(vectors[0] - vectors[1]).max() < 1e-4  # the same model, as far as float32 can tell
    assert all(each.faithful for each in trials[0])
    assert not any(each.faithful for each in trials[1])
    assert choose(EXACT, trials[1]) == EXACT

    # Had made pictures not shown it, the first real ones do, and it isn't chosen again.
    unseen = [EXACT, Trial("bfloat16", 0.05, 0.9, 0.9, "openvino"), Trial("int8", 0.02, engine=engines[-1])]
    self_test._keep(uneven, unseen, confirmed=False)
    chosen = self_test.fastest(uneven)
    assert chosen.precision == "int8"
    assert self_test.wants_confirmation(chosen)
    real = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    assert self_test.confirm(chosen, real).precision == "float32"
    assert self_test.fastest(uneven).precision == "float32"


def test_a_faithful_precision_is_confirmed_once_on_the_users_own_pictures(clip, tmp_path):
    self_test._keep(clip, [EXACT, Trial("int8", 0.02)], confirmed=False)
    chosen = in_precision(clip, "auto", None)
    files = [tmp_path / f"{i}.png" for i in range(3)]
    for i, file in enumerate(files):
        Image.effect_noise((48, 40), 20 * i + 20).save(file)
    paths = [os.fsencode(file) for file in files] + [os.fsencode(tmp_path / "gone.png")]
    told = []
    assert confirmed(chosen, paths, told.append) is chosen
    assert not self_test.wants_confirmation(in_precision(clip, "auto", None))
    assert told == []


@pytest.mark.parametrize(
    ("precision", "engine"),
    [
        ("float32", "onnxruntime"),
        ("float32", "openvino"),
        ("bfloat16", "openvino"),
        ("int8", "openvino"),
        ("int8", "onnxruntime"),
    ],
)
def test_weights_that_are_a_hard_link_as_those_from_a_hub_are_will_do(clip, tmp_path, precision, engine):
    if engine == "openvino" and openvino_runtime.lacking(precision):
        pytest.skip(openvino_runtime.lacking(precision))
    os.link(os.path.join(clip._export.folder, export.WEIGHTS), tmp_path / "in the hub's cache")
    vectors = clip.at(precision, engine).encode_images(np.zeros((1, 32, 32, 3), np.uint8))
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("precision", "engine"),
    [
        ("bfloat16", "openvino"),
        ("int8", "openvino"),
        ("int8", "onnxruntime"),
    ],
)
def test_the_builtin_model_runs_in_every_precision_the_machine_has(precision, engine):
    if engine == "openvino" and openvino_runtime.lacking(precision):
        pytest.skip(openvino_runtime.lacking(precision))
    encoder = load_encoder("builtin", runtime="onnx")
    _, exact = self_test.trial(encoder, "float32", "onnxruntime")
    measured, vectors = self_test.trial(encoder, precision, engine, exact)
    assert measured.faithful
    assert not np.array_equal(vectors, exact)  # it isn't the same under another name
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
    trials = [Trial(**each) for each in json.loads(kept.read_text())["trials"]]
    assert trials[0].precision == "float32"
    assert len(trials) == 1 or trials[0].seconds >= QUICK
    monkeypatch.setattr(self_test, "tried", None)
    again = self_test.fastest(encoder)
    assert (again.precision, again.engine) == (chosen.precision, chosen.engine)
    assert os.listdir(cache_folder / "precision") == [kept.name]


def test_a_space_keeps_the_precision_it_was_begun_in(monkeypatch):
    encoder = load_encoder("builtin", runtime="onnx")
    assert precision_of(in_precision(encoder, "int8", None)) == "int8"
    assert precision_of(in_precision(encoder, "auto", "int8")) == "int8"
    assert precision_of(in_precision(encoder, "auto", "float32")) == "float32"
    monkeypatch.setattr(openvino_runtime, "lacking", lambda _: "there is none")
    told = []
    assert precision_of(in_precision(encoder, "auto", "bfloat16", told.append)) == "float32"
    assert "because there is none" in told[0]
    with pytest.raises(ModelError, match=r"there is none\. Use --precision float32"):
        in_precision(encoder, "bfloat16", None).encode_images(np.zeros((1, 96, 96, 3), np.uint8))


def test_torch_runs_in_float32_only():
    with pytest.raises(UsageError, match="goes with --runtime onnx"):
        in_precision(object(), "bfloat16", None)
    assert precision_of(in_precision(object(), "float32", None)) == "float32"


@pytest.mark.skipif(openvino_runtime.lacking("float32") is not None, reason="needs OpenVINO")
def test_openvino_comes_without_its_converter_and_telemetry():
    code = (
        "import sys; from searchengine.encoders import openvino_runtime; openvino_runtime.lacking('int8');"
        "import openvino; print([name for name in sys.modules if 'telemetry' in name or '.ovc' in name])"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert told.strip() == "[]"


@pytest.mark.skipif(openvino_runtime.lacking("float32") is not None, reason="needs OpenVINO")
def test_both_engines_give_the_same_float32(clip):
    _, exact = self_test.trial(clip, "float32", "onnxruntime")
    measured, _ = self_test.trial(clip, "float32", "openvino", exact)
    assert (measured.engine, measured.precision) == ("openvino", "float32")
    assert measured.worst >= MIN_COSINE


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_any_number_of_pictures_comes_back_in_order(engine, clip):
    if engine == "openvino" and openvino_runtime.lacking("int8"):
        pytest.skip(openvino_runtime.lacking("int8"))
    encoder = clip.at("int8", engine)
    pixels = np.random.default_rng(0).integers(0, 256, (37, 32, 32, 3), dtype=np.uint8)
    together = encoder.encode_images(pixels)
    alone = np.concatenate([encoder.encode_images(pixels[i : i + 1]) for i in range(37)])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert encoder.encode_images(pixels[:0]).shape == (0, 48)


def test_patches_as_a_product_are_the_convolution_of_the_normalised_picture(tmp_path):
    import onnx
    from onnx import helper, numpy_helper
    from onnxruntime import InferenceSession

    rng = np.random.default_rng(0)
    constants = {
        "kernel": rng.standard_normal((5, 3, 4, 4)),
        "bias": rng.standard_normal(5),
        "scale": rng.uniform(0.5, 2, (1, 3, 1, 1)) / 255,
        "shift": rng.standard_normal((1, 3, 1, 1)),
    }

    def graph(stride):
        nodes = [
            helper.make_node("Transpose", ["pixels"], ["a"], perm=[0, 3, 1, 2]),
            helper.make_node("Cast", ["a"], ["b"], to=1),
            helper.make_node("Mul", ["b", "scale"], ["c"]),
            helper.make_node("Add", ["c", "shift"], ["d"]),
            helper.make_node("Conv", ["d", "kernel", "bias"], ["out"], strides=[stride, stride]),
        ]
        stored = [numpy_helper.from_array(each.astype(np.float32), name) for name, each in constants.items()]
        ends = [
            [helper.make_tensor_value_info("pixels", 2, ["n", 8, 12, 3])],
            [helper.make_tensor_value_info("out", 1, ["n", 5, "rows", "columns"])],
        ]
        return helper.make_model(
            helper.make_graph(nodes, "g", *ends, stored), opset_imports=[helper.make_opsetid("", 20)]
        )

    def answers(model):
        session = InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        return session.run(None, {"pixels": pixels})[0]

    pixels = rng.integers(0, 256, (3, 8, 12, 3), dtype=np.uint8)
    model = graph(4)
    expected = answers(model)
    assert patches.as_product(model.graph, (8, 12))
    onnx.checker.check_model(model)
    assert not any(node.op_type == "Conv" for node in model.graph.node)
    np.testing.assert_allclose(answers(model), expected, rtol=1e-4, atol=1e-4)

    overlapping = graph(2)
    assert not patches.as_product(overlapping.graph, (8, 12))
    assert any(node.op_type == "Conv" for node in overlapping.graph.node)


@pytest.mark.parametrize("pool", ["tok", "avg"])
def test_the_blocks_that_are_exported_compute_what_the_model_does_and_are_put_back(pool):
    import torch

    vision = {**models.VISION, "layers": 3, "pool_type": pool}
    module = models.module({**models.CLIP, "vision_cfg": vision})
    before = list(module.visual.transformer.resblocks)
    pixels = torch.randn((2, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = module.encode_image(pixels)
        with towers.plain_blocks(module):
            assert list(module.visual.transformer.resblocks) != before
            torch.testing.assert_close(module.encode_image(pixels), expected)
    assert list(module.visual.transformer.resblocks) == before


@pytest.mark.shared
@pytest.mark.slow
def test_int8_of_the_true_architecture_is_faithful_on_real_photos(tmp_path):
    """CLIP ViT-B-32-256 with random weights, its ranges set by made pictures alone."""
    from tests.encoders.test_photos import PHOTOS

    if not PHOTOS:
        pytest.skip("no shared photos: set IMGSEARCH_SHARED")
    vision = {"image_size": 256, "layers": 12, "width": 768, "patch_size": 32}
    folder = models.write(tmp_path / "vit", {**models.CLIP, "embed_dim": 512, "vision_cfg": vision})
    encoder = load_encoder(str(folder), runtime="onnx")
    pixels = np.stack(
        [preprocess(open_image(path.read_bytes()).image, encoder.spec.preprocessing) for path in PHOTOS]
    )
    exact = encoder.encode_images(pixels)
    mean, worst = self_test.compared(encoder.at("int8").encode_images(pixels), exact)
    assert mean >= MEAN_COSINE
    assert worst >= WORST_COSINE
