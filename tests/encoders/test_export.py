"""Exports of each kind of model, against torch and against open_clip's own calls."""

import os

import numpy as np
import pytest
import torch
from open_clip import SimpleTokenizer

from searchengine.encoders import cache, export, names, parity, towers
from searchengine.encoders.locate import locate
from searchengine.encoders.onnx_runtime import OnnxEncoder
from searchengine.encoders.torch_model import load
from searchengine.encoders.torch_runtime import TorchEncoder
from searchengine.errors import ModelError, ParityError
from tests.encoders import models

TEXTS = ["", "dog", "a dog on a beach", "Two cats & a <b>parrot</b>, 1999", "very long " * 40, "日本の桜 🦊"]


def loaded(folder):
    return load(locate(names.parse(str(folder))))


def own_texts(model):
    with torch.inference_mode():
        return model.module.encode_text(SimpleTokenizer(context_length=20)(TEXTS), normalize=True).numpy()


def own_images(model, pixels):
    mean, std = (torch.tensor(models.PREPROCESS[key]).reshape(1, 3, 1, 1) for key in ("mean", "std"))
    with torch.inference_mode():
        images = (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255 - mean) / std
        return model.module.encode_image(images, normalize=True).numpy()


def cosines(ours, theirs):
    return (ours * theirs).sum(axis=1)


@pytest.mark.parametrize(
    ("config", "half", "cut", "own_image_tower"),
    [
        (models.CLIP, False, True, True),
        (models.CUSTOM_TEXT, True, True, False),  # for pictures it is CLIP
        (models.MOBILE_CLIP, True, False, True),
        (models.SIGLIP, False, False, False),
        (models.COCA, False, False, True),
    ],
    ids=["CLIP", "CustomTextCLIP", "MobileCLIP2-S0", "SigLIP", "CoCa"],
)
def test_each_kind_of_model_answers_alike_in_every_runtime(  # noqa: PLR0917 - a column each
    request, tmp_path, config, half, cut, own_image_tower
):
    if not own_image_tower:
        request.getfixturevalue("no_image_graph")
    model = loaded(models.write(tmp_path / "model", config, half=half))
    exported = export.export(model)
    onnx, on_torch = OnnxEncoder(exported), TorchEncoder(model)

    # Nothing but the graphs and the one file of weights: batch normalisation isn't merged into a second.
    graphs = ["image.onnx", "text.onnx"] if own_image_tower else ["text.onnx"]
    assert set(os.listdir(exported.folder)) == {*graphs, "model.json", "weights.safetensors"}
    assert os.path.getsize(os.path.join(exported.folder, "text.onnx")) < 100_000
    assert exported.manifest.cut is cut
    assert onnx.spec == on_torch.spec == exported.manifest.spec
    assert (onnx.spec.logit_bias == -10) is (config is models.SIGLIP)
    for encoder in (onnx, on_torch):
        texts = encoder.encode_texts(TEXTS)
        assert texts.dtype == np.float32
        assert cosines(texts, own_texts(model)).min() > 0.99999
        assert np.abs(texts - own_texts(model)).max() < 1e-5
    one_by_one = np.concatenate([onnx.encode_texts([text]) for text in TEXTS])
    assert np.abs(one_by_one - onnx.encode_texts(TEXTS)).max() < 1e-5
    assert exported.manifest.parity["text"]["min_cosine"] > 0.99999
    if own_image_tower:
        pixels = np.random.default_rng(0).integers(
            0, 256, (5, *onnx.spec.preprocessing.size, 3), dtype=np.uint8
        )
        for encoder in (onnx, on_torch):
            images = encoder.encode_images(pixels)
            assert images.dtype == np.float32
            assert cosines(images, own_images(model, pixels)).min() > 0.99999
        assert exported.manifest.parity["image"]["max_difference"] < 1e-5


def test_a_checkpoint_that_is_no_safetensors_file_gets_its_weights_beside_the_graphs(
    tmp_path, monkeypatch, no_image_graph
):
    from open_clip import factory

    monkeypatch.setitem(factory._MODEL_CONFIGS, "tiny", models.CLIP)
    path = tmp_path / "weights.pt"
    torch.save(models.module(models.CLIP).state_dict(), path)
    model = load(locate(names.parse(f"tiny={path}")))
    exported = export.export(model)
    assert "weights.safetensors" not in os.listdir(exported.folder)
    assert model.spec.name == f"tiny={path}"
    assert np.abs(OnnxEncoder(exported).encode_texts(TEXTS) - own_texts(model)).max() < 1e-5


def test_no_pictures_and_no_texts_give_no_vectors(clip_folder, exported):
    (found,) = cache.exports()
    for encoder in (OnnxEncoder(found), TorchEncoder(loaded(clip_folder))):
        assert encoder.encode_texts([]).shape == (0, 48)
        assert encoder.encode_images(np.empty((0, 32, 32, 3), np.uint8)).shape == (0, 48)


def test_batches_change_nothing(exported):
    encoder = OnnxEncoder(next(iter(cache.exports())))
    pixels = np.random.default_rng(0).integers(0, 256, (37, 32, 32, 3), dtype=np.uint8)
    together = encoder.encode_images(pixels)
    alone = np.concatenate([encoder.encode_images(pixels[i : i + 1]) for i in range(37)])
    assert np.abs(together - alone).max() < 1e-5
    texts = [f"picture {i} " + "more " * (i % 7) for i in range(150)]
    alone = np.concatenate([encoder.encode_texts([text]) for text in texts])
    assert np.abs(encoder.encode_texts(texts) - alone).max() < 1e-5


def test_an_export_that_answers_otherwise_is_refused_and_not_kept(clip_folder, monkeypatch):
    original = towers.image_tower

    def darker(module, preprocessing):
        tower = original(module, preprocessing)
        tower.shift -= 0.5
        return tower

    monkeypatch.setattr(towers, "image_tower", darker)
    monkeypatch.setattr(export, "_export_text", lambda *_: (True, parity.Parity(0.0, 1.0)))
    with pytest.raises(ParityError, match=r"image tower .* Nothing was kept\. .*--runtime torch"):
        export.export(loaded(clip_folder))
    assert list(cache.exports()) == []


def test_tokens_that_are_not_open_clips_are_refused(clip_folder, monkeypatch):
    monkeypatch.setattr(parity, "TEXTS", ("dog",))
    model = loaded(clip_folder)
    monkeypatch.setattr("searchengine.encoders.clip_bpe.encode", lambda _text: [1, 2])
    with pytest.raises(ParityError, match="tokens"):
        export.export(model)


def test_a_model_that_torch_can_not_export_is_said_to_run_by_torch(clip_folder, monkeypatch):
    def fails(*_args, **_options):
        raise RuntimeError("unsupported operator\nmore")

    monkeypatch.setattr(torch.onnx, "export", fails)
    with pytest.raises(ModelError, match="unsupported operator Use it with --runtime torch"):
        export.export(loaded(clip_folder))


def test_weights_that_do_not_fit_are_named(tmp_path):
    folder = models.write(tmp_path / "model", models.CLIP)
    other = models.write(tmp_path / "other", {**models.CLIP, "embed_dim": 32})
    os.replace(other / "open_clip_model.safetensors", folder / "open_clip_model.safetensors")
    with pytest.raises(ModelError, match=r"open_clip_model\.safetensors can't be loaded"):
        loaded(folder)


@pytest.mark.parametrize(
    ("ours", "good"),
    [
        ([[1.0, 0.0]], True),
        ([[1.0, 5e-5]], True),
        ([[1.0, 2e-3]], False),
        ([[np.nan, 0.0]], False),
        ([[1.0, 0.0], [1.0, 0.0]], False),
        ([[-1.0, 0.0]], False),
    ],
)
def test_parity_is_close_or_it_is_not(ours, good):
    assert parity.compare(np.array(ours, np.float32), np.array([[1.0, 0.0]], np.float32)).good is good
