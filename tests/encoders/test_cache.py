import json
import os
import threading
from dataclasses import replace

import pytest

from searchengine.encoders import cache
from searchengine.encoders.cache import Manifest
from searchengine.encoders.spec import ModelSpec, Preprocessing
from searchengine.encoders.tokenizer import TokenizerSpec

SPEC = ModelSpec(
    "name", "ab" * 32, 4, Preprocessing((8, 8), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)), 77, 100.0, None
)
MANIFEST = Manifest(SPEC, TokenizerSpec("clip", "lower", 77), cut=True, recipe="cd" * 32)


def fill(text, manifest=MANIFEST):
    def build(folder):
        with open(os.path.join(folder, "text.onnx"), "w") as file:
            file.write(text)
        cache.write_manifest(folder, manifest)

    return build


@pytest.fixture
def target(cache_folder):
    return cache.folder_of(SPEC.weights, MANIFEST.recipe)


def content(target):
    with open(os.path.join(target, "text.onnx")) as file:
        return file.read()


def test_a_manifest_survives_the_disk(target):
    assert cache.publish(target, fill("one")) == cache.Export(target, MANIFEST)
    assert cache.read(target).manifest == MANIFEST
    assert [export.folder for export in cache.exports()] == [target]


def test_nothing_is_left_when_an_export_fails(target):
    def fails(folder):
        fill("half")(folder)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        cache.publish(target, fails)
    assert os.listdir(os.path.dirname(target)) == []


def test_of_several_exporters_at_once_one_is_kept_and_all_are_served(target):
    gate = threading.Barrier(6)
    served = []

    def run(i):
        def build(folder):
            fill(str(i))(folder)
            gate.wait()

        served.append(cache.publish(target, build))

    threads = [threading.Thread(target=run, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert served == [cache.Export(target, MANIFEST)] * 6
    assert os.listdir(os.path.dirname(target)) == [os.path.basename(target)]


@pytest.mark.parametrize("damage", ["", "{}", '{"format": 0}', "[1]", None])
def test_a_damaged_export_is_not_served_and_is_replaced(target, damage):
    cache.publish(target, fill("old"))
    manifest = os.path.join(target, "model.json")
    if damage is None:
        os.remove(manifest)
    else:
        with open(manifest, "w") as file:
            file.write(damage)
    assert cache.read(target) is None
    assert list(cache.exports()) == []
    cache.publish(target, fill("new"))
    assert content(target) == "new"


def test_a_whole_export_is_never_replaced(target):
    cache.publish(target, fill("first"))
    cache.publish(target, fill("second"))
    assert content(target) == "first"


def test_what_killed_exporters_left_is_swept_after_a_day(target):
    models = os.path.dirname(target)
    for name in (".new-old", ".new-recent"):
        os.makedirs(os.path.join(models, name))
    os.utime(os.path.join(models, ".new-old"), (0, 0))
    cache.publish(target, fill("one"))
    assert sorted(os.listdir(models)) == [".new-recent", os.path.basename(target)]


def test_an_export_can_be_given_another_source(target):
    export = cache.publish(target, fill("one"))
    moved = replace(
        MANIFEST, spec=replace(SPEC, name="elsewhere"), source={"path": "x", "size": 1, "mtime_ns": 2}
    )
    assert cache.rename(export, moved) == cache.read(target) == cache.Export(target, moved)
    with open(os.path.join(target, "model.json")) as file:
        assert json.load(file)["spec"]["name"] == "elsewhere"


def test_without_a_setting_the_cache_is_the_users(monkeypatch):
    monkeypatch.delenv("IMGSEARCH_CACHE")
    assert "imgsearch" in cache.root()
