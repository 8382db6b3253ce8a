import sqlite3

import pytest

from searchengine.encoders import ahead, load_encoder, onnx_runtime
from searchengine.encoders.ahead import embed_ahead


@pytest.fixture
def catalog(tmp_path):
    """As much of a catalog as is looked at."""
    weights = load_encoder("builtin", runtime="onnx").spec.weights
    path = tmp_path / "catalog #1.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE space (model, weights, state)")
        connection.execute("INSERT INTO space VALUES ('another', '00', 'retired')")
        connection.execute("INSERT INTO space VALUES ('builtin', ?, 'active')", (weights,))
    connection.close()
    return path


def test_what_was_embedded_ahead_is_there_when_it_is_needed(catalog, monkeypatch):
    embed_ahead(catalog, ["a red square"]).join()
    monkeypatch.setattr(onnx_runtime, "open_session", None)
    assert load_encoder("builtin", runtime="onnx").encode_texts(["a red square"]).shape == (1, 256)


def test_without_words_or_a_library_nothing_is_loaded(catalog, tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_runtime, "OnnxEncoder", None)
    embed_ahead(catalog, []).join()
    missing = tmp_path / "nowhere" / "catalog.sqlite3"
    embed_ahead(missing, ["a red square"]).join()
    assert not missing.parent.exists()


def test_it_leaves_errors_to_the_search(catalog, tmp_path):
    with sqlite3.connect(catalog) as connection:  # such weights are nowhere
        connection.execute("UPDATE space SET weights = 'ff' WHERE state = 'active'")
    connection.close()
    assert ahead._active_model(catalog) == ("builtin", "ff")
    embed_ahead(catalog, ["a red square"]).join()
    (tmp_path / "torn").write_bytes(b"SQLite format 3\x00 or is it")
    embed_ahead(tmp_path / "torn", ["a red square"]).join()
