"""Things of several vectors: the answer is that of a full ranking in which each thing counts once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchengine.vectors.groups import Groups
from searchengine.vectors.live import LiveIndex
from searchengine.vectors.snapshot import take_snapshot
from tests.vectors.memory import MemorySource, brute_force, coarse

# How many vectors each thing has.
things = st.lists(st.sampled_from([1, 1, 1, 2, 5, 40]), max_size=12)


def grouped(source, query, k, allowed=None):
    """By brute force: ids and scores of the best vector of the k nearest things."""
    visible = source.visible if allowed is None else source.visible & set(allowed)
    ids, scores = brute_force({each: source.known[each] for each in visible}, query, len(visible))
    best = {}
    for vector, score in zip(ids[0].tolist(), scores[0].tolist(), strict=True):
        best.setdefault(source.first.get(vector, vector), (vector, score))
    return list(best.values())[:k]


def pairs(hits):
    found = zip(hits.ids[0].tolist(), hits.scores[0].tolist(), strict=True)
    return [(vector, score) for vector, score in found if vector >= 0]


def filled(sizes):
    source = MemorySource()
    return source, [source.add_parts(size) for size in sizes]


@settings(deadline=None)
@given(st.tuples(things, things), st.integers(0, 30), st.integers(0, 20), st.data())
def test_the_best_part_of_each_thing_in_the_order_of_a_full_ranking(tmp_path_factory, sizes, k, seed, data):
    before, after = sizes
    source, made = filled(before)
    folder = tmp_path_factory.mktemp("vectors")
    if data.draw(st.booleans()):
        take_snapshot(source, folder)
    index = LiveIndex(source, folder)
    made += [source.add_parts(size) for size in after]
    for ids in made:
        fate = data.draw(st.sampled_from(["stay", "stay", "hide", "forget"]))
        if fate == "hide":
            source.turn(ids, shown=False)
        elif fate == "forget":
            source.forget(ids)
    index.refresh()
    query = coarse(seed).astype(np.float32)
    assert pairs(index.search_groups(query, k)) == grouped(source, query, k)
    assert index.count_groups() == len(grouped(source, query, None))

    chosen = [ids for ids in made if source.visible.issuperset(ids) and data.draw(st.booleans())]
    allowed = np.array([each for ids in chosen for each in ids], np.int64)
    found = index.search_groups(query, k, allowed=allowed)
    assert pairs(found) == grouped(source, query, k, allowed.tolist())
    assert index.count_groups(allowed) == len(chosen)


@settings(deadline=None)
@given(things, st.integers(1, 12), st.integers(1, 12), st.integers(0, 20))
def test_the_first_k_of_a_longer_answer_are_the_answer_for_k(tmp_path_factory, sizes, k, more, seed):
    index = LiveIndex(filled(sizes)[0], tmp_path_factory.mktemp("vectors"))
    query = coarse(seed).astype(np.float32)
    longer = pairs(index.search_groups(query, k + more))
    assert pairs(index.search_groups(query, k)) == longer[:k]


def test_where_nothing_has_parts_no_more_is_fetched_than_asked_for(tmp_path, source, monkeypatch):
    from searchengine.vectors import live

    source.add(100)
    fetched = []

    def search(state, rows, k, allowed):
        fetched.append(k)
        return really(state, rows, k, allowed)

    really = live._State.search
    monkeypatch.setattr(live._State, "search", search)
    LiveIndex(source, tmp_path).search_groups(coarse(1).astype(np.float32), 7)
    assert fetched == [7]


def test_a_new_snapshot_is_taken_up_with_its_groups(tmp_path, source):
    source.add_parts(5)
    index = LiveIndex(source, tmp_path)
    source.add_parts(3)
    take_snapshot(source, tmp_path)
    assert index.refresh()
    assert index.count_groups() == 2
    assert len(index) == 8


@pytest.mark.parametrize(("ids", "owners"), [([], []), ([1, 2, 3, 9], [1, 1, 3, 8]), ([8], [8])])
def test_a_vector_that_is_no_part_is_a_thing(ids, owners):
    groups = Groups(np.array([2, 9]), np.array([1, 8]))
    assert groups.of(np.array(ids, np.int64)).tolist() == owners
    assert Groups.none().of(np.array(ids, np.int64)).tolist() == ids


def test_all_above_a_cosine_come_with_the_other_parts_of_their_things(tmp_path, source, monkeypatch):
    monkeypatch.setattr("searchengine.vectors.space_index.FIRST_ABOVE", 2)
    made = [source.add_parts(size) for size in (3, 1, 5, 1, 1, 2)]
    index = LiveIndex(source, tmp_path)
    query = coarse(3).astype(np.float32)
    ranked = pairs(index.search(query, len(index)))
    for _, least in ranked:
        hit = {each for each, score in ranked if score >= least}
        whole = sorted(each for ids in made if hit.intersection(ids) for each in ids)
        assert index.above(query, least).tolist() == whole
    assert index.above(query, 1.1).tolist() == []
