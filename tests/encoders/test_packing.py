import threading

import numpy as np
import pytest

from searchengine.encoders import load_encoder, onnx_runtime
from searchengine.errors import ModelError


@pytest.fixture
def opened(monkeypatch):
    """How each session was opened."""
    calls = []
    open_session = onnx_runtime.open_session

    def open_and_note(path, *, pack=True):
        calls.append(pack)
        return open_session(path, pack=pack)

    monkeypatch.setattr(onnx_runtime, "open_session", open_and_note)
    return calls


def ask_often(encoder, start=0):
    vectors = [encoder.encode_texts([f"dog {number}"]) for number in range(start, start + onnx_runtime.OFTEN)]
    for thread in threading.enumerate():
        if thread.name == "pack":
            thread.join()
    return np.concatenate(vectors)


def test_who_goes_on_asking_gets_a_tower_laid_out_for_speed_once(opened):
    encoder = load_encoder("builtin", runtime="onnx")
    before = ask_often(encoder)
    assert opened == [False, True]
    ask_often(encoder, start=100)
    assert opened == [False, True]
    after = encoder._encode([f"dog {number}" for number in range(onnx_runtime.OFTEN)])
    assert (before * after).sum(axis=1).min() > 0.999999


def test_one_that_can_not_be_laid_out_goes_on_as_it_is(monkeypatch):
    encoder = load_encoder("builtin", runtime="onnx")
    encoder.encode_texts(["a cat"])

    def refuse(*_, **__):
        raise ModelError("no memory")

    monkeypatch.setattr(onnx_runtime, "open_session", refuse)
    assert len(ask_often(encoder)) == onnx_runtime.OFTEN
    assert encoder.encode_texts(["a bird"]).shape == (1, encoder.spec.dim)
