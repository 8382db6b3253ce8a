"""A new library's model is opened while the rest is imported, where there is nothing to do but to open it."""

import pytest

from indexer.ahead import open_ahead
from indexer.update import Update
from searchengine.encoders import load_encoder, self_test
from searchengine.encoders.onnx_runtime import OnnxEncoder
from tests.indexer.tree import picture


@pytest.fixture(autouse=True)
def cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("IMGSEARCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def tried():
    """The built-in model has had its self-test."""
    self_test.fastest(load_encoder("builtin", runtime="onnx"))


def test_what_has_been_tried_is_opened(tried):
    encoder = open_ahead("builtin", "onnx", "auto").result()
    assert encoder is not None
    encoder.open_images()  # or wait until that is done
    tower = vars(encoder)["_images"]
    encoder.open_images()
    assert vars(encoder)["_images"] is tower


@pytest.mark.parametrize(
    ("name", "runtime"), [("builtin", "torch"), ("ViT-B-32/no-such", "onnx"), ("/nowhere", "onnx")]
)
def test_what_takes_more_than_opening_is_left_to_the_run(name, runtime, tried):
    assert open_ahead(name, runtime, "auto").result() is None


def test_what_hasnt_been_tried_is_left_to_the_run():
    assert open_ahead("builtin", "onnx", "auto").result() is None


def test_a_new_library_uses_it_and_one_that_is_there_does_not(tmp_path, tried, monkeypatch):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "1.png").write_bytes(picture(1))
    ahead = open_ahead("builtin", "onnx", "auto")
    first = Update(tmp_path / "library", model="builtin", runtime="onnx", ahead=ahead)
    assert first.run([photos]).added == 1
    assert first.encoder is ahead.result()

    (photos / "2.png").write_bytes(picture(2))
    second = Update(tmp_path / "library", runtime="onnx", ahead=ahead)
    assert second.run([photos]).added == 1
    assert isinstance(second.encoder, OnnxEncoder)
    assert second.encoder is not ahead.result()
