import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from searchengine.encoders import load_encoder, onnx_runtime, remembered_texts
from searchengine.encoders.remembered_texts import RememberedTexts


def test_a_text_that_was_asked_before_needs_no_model(monkeypatch):
    first = load_encoder("builtin", runtime="onnx").encode_texts(["a red square", "ein Hund \U0001f415"])
    monkeypatch.setattr(onnx_runtime, "open_session", None)
    again = load_encoder("builtin", runtime="onnx").encode_texts(["ein Hund \U0001f415", "a red square"])
    np.testing.assert_array_equal(again, first[::-1])


def test_such_a_query_imports_no_runtime():
    code = (
        "import sys; from searchengine.encoders import load_encoder;"
        "load_encoder('builtin', runtime='onnx').encode_texts(['a dog']);"
        "print('onnxruntime' in sys.modules)"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        ).stdout.strip()
        for _ in range(2)
    ]
    assert told == ["True", "False"]


def test_texts_are_found_by_what_they_say_and_not_kept_themselves(tmp_path):
    path = str(tmp_path / "texts" / "model.sqlite3")
    texts = RememberedTexts(path, 3)
    assert texts.get(["a"]) == {}
    texts.keep({"a": np.float32([1, 2, 3]), "my secret": np.float32([4, 5, 6])})
    found = texts.get(["my secret", "b"])
    assert list(found) == ["my secret"]
    np.testing.assert_array_equal(found["my secret"], [4, 5, 6])
    with open(path, "rb") as file:
        assert b"secret" not in file.read()


def test_the_oldest_go_first(tmp_path, monkeypatch):
    monkeypatch.setattr(remembered_texts, "MOST", 2)
    texts = RememberedTexts(str(tmp_path / "texts"), 1)
    for text in "abc":
        texts.keep({text: np.float32([1])})
    assert set(texts.get(["a", "b", "c"])) == {"b", "c"}


@pytest.mark.parametrize("damage", [b"not a database, but as long as the header of one would be" * 9, b""])
def test_a_damaged_file_is_begun_anew(tmp_path, damage):
    path = tmp_path / "texts"
    path.write_bytes(damage)
    texts = RememberedTexts(str(path), 1)
    assert texts.get(["a"]) == {}
    texts.keep({"a": np.float32([1])})
    texts.keep({"a": np.float32([1])})
    assert set(texts.get(["a"])) == {"a"}


def test_a_file_that_was_deleted_meanwhile_is_begun_anew(tmp_path):
    path = tmp_path / "texts"
    texts, other = (RememberedTexts(str(path), 1) for _ in range(2))
    texts.keep({"a": np.float32([1])})
    path.unlink()
    assert texts.get(["a"]) == {}
    other.keep({"b": np.float32([2])})
    texts.keep({"c": np.float32([3])})
    assert set(texts.get(["a", "b", "c"])) == set(other.get(["a", "b", "c"])) == {"b", "c"}


def test_those_that_may_wait_are_written_together(tmp_path):
    path = str(tmp_path / "texts")
    texts, other = (RememberedTexts(path, 1) for _ in range(2))
    for number in range(15):
        texts.keep({f"{number}": np.float32([number])}, later=True)
    every = [f"{number}" for number in range(16)]
    assert (len(texts.get(every)), len(other.get(every))) == (15, 0)
    texts.keep({"15": np.float32([15])}, later=True)
    assert texts.get(every) == other.get(every) == {text: np.float32([float(text)]) for text in every}


def test_threads_may_share_it(tmp_path):
    texts = RememberedTexts(str(tmp_path / "texts"), 1)

    def ask(number):
        texts.keep({f"{number}": np.float32([number])})
        return texts.get([f"{number}"])[f"{number}"].item()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(200))) == list(range(200))


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    (tmp_path / "file").write_text("")
    texts = RememberedTexts(os.fspath(tmp_path / "file" / "texts"), 1)
    texts.keep({"a": np.float32([1])})
    assert texts.get(["a"]) == {}
