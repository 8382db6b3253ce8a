"""Labels of pictures: the arithmetic, and the built-in model on rendered scenes."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from searchengine import QueryError, UsageError
from searchengine.understanding.classify import probabilities
from searchengine.understanding.prompts import label_vectors

LABELS = ["dog", "cat", "sailboat", "rocket", "pizza"]


def test_clip_shares_one_between_the_labels(clip):
    found = probabilities(np.float32([[0.30, 0.28, 0.10], [-1.0, 1.0, 0.0]]), clip)
    assert found.sum(axis=1) == pytest.approx([1, 1])
    assert found[0] == pytest.approx(np.exp([0, -2, -20]) / np.exp([0, -2, -20]).sum(), abs=1e-6)
    assert found[1] == pytest.approx([0, 1, 0])


def test_siglip_tells_of_each_label_by_itself(siglip):
    found = probabilities(np.float32([[0.1, 0.12, 0.08], [-1.0, 1.0, 1.0]]), siglip)
    assert found[0] == pytest.approx(1 / (1 + np.exp([0, -2, 2])), abs=1e-6)
    assert found[1].tolist() == [0, 1, 1]


class Words:
    """An encoder whose vector of a text is the same number for every letter."""

    def encode_texts(self, texts):
        return np.float32([[len(text), 1.0] / np.hypot(len(text), 1.0) for text in texts])


def test_a_label_is_the_mean_of_its_prompts():
    (both,) = label_vectors(Words(), ["cat"], ["{}", "a {} {}"])
    apart = Words().encode_texts(["cat", "a cat cat"]).mean(axis=0)
    assert both == pytest.approx(apart / np.linalg.norm(apart))


@pytest.mark.parametrize("shown", ["a dog on a beach", "a sailboat at sea", "a rocket in space"])
def test_pictures_are_called_what_they_show(library, scenes, shown, monkeypatch):
    # It is indexed, so it is recognised by its bytes and not even decoded.
    monkeypatch.setattr("searchengine.open_space.OpenSpace.pixels", None)
    (found,) = library.classify([scenes[shown]], LABELS).results
    assert found.path == str(scenes[shown])
    assert found.labels[0].label == shown.split()[1]
    assert found.labels[0].probability > 0.5
    assert sum(label.probability for label in found.labels) == pytest.approx(1)
    assert [label.probability for label in found.labels] == sorted(
        (label.probability for label in found.labels), reverse=True
    )


def test_a_folder_gives_its_pictures_also_those_that_are_not_indexed(library, scenes, tmp_path):
    with Image.open(scenes["a pizza on a table"]) as image:
        image.resize((400, 300)).save(tmp_path / "b.png")
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / ".hidden.jpg").write_bytes(b"")
    found = library.classify([tmp_path], LABELS)
    assert [(each.path, each.labels[0].label) for each in found.results] == [
        (str(tmp_path / "b.png"), "pizza")
    ]
    assert [each.path for each in found.failures] == [str(tmp_path / "a.jpg")]


def test_the_pictures_of_a_query_are_classified_by_their_stored_embeddings(library, scenes, monkeypatch):
    monkeypatch.setattr("searchengine.open_space.OpenSpace.pixels", None)
    name = os.path.basename(scenes["a cat on a wooden table"])
    found = library.classify(where=f"name:{name}", labels=LABELS)
    (by_file,) = library.classify([scenes["a cat on a wooden table"]], LABELS).results
    assert [each.labels for each in found.results] == [by_file.labels]
    assert len(library.classify(where="width:>1", labels=LABELS).results) == len(scenes)
    assert library.classify(where="name:nothing", labels=LABELS).results == ()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"labels": []}, "a label is empty"),
        ({"labels": ["dog", " "]}, "a label is empty"),
        ({"labels": ["dog", "cat", "dog "]}, "'dog' stands there twice"),
        ({"labels": ["dog"]}, "one alone always has probability 1"),
        ({"labels": LABELS, "templates": ["a photo"]}, "has no {}"),
        ({"labels": LABELS, "templates": []}, "there is no template"),
        ({"labels": LABELS, "images": ["nowhere.jpg"]}, "there is no file or folder nowhere.jpg"),
        ({"labels": LABELS, "images": ["."], "where": "type:png"}, "not both"),
    ],
)
def test_what_cannot_be_asked_is_explained(library, arguments, said):
    with pytest.raises(UsageError, match=said):
        library.classify(**arguments)


def test_a_bad_query_points_at_the_word(library):
    with pytest.raises(QueryError, match="no filter is called wdth"):
        library.classify(where="wdth:>1", labels=LABELS)
