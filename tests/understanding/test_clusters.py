"""Groups, their names, and their places on a map."""

from __future__ import annotations

import os

import numpy as np
import pytest

from searchengine import UsageError
from searchengine.understanding.clusters import default_count, grouped, names
from searchengine.understanding.layout import on_a_plane


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture
def heaps():
    """Three heaps of 40, 25 and 15 embeddings, and which heap each is in."""
    rng = np.random.default_rng(1)
    middles = unit(rng.standard_normal((3, 24)))
    heap = np.repeat([0, 1, 2], [40, 25, 15])
    return unit(middles[heap] + 0.05 * rng.standard_normal((80, 24))), heap


def test_heaps_are_found_whatever_order_they_come_in(heaps):
    vectors, heap = heaps
    centres, nearest, cosines = grouped(vectors, 3)
    assert len({(a, b) for a, b in zip(heap.tolist(), nearest.tolist(), strict=True)}) == 3
    assert cosines == pytest.approx((vectors * centres[nearest]).sum(axis=1), abs=1e-4)
    assert grouped(vectors, 3)[1].tolist() == nearest.tolist()


def test_each_group_is_named_by_what_is_more_probable_there_than_elsewhere():
    words = ["everywhere", "first", "second"]
    shares = np.float32([[0.6, 0.3, 0.1], [0.6, 0.1, 0.3]])
    assert [said[0] for said in names(shares, [5, 5], words)] == ["first", "second"]
    assert names(shares[:1], [5], words) == [("everywhere", "first", "second")]


def test_no_two_groups_have_the_same_name():
    shares = np.float32([[0.6, 0.3, 0.0], [0.6, 0.3, 0.0], [0.0, 0.0, 0.2]])
    called = names(shares, [7, 3, 1], ["a", "b", "c"])
    assert [said[0] for said in called] == ["a", "b", "c"]
    assert all(len(set(said)) == len(said) for said in called)
    assert [said[0] for said in names(shares[:2, :1], [2, 1], ["a"])] == ["a", "a"]


def test_a_library_falls_into_groups_in_which_every_picture_is_once(library, scenes):
    found = library.cluster(3)
    assert [each.size for each in found] == sorted((each.size for each in found), reverse=True)
    ids = [each for group in found for each in group.ids]
    assert {paths[0] for paths in library.paths(ids).values()} == {
        os.path.realpath(path) for path in scenes.values()
    }
    assert len(ids) == len(scenes)
    for each in found:
        assert each.size == len(each.ids)
        assert each.name == each.phrases[0]
        assert [example.id for example in each.examples] == list(each.ids[:5])
    assert library.cluster(3) == found
    assert {each.name for each in library.cluster(2, phrases=["snow", "sea", "table"])} <= {
        "snow", "sea", "table",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("count", "phrases", "said"),
    [
        (13, None, "12 pictures can be in 1 to 12 groups"),
        (0, None, "not in 0"),
        (2, [""], "a label is empty"),
    ],
)
def test_groups_that_cannot_be_are_refused(library, count, phrases, said):
    with pytest.raises(UsageError, match=said):
        library.cluster(count, phrases=phrases)


def test_there_are_more_groups_for_more_pictures_up_to_what_can_be_read():
    counts = [default_count(pictures) for pictures in (1, 2, 12, 200, 5000, 10**6)]
    assert counts == [1, 1, 2, 10, 40, 40]


def test_what_is_alike_is_near_on_the_plane(heaps):
    vectors, heap = heaps
    places = on_a_plane(vectors)
    assert places.shape == (80, 2)
    assert (places.min(), places.max()) == (0, 1)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    assert (heap[apart.argmin(axis=1)] == heap).mean() > 0.97
    assert on_a_plane(vectors).tolist() == places.tolist()


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_few_pictures_have_places_too(count):
    places = on_a_plane(unit(np.random.default_rng(0).standard_normal((count, 8))))
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()


def test_the_same_picture_many_times_has_places_too():
    places = on_a_plane(np.tile(unit(np.ones((1, 8))), (6, 1)))
    assert np.isfinite(places).all()


def test_a_map_of_more_pictures_than_it_holds_shows_some_of_each_group(library, monkeypatch):
    monkeypatch.setattr("searchengine.understanding.layout.MOST", 6)
    found = library.cluster(3)
    placed = library.map(found)
    assert 3 <= len(placed) <= 8
    assert {each.cluster for each in placed} == {0, 1, 2}
