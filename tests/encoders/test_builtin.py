"""The model that is shipped: its files belong together, and it opens without torch."""

import os
import subprocess
import sys

import numpy as np
import pytest

from searchengine.encoders import cache, load_encoder, resolve
from searchengine.encoders.locate import BUILTIN_FOLDER, sha256
from searchengine.errors import ModelMismatchError

MOST_BYTES = 30_000_000
REMEDY = "the weights have changed: run scripts/make_builtin_onnx.py"


@pytest.fixture(scope="module")
def manifest():
    found = cache.read(BUILTIN_FOLDER)
    assert found is not None, "run scripts/make_builtin_onnx.py"
    return found.manifest


def test_the_graphs_were_made_from_the_weights_beside_them(manifest):
    assert manifest.spec.weights == sha256(os.path.join(BUILTIN_FOLDER, "open_clip_model.safetensors")), (
        REMEDY
    )
    assert manifest.spec.name == "builtin"
    assert manifest.source == {}  # no path of the machine that made it
    assert manifest.parity["text"]["min_cosine"] > 0.99999
    assert manifest.parity["image"]["min_cosine"] > 0.99999


def test_all_that_is_shipped_is_small():
    files = [entry for entry in os.scandir(BUILTIN_FOLDER) if entry.is_file()]
    assert sum(entry.stat().st_size for entry in files) <= MOST_BYTES
    assert {"MODEL_CARD.md", "model.json", "text.onnx", "image.onnx"} <= {entry.name for entry in files}


def test_it_answers_as_open_clip_does():
    onnx, torch = (load_encoder("builtin", runtime=runtime) for runtime in ("onnx", "torch"))
    assert onnx.spec == torch.spec
    texts = ["a red car", "two foxes in the snow", "", "ein Hund &amp; 🐈"]
    assert np.abs(onnx.encode_texts(texts) - torch.encode_texts(texts)).max() < 1e-5
    size = onnx.spec.preprocessing.size
    pixels = np.random.default_rng(0).integers(0, 256, (3, *size, 3), dtype=np.uint8)
    assert np.abs(onnx.encode_images(pixels) - torch.encode_images(pixels)).max() < 1e-5


def test_neither_words_nor_pictures_need_torch(manifest):
    code = """
import sys
import numpy as np
from searchengine.encoders import load_encoder
encoder = load_encoder("builtin", runtime="onnx", weights=sys.argv[1])
encoder.encode_texts(["a red car"])
encoder.encode_images(np.zeros((1, *encoder.spec.preprocessing.size, 3), np.uint8))
print(*sorted({"torch", "open_clip", "torchvision", "huggingface_hub"} & set(sys.modules)))
"""
    printed = subprocess.check_output(
        [sys.executable, "-W", "error", "-c", code, manifest.spec.weights], text=True
    )
    assert printed.strip() == ""


def test_a_library_made_with_another_version_of_it_is_told_apart():
    with pytest.raises(ModelMismatchError, match="another version of imgsearch"):
        load_encoder("builtin", runtime="onnx", weights="0" * 64)


def test_nothing_must_be_downloaded(manifest):
    resolved = resolve("builtin")
    assert (resolved.path, resolved.download_bytes, resolved.exported) == (BUILTIN_FOLDER, 0, True)


def test_the_table_of_models_says_what_it_is(manifest):
    from searchengine.encoders.registry import known

    row = known("builtin")
    assert (row.dim, row.input_size) == (manifest.spec.dim, manifest.spec.preprocessing.size[0])
    assert row.download_bytes == 0
