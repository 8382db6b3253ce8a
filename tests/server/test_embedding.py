"""Immich's interface, as its server uses it: a form with `entries`, and a `text` or an `image`."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from searchengine import Library
from searchengine.encoders import load_encoder
from searchengine.encoders.preprocess import preprocess
from searchengine.server.routes.embedding import same_model
from searchengine.server.schemas import Embedded
from tests.server.conftest import served

TOKEN = "correct horse battery staple"
WORDS = "a dog on a beach"


@pytest.fixture(scope="module")
def gallery(place):
    """Asks a server that embeds for others, and has a token that they don't know."""
    with served(place.library, embedding_api=True, token=TOKEN) as client:
        yield client


def entries(kind, model="builtin", **more):
    return json.dumps({"clip": {kind: {"modelName": model, **more}}})


def vector(answer):
    assert answer.status_code == 200, answer.text
    assert Embedded.model_validate(answer.json())
    text = answer.json()["clip"]
    assert isinstance(text, str)
    return np.array(json.loads(text))


def test_it_is_there(gallery):
    answer = gallery.get("/ping")
    assert (answer.status_code, answer.text) == (200, "pong")


def test_a_text_becomes_the_models_vector(gallery):
    form = {"entries": entries("textual", options={"language": "en"}), "text": "dog -cat camera:x"}
    found = vector(gallery.post("/predict", files={name: (None, value) for name, value in form.items()}))
    assert found == pytest.approx(load_encoder("builtin").encode_texts([form["text"]])[0], abs=1e-6)
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-5)


def test_a_picture_becomes_the_models_vector_with_its_size(gallery, place):
    file = place.scenes[WORDS]
    answer = gallery.post(
        "/predict", data={"entries": entries("visual")}, files={"image": ("blob", file.read_bytes())}
    )
    encoder = load_encoder("builtin")
    with Image.open(file) as picture:
        pixels = preprocess(picture.convert("RGB"), encoder.spec.preprocessing)[None]
        assert (answer.json()["imageWidth"], answer.json()["imageHeight"]) == picture.size
    assert vector(answer) @ encoder.encode_images(pixels)[0] > 0.999
    with Library.open(place.library) as library:
        assert vector(answer) == pytest.approx(library.embed_picture(file.read_bytes())[0], abs=1e-6)


@pytest.mark.parametrize(
    ("theirs", "ours", "same"),
    [
        ("ViT-B-32__openai", "ViT-B-32-quickgelu/openai", True),
        ("ViT-B-32__laion2b-s34b-b79k", "ViT-B-32/laion2b_s34b_b79k", True),
        ("ViT-B-16-SigLIP2__webli", "ViT-B-16-SigLIP2/webli", True),
        ("ViT-B-16-SigLIP__webli", "ViT-B-16-SigLIP2/webli", False),
        ("", "", False),
    ],
)
def test_models_are_the_same_by_other_names(theirs, ours, same):
    assert same_model(theirs, ours) is same


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 422),
        ({"entries": "{"}, 422),
        ({"entries": "[" * 5000}, 422),
        ({"entries": "[]"}, 422),
        ({"entries": json.dumps({"facial-recognition": {"detection": {"modelName": "buffalo_l"}}})}, 422),
        ({"entries": json.dumps({"clip": {}}), "text": "x"}, 422),
        ({"entries": entries("textual")}, 422),
        ({"entries": entries("visual"), "text": "x"}, 422),
        ({"entries": entries("textual", "ViT-B-32__openai"), "text": "x"}, 422),
        ({"entries": entries("textual", 3), "text": "x"}, 422),
    ],
)
def test_what_cannot_be_embedded(form, status, gallery, problem):
    problem(
        gallery.post("/predict", files={"x": (None, ""), **{n: (None, v) for n, v in form.items()}}), status
    )


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff\xe0 no picture"])
def test_what_is_no_picture(data, gallery, problem):
    answer = gallery.post("/predict", data={"entries": entries("visual")}, files={"image": ("blob", data)})
    problem(answer, 422 if data.startswith(b"\xff") else 415)


def test_galleries_get_nothing_else_without_the_token(gallery, problem):
    problem(gallery.get("/api/search"), 401)


def test_it_is_off_where_nobody_asked_for_it(client, place, problem):
    problem(client.get("/ping"), 404)
    problem(client.post("/predict"), 404)
    with served(place.library, token=TOKEN) as locked:
        problem(locked.get("/ping"), 401)
