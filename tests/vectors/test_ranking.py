"""Ranking by candidates: whatever an engine names, what comes out is what exact search gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchengine.vectors.milvus import ranking
from searchengine.vectors.milvus.ranking import nearest
from tests.vectors.memory import MemorySource, brute_force, coarse


class Engine:
    """Names candidates out of a dict of vectors, exactly or forgetting some; counts how often it is asked."""

    def __init__(self, known, *, misses=()):
        self.known = {each: vector for each, vector in known.items() if each not in misses}
        self.asked = []

    def __call__(self, queries, depth):
        self.asked.append(depth)
        ids, scores = brute_force(self.known, queries, depth)
        backwards = ids[:, ::-1], scores[:, ::-1]  # equal scores come in any order
        order = np.argsort(-backwards[1], axis=1, kind="stable")
        return [
            (one_ids[at], one_scores[at]) for one_ids, one_scores, at in zip(*backwards, order, strict=True)
        ]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(ranking, "DEPTHS", (8, 24, 64))
    monkeypatch.setattr(ranking, "FEW", 5)


def asked(source, engine, k, *, seed=0, hidden=(), allowed=None, count=None):
    return nearest(
        coarse(9000 + seed)[None].astype(np.float32),
        k,
        source=source,
        candidates=engine,
        count=len(engine.known) if count is None else count,
        hidden=np.array(sorted(hidden), np.int64),
        allowed=None if allowed is None else np.array(sorted(allowed), np.int64),
    )


@given(
    count=st.integers(1, 120),
    hidden=st.sets(st.integers(1, 120), max_size=40),
    allowed=st.none() | st.sets(st.integers(-3, 130), max_size=100),
    k=st.integers(1, 130),
    seed=st.integers(0, 50),
)
@settings(max_examples=60)
def test_an_exact_engine_gives_what_brute_force_gives(count, hidden, allowed, k, seed):
    source = MemorySource()
    source.add(count)
    engine = Engine(source.known)
    passing = {
        each: row
        for each, row in source.known.items()
        if each not in hidden and (allowed is None or each in allowed)
    }
    ids, scores = brute_force(passing, coarse(9000 + seed).astype(np.float32), k)
    hits = asked(source, engine, k, seed=seed, hidden=hidden, allowed=allowed)
    assert hits.ids.tolist() == ids.tolist()
    assert hits.scores.tolist() == scores.tolist()


@given(
    misses=st.sets(st.integers(1, 100), max_size=60),
    k=st.integers(2, 110),
    allowed=st.none() | st.sets(st.integers(1, 100), min_size=6),
    seed=st.integers(0, 50),
)
@settings(max_examples=60)
def test_with_an_engine_that_misses_some_k_stays_k_and_longer_answers_go_on(misses, k, allowed, seed):
    source = MemorySource()
    source.add(100)
    engine = Engine(source.known, misses=misses)
    there = 100 if allowed is None else len(allowed)
    hits = asked(source, engine, k, seed=seed, allowed=allowed, count=100)
    assert hits.ids.shape == (1, min(k, there))
    assert len(set(hits.ids[0].tolist())) == min(k, there)
    assert (np.diff(hits.scores[0]) <= 0).all()
    shorter = asked(source, engine, k // 2, seed=seed, allowed=allowed, count=100)
    assert (hits.ids[:, : shorter.ids.shape[1]] == shorter.ids).all()


def test_what_few_pass_is_compared_without_asking_the_engine():
    source = MemorySource()
    source.add(100)
    engine = Engine(source.known)
    assert asked(source, engine, 10, allowed={3, 50, 99, 1000}).ids.shape == (1, 3)
    assert engine.asked == []


def test_more_candidates_are_asked_for_only_where_too_few_pass():
    source = MemorySource()
    source.add(100)
    engine = Engine(source.known)
    asked(source, engine, 1)
    assert engine.asked == [8]
    asked(source, engine, 80)
    assert engine.asked[1:] == [8, 24, 64]


def test_several_queries_at_once_are_answered_as_one_by_one():
    source = MemorySource()
    source.add(40)
    engine = Engine(source.known)
    queries = np.array([coarse(9000 + seed) for seed in range(3)], np.float32)
    none = np.empty(0, np.int64)
    hits = nearest(queries, 5, source=source, candidates=engine, count=40, hidden=none, allowed=None)
    for seed, row in enumerate(hits.ids):
        assert row.tolist() == asked(source, engine, 5, seed=seed).ids[0].tolist()
