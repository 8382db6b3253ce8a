"""A tree of small pictures and a stand-in for the model that counts what it is asked for."""

from __future__ import annotations

import numpy as np
import pytest

from indexer.model import RunModel
from indexer.update import Update
from searchengine.encoders.spec import ModelSpec, Preprocessing
from tests.pictures import paint

PREPROCESSING = Preprocessing(size=(16, 16), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), resize_mode="squash")


class CountingEncoder:
    """Embeds a picture as its 8 x 8 thumbnail, and counts."""

    spec = ModelSpec("counting", "0" * 64, 192, PREPROCESSING, 77, 100.0)

    def __init__(self):
        self.images = 0

    def encode_images(self, pixels):
        self.images += len(pixels)
        small = pixels.reshape(len(pixels), 8, 2, 8, 2, 3).mean(axis=(2, 4)).reshape(len(pixels), -1)
        vectors = small.astype(np.float32) + 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def encode_texts(self, texts):
        vectors = np.random.default_rng(0).normal(size=(len(texts), self.spec.dim)).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def encoder(monkeypatch):
    """The counting stand-in, in the place of every model."""
    encoder = CountingEncoder()
    monkeypatch.setattr(RunModel, "_open", lambda self, space: encoder)
    return encoder


@pytest.fixture
def photos(tmp_path):
    """A folder of three pictures, one of them in a subfolder."""
    folder = tmp_path / "photos"
    paint(folder / "a.jpg", 1)
    paint(folder / "b.png", 2)
    paint(folder / "trip" / "c.jpg", 3)
    return folder


@pytest.fixture
def library(tmp_path):
    """Where a library is going to be."""
    return tmp_path / "library"


@pytest.fixture
def index(library, encoder):
    """Run the indexer and give back its counts that aren't zero."""

    def run(*paths, **options):
        return Update(library, **options).run(paths)

    return run
