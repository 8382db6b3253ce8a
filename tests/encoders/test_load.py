"""Opening models by name: which of them, how, and what is said when it can't be."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from searchengine.encoders import cache, device, export, load, load_encoder, locate, names, resolve
from searchengine.encoders.onnx_runtime import OnnxEncoder
from searchengine.encoders.parity import Parity
from searchengine.encoders.torch_runtime import TorchEncoder
from searchengine.errors import (
    ModelDownloadError,
    ModelError,
    ModelMismatchError,
    ModelNotFoundError,
    ParityError,
)
from tests.encoders import models

QUERY = """
import sys
from searchengine.encoders import load_encoder
encoder = load_encoder(sys.argv[1], runtime="onnx", weights=sys.argv[2] or None)
vector = encoder.encode_texts(["a dog on a beach"])[0]
heavy = {"torch", "open_clip", "torchvision", "transformers", "huggingface_hub", "onnx", "timm"}
heavy |= {"ftfy", "regex", "tokenizers", "PIL"}
print(vector.shape[0], *sorted(heavy & set(sys.modules)))
"""


@pytest.fixture
def folder(tmp_path, clip_folder):
    """A copy that a test may change."""
    return shutil.copytree(clip_folder, tmp_path / "clip")


@pytest.fixture
def no_torch(monkeypatch):
    """Fail where a model would be loaded by torch."""

    def refuse(*_args):
        raise AssertionError("torch was asked")

    monkeypatch.setattr("searchengine.encoders.torch_model.load", refuse)


def text(encoder):
    return encoder.encode_texts(["a dog on a beach"])


def run_query(name, weights=""):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", QUERY, str(name), weights],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_a_text_query_imports_nothing_heavy(exported, clip_folder):
    assert run_query(clip_folder) == ["48"]
    (found,) = cache.exports()
    assert run_query(clip_folder, found.manifest.spec.weights) == ["48"]


def test_a_second_opening_uses_the_export(exported, clip_folder, no_torch):
    told = []
    encoder = load_encoder(str(clip_folder), runtime="onnx", on_progress=told.append)
    assert isinstance(encoder, OnnxEncoder)
    assert encoder.spec.name == str(clip_folder)
    assert told == []


def test_pinned_weights_open_without_hashing_or_the_original(
    exported_cache, folder, monkeypatch, no_torch, tmp_path
):
    shutil.copytree(exported_cache, tmp_path / "cache")
    weights = load_encoder(str(folder), runtime="onnx").spec.weights  # the same model, moved
    shutil.rmtree(folder)
    monkeypatch.setattr(locate, "sha256", None)
    assert load_encoder(str(folder), runtime="onnx", weights=weights).spec.weights == weights
    with pytest.raises(ModelNotFoundError):
        load_encoder(str(folder), runtime="onnx")


def test_a_model_that_was_moved_is_known_again_without_torch(exported_cache, folder, no_torch, tmp_path):
    shutil.copytree(exported_cache, tmp_path / "cache")
    encoder = load_encoder(str(folder), runtime="onnx")
    assert encoder.spec.name == str(folder)
    assert len(list(cache.exports())) == 1
    assert resolve(str(folder)).exported


@pytest.fixture
def no_graphs(monkeypatch, no_image_graph):
    """Exports of which only model.json is looked at."""
    monkeypatch.setattr(export, "_export_text", lambda *_: (True, Parity(0.0, 1.0)))


def test_changed_weights_are_exported_anew(folder, no_graphs):
    first = load_encoder(str(folder), runtime="onnx").spec.weights
    models.write(folder, models.CLIP, seed=1)
    second = load_encoder(str(folder), runtime="onnx").spec.weights
    assert first != second
    assert {one.manifest.spec.weights for one in cache.exports()} == {first, second}


def test_a_changed_config_is_exported_anew(folder, no_graphs):
    load_encoder(str(folder), runtime="onnx")
    models.write(folder, models.CLIP, preprocess={**models.PREPROCESS, "resize_mode": "squash"})
    assert load_encoder(str(folder), runtime="onnx").spec.preprocessing.resize_mode == "squash"


@pytest.mark.parametrize("runtime", ["onnx", "torch"])
def test_other_weights_than_pinned_are_refused_with_the_remedy(exported, clip_folder, runtime):
    with pytest.raises(ModelMismatchError) as caught:
        load_encoder(str(clip_folder), runtime=runtime, weights="0" * 64)
    (found,) = cache.exports()
    for part in (
        "0000000000000000…",
        found.manifest.spec.weights[:16],
        "imgsearch switch-model",
        str(clip_folder),
    ):
        assert part in str(caught.value)


def test_the_torch_runtime_exports_too_for_later_queries(folder, no_image_graph):
    encoder = load_encoder(str(folder), runtime="torch")
    assert isinstance(encoder, TorchEncoder)
    assert resolve(str(folder)).exported
    assert np.abs(text(encoder) - text(load_encoder(str(folder), runtime="onnx"))).max() < 1e-5


def test_the_torch_runtime_works_where_an_export_does_not(folder, monkeypatch):
    def fails(*_args):
        raise ParityError("differs")

    monkeypatch.setattr("searchengine.encoders.export.export", fails)
    told = []
    assert text(load_encoder(str(folder), runtime="torch", on_progress=told.append)).shape == (1, 48)
    assert told[-1] == "Text queries will not work without torch: differs"
    with pytest.raises(ParityError):
        load_encoder(str(folder), runtime="onnx")


@pytest.mark.parametrize(
    ("accelerator", "said"),
    [
        (None, []),
        ("cuda", ["There is a GPU, but this build of torch can't use it: running on the CPU."]),
    ],
)
def test_auto_is_onnx_where_torch_has_no_accelerator(exported, clip_folder, monkeypatch, accelerator, said):
    monkeypatch.setattr(device, "accelerator", lambda: accelerator)
    monkeypatch.setattr(load, "_device", lambda: "cpu")
    told = []
    assert isinstance(load_encoder(str(clip_folder), on_progress=told.append), OnnxEncoder)
    assert told == said


def test_auto_is_torch_where_it_has_one(exported, clip_folder, monkeypatch):
    monkeypatch.setattr(device, "accelerator", lambda: "cuda")
    monkeypatch.setattr(load, "_device", lambda: "meta")  # a device that every build of torch has
    encoder = load_encoder(str(clip_folder))
    assert isinstance(encoder, TorchEncoder)
    assert encoder._device == "meta"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ViT-B-33/openai", "no architecture 'ViT-B-33'. Did you mean .*ViT-B-32"),
        ("ViT-B-32/openal", "Did you mean .*ViT-B-32/openai"),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(name, said):
    with pytest.raises(ModelNotFoundError, match=said):
        load_encoder(name)


def test_weights_of_the_wrong_activation_are_refused_before_any_download(monkeypatch):
    monkeypatch.setattr("searchengine.encoders.hub.fetch", None)
    with pytest.raises(ModelError, match="Use ViT-B-32-quickgelu/openai"):
        load_encoder("ViT-B-32/openai")


def test_a_folder_without_weights_is_named(folder):
    (folder / "open_clip_model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"no weights: put open_clip_model\.safetensors beside it"):
        load_encoder(str(folder))


@pytest.mark.parametrize("config", ["", "{}", '{"model_cfg": {}}', "[]"])
def test_a_config_that_is_none_is_named(folder, config):
    (folder / "open_clip_config.json").write_text(config)
    with pytest.raises(ModelError, match=r"open_clip_config\.json is not a model's config"):
        load_encoder(str(folder))


def test_a_text_tower_of_transformers_asks_for_the_extra(folder):
    text = {"hf_model_name": "roberta-base", "context_length": 20}
    (folder / "open_clip_config.json").write_text(
        f'{{"model_cfg": {{"embed_dim": 48, "vision_cfg": {{}}, "text_cfg": {text} }} }}'.replace("'", '"')
    )
    with pytest.raises(ModelError, match=r"imgsearch\[hf\]"):
        load_encoder(str(folder))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ({"hf_tokenizer_name": "org/words"}, "there is no tokenizer.json"),
        ({"hf_tokenizer_name": "org/words", "tokenizer_mode": "clips"}, "runs in the mode 'clips'"),
        ({"tokenizer_kwargs": {"reduction_mask": "simple"}}, "asks for reduction_mask"),
    ],
)
def test_tokenizers_that_can_not_be_run_are_named(tmp_path, text, said):
    config = {**models.CLIP, "text_cfg": {**models.TEXT, **text}}
    folder = models.write(tmp_path / "model", models.CLIP)
    (folder / "open_clip_config.json").write_text(
        __import__("json").dumps({"model_cfg": config, "preprocess_cfg": models.PREPROCESS})
    )
    with pytest.raises(ModelError, match=said):
        load_encoder(str(folder))


def test_a_model_with_a_hub_tokenizer_carries_it_into_its_export(tmp_path, no_image_graph):
    from tests.encoders.test_tokenizer import word_tokenizer

    config = {
        **models.SIGLIP,
        "text_cfg": {
            **models.SIGLIP["text_cfg"],
            "hf_tokenizer_name": "org/words",
            "tokenizer_kwargs": {"clean": "canonicalize", "strip_sep_token": True},
        },
    }
    folder = models.write(tmp_path / "model", config)
    word_tokenizer(folder)
    vector = text(load_encoder(str(folder), runtime="onnx"))
    shutil.rmtree(folder)
    (found,) = cache.exports()
    assert os.path.isfile(os.path.join(found.folder, "tokenizer.json"))
    assert (found.manifest.tokenizer.drop, found.manifest.tokenizer.pad) == (3, 0)
    assert np.array_equal(text(OnnxEncoder(found)), vector)


@pytest.mark.parametrize("settings", [None, '{"pad_token": {"content": "[PAD]"}}', '{"pad_token": "[PAD]"}'])
def test_special_tokens_are_found_as_transformers_finds_them(tmp_path, settings):
    from searchengine.encoders.hub_tokenizer import tokenizer_spec
    from tests.encoders.test_tokenizer import word_tokenizer

    word_tokenizer(tmp_path)
    path = tmp_path / "tokenizer_config.json"
    path.unlink() if settings is None else path.write_text(settings)
    text = {"hf_tokenizer_name": "org/words", "tokenizer_kwargs": {"strip_sep_token": True}}
    files = locate.ModelFiles(names.parse("builtin"), {"text_cfg": text}, "", tokenizer=str(tmp_path))
    spec = tokenizer_spec(files)
    assert (spec.pad, spec.drop, spec.length) == (0, 3, 77)
    path.write_text("{")
    with pytest.raises(ModelError, match=r"tokenizer_config\.json is not JSON"):
        tokenizer_spec(files)


def test_a_graph_that_can_not_be_opened_is_named(exported_cache, clip_folder, tmp_path):
    shutil.copytree(exported_cache, tmp_path / "cache")
    (found,) = cache.exports()
    with open(os.path.join(found.folder, "text.onnx"), "wb") as file:
        file.write(b"no graph")
    with pytest.raises(ModelError, match=r"can't open .*text\.onnx"):
        load_encoder(str(clip_folder), runtime="onnx").encode_texts(["what nobody has asked before"])


def test_no_hub_is_asked_for_what_is_known_not_to_be_there(monkeypatch):
    monkeypatch.setattr("searchengine.encoders.hub.cached", lambda *_: None)

    def refuse(*_args):
        raise ModelDownloadError("no network")

    monkeypatch.setattr("searchengine.encoders.hub._ask", refuse)
    resolved = resolve("ViT-B-32-256/datacomp_s34b_b86k")
    assert not resolved.downloaded
    assert resolved.download_bytes == 605_000_000
    assert resolve("hf-hub:org/model").download_bytes is None
    assert resolve("ViT-B-32/laion400m_e31").download_bytes is None
