"""The contract of a vector index, for every engine behind it."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchengine.vectors.faiss_index import FaissIndex
from tests.vectors.memory import DIM, brute_force, coarse

ENGINES = [FaissIndex]


@pytest.fixture(params=ENGINES)
def index(request):
    return request.param(DIM)


def filled(index, ids):
    vectors = {each: coarse(each) for each in ids}
    index.add(np.array(list(vectors), np.int64), np.array(list(vectors.values())))
    return vectors


def test_finds_each_vector_by_itself(index):
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((50, DIM))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    index.add(np.arange(100, 150), rows.astype(np.float16))
    hits = index.search(rows.astype(np.float32), 1)
    assert hits.ids.ravel().tolist() == list(range(100, 150))
    assert hits.ids.dtype == np.int64
    assert hits.scores.dtype == np.float32
    np.testing.assert_allclose(hits.scores, 1, atol=2e-3)


def test_scores_are_cosines_of_the_stored_float16_numbers(index):
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((30, DIM))
    stored = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    index.add(np.arange(30), stored)
    query = stored[3].astype(np.float32)
    hits = index.search(query, 30)
    expected = stored.astype(np.float32) @ query
    np.testing.assert_allclose(hits.scores[0], expected[hits.ids[0]], atol=1e-6)


def test_adding_again_replaces(index):
    filled(index, [1, 2, 3])
    index.add(np.array([2, 2], np.int64)[:1], coarse(9)[None])
    assert len(index) == 3
    assert index.search(coarse(9).astype(np.float32), 1).ids.tolist() == [[2]]


def test_ids_may_come_in_any_order(index):
    vectors = filled(index, [9, 4, 7])
    vectors |= filled(index, [5, 1])
    ids, scores = brute_force(vectors, coarse(0), 5)
    hits = index.search(coarse(0).astype(np.float32), 5)
    assert hits.ids.tolist() == ids.tolist()
    assert hits.scores.tolist() == scores.tolist()


def test_an_empty_index_answers_with_nothing(index):
    assert index.search(coarse(0).astype(np.float32), 10).ids.shape == (1, 0)
    index.add(np.empty(0, np.int64), np.empty((0, DIM), np.float16))
    index.remove(np.array([3]))
    assert len(index) == 0


def test_removing_what_is_not_there_is_ignored(index):
    filled(index, [1, 2])
    index.remove(np.array([2, 77]))
    assert len(index) == 1
    assert index.search(coarse(2).astype(np.float32), 5).ids.tolist() == [[1]]


@pytest.mark.parametrize("k", [0, -1])
def test_asking_for_nothing_gives_nothing(index, k):
    filled(index, [1, 2])
    assert index.search(coarse(2).astype(np.float32), k).ids.shape == (1, 0)


def test_a_query_that_is_not_finite_is_refused(index):
    with pytest.raises(ValueError, match="finite"):
        index.search(np.full(DIM, np.nan, np.float32), 1)


def test_a_query_of_another_length_is_refused(index):
    with pytest.raises(ValueError, match="shape"):
        index.search(np.ones(DIM + 1, np.float32), 1)


def test_a_thousand_equal_vectors_come_in_order_of_id(index):
    same = np.repeat(coarse(0)[None], 1000, axis=0)
    index.add(np.arange(1000, 0, -1), same)
    for k in (1, 10, 500, 1000):
        assert index.search(coarse(0).astype(np.float32), k).ids[0].tolist() == list(range(1, k + 1))


@given(
    count=st.integers(1, 300),
    removed=st.sets(st.integers(0, 299), max_size=100),
    allowed=st.none() | st.sets(st.integers(-5, 320), max_size=150),
    k=st.integers(1, 320),
    queries=st.integers(1, 3),
    seed=st.integers(0, 99),
)
@settings(max_examples=150)
@pytest.mark.parametrize("engine", ENGINES)
def test_answers_as_brute_force_does(*, engine, count, removed, allowed, k, queries, seed):
    index = engine(DIM)
    vectors = filled(index, range(count))
    index.remove(np.array(sorted(removed), np.int64))
    left = {each: row for each, row in vectors.items() if each not in removed}
    assert len(index) == len(left)
    passing = {each: row for each, row in left.items() if allowed is None or each in allowed}
    questions = np.array([coarse(1000 + seed + each) for each in range(queries)], np.float32)

    ids, scores = brute_force(passing, questions, k)
    choice = None if allowed is None else np.array(list(allowed), np.int64)
    hits = index.search(questions, k, allowed=choice)

    found = hits.ids[:, : ids.shape[1]]
    assert found.tolist() == ids.tolist()
    assert hits.scores[:, : ids.shape[1]].tolist() == scores.tolist()
    assert (hits.ids[:, ids.shape[1] :] == -1).all()
    assert np.isneginf(hits.scores[:, ids.shape[1] :]).all()

    shorter = index.search(questions, max(1, k // 2), allowed=choice)
    assert (hits.ids[:, : shorter.ids.shape[1]] == shorter.ids).all()


def test_scores_are_the_same_to_the_last_bit_however_the_rows_are_chosen():
    rng = np.random.default_rng(2)
    rows = rng.standard_normal((3000, DIM))
    index = FaissIndex(DIM)
    index.add(np.arange(3000), (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16))
    query = rng.standard_normal(DIM).astype(np.float32)
    everything = index.search(query, 3000)
    score = dict(zip(everything.ids[0].tolist(), everything.scores[0].tolist(), strict=True))
    for size in (1, 20, 400, 2500):
        hits = index.search(query, size, allowed=rng.choice(3000, size, replace=False))
        assert all(
            score[each] == given
            for each, given in zip(hits.ids[0].tolist(), hits.scores[0].tolist(), strict=True)
        )


def test_waiting_threads_do_not_spin():
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
