"""A whole library whose search is approximate: what people rely on holds as it does with exact search."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

from indexer.update import Update
from indexer.upkeep.repair import optimize
from searchengine import Library
from searchengine.cli.status import lines
from searchengine.vectors import codes, policy, segment, tuning
from searchengine.verify.library import verify


@pytest.fixture(scope="module")
def library(scene_library, tmp_path_factory):
    """One that is optimized as if its dozens of pictures were millions."""
    folder = tmp_path_factory.mktemp("scale") / "library"
    shutil.copytree(scene_library, folder)
    noise = tmp_path_factory.mktemp("noise")
    rng = np.random.default_rng(0)
    for number in range(50):
        coarse = rng.integers(0, 256, (3, 3, 3), np.uint8)
        Image.fromarray(coarse).resize((48, 48)).save(noise / f"{number}.png")
    Update(folder, model="builtin").run([noise])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(policy, "BYTES_PER_MS", 1)
        patch.setattr(policy, "LEAST_RECALL", 0.1)
        for module in (policy, tuning, codes):
            patch.setattr(module, "DEPTHS", (10, 14))
        patch.setattr(segment, "WITHIN", 6)
        patch.setattr(segment, "SMALL_SHARE", 1000)
        optimize(folder)
        with Library.open(folder) as opened:
            yield opened


def ids(results):
    return [hit.id for hit in results]


def test_status_says_what_search_finds(library):
    index = library.status().index
    assert index.kind == "approximate"
    assert 0.1 <= index.recall <= 1
    assert "measured with 221 texts" in dict(lines(library.status()))["Search"]
    assert library.status().to_dict()["index"]["recall"] == index.recall


def test_it_is_sound(library):
    assert verify(library.path).sound


@pytest.mark.parametrize("query", ["a dog on a beach", "a dog -beach", "sail width:>1"])
def test_pages_of_any_length_are_one_ranking(library, query):
    everything = library.search(query, k=None)
    assert len(set(ids(everything))) == everything.total == len(everything)
    flags = [hit.relevant for hit in everything]
    assert flags == sorted(flags, key=lambda flag: not flag)
    for k in (1, 6, 7):
        assert ids(library.search(query, k=k)) == ids(everything)[:k]
        assert ids(library.search(query, k=k, offset=3)) == ids(everything)[3 : k + 3]
    pages, cursor = [], None
    while True:
        page = library.search(query, k=9, cursor=cursor)
        pages += ids(page)
        cursor = page.next
        if cursor is None:
            break
    assert pages == ids(everything)


def test_what_is_nearest_comes_first_with_its_cosine(library, scene_library):
    with Library.open(scene_library) as exact:
        for query in ("a dog on a beach", "two foxes in the snow", "a pizza on a table"):
            (best,) = exact.search(query, k=1)
            (found,) = library.search(query, k=1)
            assert (found.path, found.score) == (best.path, best.score)
