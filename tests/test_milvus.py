"""All of it with the vectors in Milvus: every command as a user calls it, one after the other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from data.render import render
from data.scenes import Placed, Scene
from searchengine import Library
from searchengine.catalog import spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.engines import FILE_NAME
from searchengine.layout import Layout
from tests.collection import Collection
from tests.vectors import engines

pytestmark = pytest.mark.milvus

DOG, SNOW, CAT = "a dog on a beach", "a dog in the snow", "a cat on a wooden table"


@pytest.fixture(scope="module", params=["folder", pytest.param("server", marks=pytest.mark.slow)])
def engine(request, tmp_path_factory):
    pytest.importorskip("milvus_lite", reason="it isn't installed: pip install 'imgsearch[milvus]'")
    folder = tmp_path_factory.mktemp("milvus")
    if request.param == "folder":
        lite = engines.LiteFolder(folder)
        yield lite
        lite.restart()
    else:
        server = engines.genuine_server(folder)
        yield server
        server.stop()


@pytest.fixture(scope="module")
def place(engine, tmp_path_factory):
    made = Collection(tmp_path_factory.mktemp("with milvus"))
    made.engine = engine
    counts = made.index("--model", "builtin", "--vectors", engine.address)
    assert (counts["added"], counts["failed"]) == (12, 0)
    return made


def test_the_library_knows_where_its_vectors_are(place):
    assert json.loads((place.library / FILE_NAME).read_text())["vectors"] == place.engine.address
    assert list(place.library.rglob("*.faiss")) == []
    index = json.loads(place.run("status", "--json").stdout)["index"]
    assert (index["kind"], index["vectors"], index["snapshot"], index["note"]) == ("exact", 12, 12, None)
    assert place.engine.address in index["reason"]


def test_words_pictures_and_filters_find_what_they_should(place):
    assert place.found(DOG)[0] == place.name(DOG)
    assert place.found("type:jpeg", CAT)[0] == place.name(CAT)
    assert len(place.found("type:jpeg", "-k", "5", "dog")) == 5
    similar = place.run("similar", place.scenes[SNOW], "--format", "paths").stdout.splitlines()
    assert os.path.basename(similar[0]) == place.name(SNOW)


def test_what_comes_moves_and_goes_is_followed(place):
    cat = Placed("cat", None, "large", 0.5, 0.5, 0.5, angle=0.0, flipped=False)
    render(Scene("sea", 99, 4 / 3, (cat,)), 320).save(place.photos / "new.png")
    assert place.index()["added"] == 1
    assert "new.png" in place.found("a cat in the sea", "-k", "3")
    (place.photos / "new.png").rename(place.photos / "elsewhere.png")
    assert place.index()["moved"] == 1
    assert "elsewhere.png" in place.found("a cat in the sea", "-k", "3")
    (place.photos / "elsewhere.png").unlink()
    assert place.index()["removed"] == 1
    assert len(place.found("a cat in the sea", "-k", "20")) == 12
    place.run("verify")


def test_answers_are_those_of_faiss(place, tmp_path):
    alike = tmp_path / "alike"
    shutil.copytree(place.library, alike)
    (alike / FILE_NAME).unlink()
    with Library.open(alike) as ours, Library.open(place.library) as theirs:
        for query in (DOG, "snow", "type:jpeg -cat", "a car"):
            pairs = [[(hit.path, hit.score) for hit in each.search(query, k=None)] for each in (ours, theirs)]
            assert pairs[0] == pairs[1]


def test_a_vector_that_is_lost_or_altered_is_noticed_and_put_right(place):
    layout = Layout(place.library)
    with Catalog.open(layout.catalog) as catalog:
        with catalog.read() as session:
            source = EmbeddingSource(catalog, spaces.active_space(session))
        collection = layout.vector_store.find(source).collection
        collection.delete(np.array([2]))
        assert "other vectors than it should: 2" in place.run("verify", code=1).output
        place.run("verify", "--repair")
        ids, vectors = source.vectors([1])
        layout.vector_store.find(source).collection.upsert((ids, -vectors), ids)
        assert "other numbers than the catalog: 1" in place.run("verify", code=1).output
        assert "repaired" in place.run("verify", "--repair").output
    assert place.found(DOG)[0] == place.name(DOG)


def test_a_library_moves_to_faiss_and_back(place):
    before = place.found(DOG, "-k", "20")
    place.run("optimize", "--vectors", "faiss")
    assert list(place.library.rglob("*.faiss"))
    assert place.found(DOG, "-k", "20") == before
    place.run("optimize", "--vectors", place.engine.address)
    assert list(place.library.rglob("*.faiss")) == []
    assert place.found(DOG, "-k", "20") == before
    place.run("verify")


def test_a_folder_that_another_process_has_says_so(place):
    if not isinstance(place.engine, engines.LiteFolder):
        pytest.skip("a server serves many")
    command = [sys.executable, "-m", "searchengine", "--library", place.library, "search", DOG]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1
    assert "another process may have them open" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_server_that_is_not_there_is_named_with_the_way_out(place):
    done = place.run("search", DOG, "--vectors", "http://127.0.0.1:1", code=1)
    assert "http://127.0.0.1:1" in done.stderr
    assert "--vectors faiss" in done.stderr
    place.run("index", place.photos, "--vectors", "http://127.0.0.1:1", code=1)
    place.run("verify")  # nor was that address kept


def test_without_the_extra_it_is_named(place, monkeypatch):
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    done = place.run("search", DOG, "--vectors", "http://127.0.0.1:2", code=2)
    assert "pip install 'imgsearch[milvus]'" in done.stderr
