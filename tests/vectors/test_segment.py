"""A set of vectors that FAISS holds: what is added, hidden and found."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchengine.vectors.live import LiveIndex
from searchengine.vectors.segment import Segment
from tests.vectors.memory import DIM, brute_force, coarse

QUERY = coarse(0)[None].astype(np.float32)


def coarse_rows(ids):
    return np.array([coarse(each) for each in ids], np.float16).reshape(-1, DIM)


def segment_of(ids):
    return Segment.of(np.array(ids, np.int64), coarse_rows(ids))


def unit_rows(count, seed):
    rows = np.random.default_rng(seed).standard_normal((count, DIM))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def test_finds_each_vector_by_itself():
    rows = unit_rows(50, 0)
    hits = Segment.of(np.arange(100, 150), rows).search(rows.astype(np.float32), 1)
    assert hits.ids.ravel().tolist() == list(range(100, 150))
    assert hits.ids.dtype == np.int64
    assert hits.scores.dtype == np.float32
    np.testing.assert_allclose(hits.scores, 1, atol=2e-3)


def test_scores_are_cosines_of_the_stored_float16_numbers():
    stored = unit_rows(30, 1)
    query = stored[3].astype(np.float32)
    hits = Segment.of(np.arange(30), stored).search(query[None], 30)
    np.testing.assert_allclose(hits.scores[0], (stored.astype(np.float32) @ query)[hits.ids[0]], atol=1e-6)


def test_what_is_hidden_may_be_joined_again_with_other_numbers():
    changed = segment_of([1, 2, 3]).turned(np.array([2]), shown=False).joined(np.array([2]), coarse_rows([9]))
    assert len(changed) == 3
    assert changed.search(coarse(9)[None].astype(np.float32), 1).ids.tolist() == [[2]]


def test_ids_may_be_joined_in_any_order():
    joined = segment_of([4, 7, 9]).joined(np.array([5, 1]), coarse_rows([5, 1]))
    ids, scores = brute_force({each: coarse(each) for each in (1, 4, 5, 7, 9)}, QUERY, 5)
    hits = joined.search(QUERY, 5)
    assert hits.ids.tolist() == ids.tolist()
    assert hits.scores.tolist() == scores.tolist()


def test_an_empty_one_answers_with_nothing():
    empty = Segment.empty(DIM)
    assert empty.search(QUERY, 10).ids.shape == (1, 0)
    assert len(empty.joined(np.empty(0, np.int64), coarse_rows([])).turned(np.array([3]), shown=False)) == 0


def test_hiding_what_is_not_there_is_ignored():
    left = segment_of([1, 2]).turned(np.array([2, 77]), shown=False)
    assert len(left) == 1
    assert left.search(QUERY, 5).ids.tolist() == [[1]]


@pytest.mark.parametrize("k", [0, -1])
def test_asking_for_nothing_gives_nothing(k):
    assert segment_of([1, 2]).search(QUERY, k).ids.shape == (1, 0)


def test_queries_that_are_none_are_refused_before_they_come_here(source, tmp_path):
    index = LiveIndex(source, tmp_path)
    with pytest.raises(ValueError, match="finite"):
        index.search(np.full(DIM, np.nan, np.float32), 1)
    with pytest.raises(ValueError, match="shape"):
        index.search(np.ones(DIM + 1, np.float32), 1)


@given(
    count=st.integers(1, 300),
    removed=st.sets(st.integers(0, 299), max_size=100),
    allowed=st.none() | st.sets(st.integers(-5, 320), max_size=150),
    k=st.integers(1, 320),
    queries=st.integers(1, 3),
    seed=st.integers(0, 99),
)
@settings(max_examples=150)
def test_answers_as_brute_force_does(*, count, removed, allowed, k, queries, seed):
    segment = segment_of(range(count)).turned(np.array(sorted(removed), np.int64), shown=False)
    left = {each: coarse(each) for each in range(count) if each not in removed}
    assert len(segment) == len(left)
    passing = {each: row for each, row in left.items() if allowed is None or each in allowed}
    questions = np.array([coarse(1000 + seed + each) for each in range(queries)], np.float32)
    choice = None if allowed is None else np.array(list(allowed), np.int64)

    ids, scores = brute_force(passing, questions, k)
    hits = segment.search(questions, k, choice)
    assert hits.ids.tolist() == ids.tolist()
    assert hits.scores.tolist() == scores.tolist()

    shorter = segment.search(questions, max(1, k // 2), choice)
    assert (hits.ids[:, : shorter.ids.shape[1]] == shorter.ids).all()


def test_scores_are_the_same_to_the_last_bit_however_the_rows_are_chosen():
    rng = np.random.default_rng(2)
    segment = Segment.of(np.arange(3000), unit_rows(3000, 2))
    query = rng.standard_normal((1, DIM)).astype(np.float32)
    everything = segment.search(query, 3000)
    score = dict(zip(everything.ids[0].tolist(), everything.scores[0].tolist(), strict=True))
    for size in (1, 20, 400, 2500):
        hits = segment.search(query, size, rng.choice(3000, size, replace=False))
        assert all(
            score[each] == given
            for each, given in zip(hits.ids[0].tolist(), hits.scores[0].tolist(), strict=True)
        )


def test_waiting_threads_do_not_spin():
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
