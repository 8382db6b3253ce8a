"""With codes: which pictures come may differ a little from exact search, nothing else may."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searchengine.vectors import codes, exact, policy, segment, tuning
from searchengine.vectors.hits import Hits, behind
from searchengine.vectors.live import LiveIndex
from searchengine.vectors.policy import Plan, Setting
from searchengine.vectors.segment import Segment
from searchengine.vectors.snapshot import damage, keep_snapshot, open_snapshot, take_snapshot
from tests.vectors.memory import DIM, MemorySource, brute_force, coarse

COUNT = 300


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(autouse=True, scope="module")
def _small():
    """What belongs to millions of vectors, at hundreds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(policy, "BYTES_PER_MS", 300)
        patch.setattr(policy, "LEAST_RECALL", 0.1)
        patch.setattr(policy, "LEAST_TEXTS", 20)
        for module in (policy, tuning, codes):
            patch.setattr(module, "DEPTHS", (20, 40))
        patch.setattr(segment, "WITHIN", 12)
        patch.setattr(segment, "MOST_COPIED", 8)
        patch.setattr(segment, "SMALL_SHARE", 1)
        patch.setattr(exact, "SPLIT", 10)
        yield


def of_hundreds():
    made = MemorySource()
    made.add(COUNT)
    made.questions = unit(np.random.default_rng(3).standard_normal((40, DIM)))
    return made


@pytest.fixture
def source():
    return of_hundreds()


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """The folder of a snapshot that nobody changes."""
    folder = tmp_path_factory.mktemp("snapshot")
    take_snapshot(of_hundreds(), folder)
    return folder


def approximate(source, directory):
    take_snapshot(source, directory)
    live = LiveIndex(source, directory)
    assert live.status.kind == "approximate"
    return live


def check(live, source, query, allowed, k):
    """Everything but which of the nearest are found."""
    passing = {each: source.known[each] for each in source.visible if allowed is None or each in allowed}
    choice = None if allowed is None else np.array(sorted(allowed), np.int64)
    hits = live.search(query, k, allowed=choice)
    count = min(k, len(passing))
    ids, scores = hits.ids[0, :count].tolist(), hits.scores[0, :count]
    assert len(set(ids)) == count  # k, whenever k pass
    assert set(ids) <= set(passing)
    assert (hits.ids[0, count:] == -1).all()
    right = np.array([passing[each].astype(np.float32) @ query for each in ids], np.float32)
    assert (scores <= right + 1e-6).all()
    within = min(count, segment.WITHIN)
    np.testing.assert_allclose(scores[:within], right[:within], atol=1e-6)
    keys = list(zip((-scores).tolist(), ids, strict=True))
    assert keys == sorted(keys)  # what cursors and fusion rely on
    return list(zip(ids, scores.tolist(), strict=True))


@given(
    hidden=st.sets(st.integers(1, COUNT), max_size=120),
    added=st.integers(0, 20),
    allowed=st.none() | st.sets(st.integers(1, COUNT + 25), max_size=250),
    ks=st.lists(st.integers(1, COUNT + 30), min_size=2, max_size=4),
    seed=st.integers(0, 50),
)
@settings(max_examples=100)
def test_the_first_k_of_a_longer_answer_are_the_answer_for_k(*, snapshot, hidden, added, allowed, ks, seed):
    source = of_hundreds()
    live = LiveIndex(source, snapshot)
    assert live.status.kind == "approximate"
    source.turn(sorted(hidden), shown=False)
    source.add(added)
    live.refresh()
    for query in (coarse(1000 + seed).astype(np.float32), source.questions[seed % 40]):
        answers = [check(live, source, query, allowed, k) for k in sorted(ks)]
        for shorter, longer in pairwise(answers):
            assert longer[: len(shorter)] == shorter


def test_all_of_them_are_all_of_them(source, tmp_path):
    live = approximate(source, tmp_path)
    assert set(live.search(source.questions[0], COUNT).ids[0].tolist()) == source.visible


def test_few_that_pass_are_compared_exactly(source, tmp_path):
    live = approximate(source, tmp_path)
    for allowed in (range(5, 12), range(1, 30)):  # copied out; fewer than there should be candidates
        chosen = np.array(allowed, np.int64)
        ids, scores = brute_force({each: source.known[each] for each in allowed}, source.questions[:1], 10)
        hits = live.search(source.questions[0], 10, allowed=chosen)
        assert hits.ids[:, : ids.shape[1]].tolist() == ids.tolist()
        np.testing.assert_allclose(hits.scores[:, : ids.shape[1]], scores, atol=1e-6)


def test_many_queries_are_answered_as_each_alone(source, tmp_path):
    live = approximate(source, tmp_path)
    together = live.search(source.questions, 7)
    alone = [live.search(each, 7) for each in source.questions]
    assert together.ids.tolist() == [each.ids[0].tolist() for each in alone]
    assert together.scores.tolist() == [each.scores[0].tolist() for each in alone]


def test_threads_find_what_one_finds(monkeypatch):
    rows = np.random.default_rng(0).choice(np.array([-0.25, 0.25], np.float16), (500, DIM))
    index = Segment.of(np.arange(500), rows).rows
    query = coarse(1).astype(np.float32)[None]
    for mask in (None, np.arange(500) % 3 == 0, np.arange(500) < 40, np.arange(500) == 499):
        for k in (1, 17, 600):
            monkeypatch.setattr(exact, "SPLIT", 10)
            split = exact.nearest(index, query, k, mask)
            monkeypatch.setattr(exact, "SPLIT", 1000)
            whole = exact.nearest(index, query, k, mask)
            assert [each.tolist() for each in split] == [each.tolist() for each in whole]


@pytest.mark.parametrize(
    ("rest", "ids", "scores"),
    [
        # Nothing was missed: scores as they are, equal ones too.
        ([(1, 0.9), (2, 0.8), (3, 0.7), (4, 0.7)], [1, 2, 3, 4], [0.9, 0.8, 0.7, 0.7]),
        # 7 should have been first, 8 among the first: both come right behind.
        ([(7, 0.95), (1, 0.9), (8, 0.85), (2, 0.8), (3, 0.7)], [1, 2, 7, 8, 3], [0.9, 0.8, 0.8, 0.8, 0.7]),
        ([(1, 0.9)], [1, 2], [0.9, 0.8]),
    ],
)
def test_what_was_missed_comes_behind(rest, ids, scores):
    first = Hits(np.array([[1, 2]]), np.array([[0.9, 0.8]], np.float32))
    following = Hits(np.array([[i for i, _ in rest]]), np.array([[s for _, s in rest]], np.float32))
    hits = behind(first, following, 10)
    assert hits.ids[0].tolist() == ids
    np.testing.assert_allclose(hits.scores[0], scores, atol=1e-6)
    keys = list(zip((-hits.scores[0]).tolist(), ids, strict=True))
    assert keys == sorted(keys)


def test_recall_is_what_comparing_finds():
    rng = np.random.default_rng(1)
    rows = unit(rng.standard_normal((3000, DIM))).astype(np.float16)
    segment = Segment.of(np.arange(3000), rows)
    made = codes.Codes.of(segment.vectors(), Plan(16, 8))
    texts = unit(rng.standard_normal((50, DIM)) + 0.5)
    measured = dict(tuning.recalls(segment, made, texts))
    right, _ = exact.nearest(segment.rows, texts, 10, None)
    for setting in (Setting(4, 20), Setting(16, 40)):
        named = made.candidates(texts, setting=setting)
        share = np.mean([np.isin(theirs, ours).mean() for ours, theirs in zip(named, right, strict=True)])
        assert measured[setting] == pytest.approx(share)
    assert measured[Setting(16, 40)] > measured[Setting(1, 20)]


def test_candidates_pass_the_filter():
    rows = unit(np.random.default_rng(1).standard_normal((500, DIM))).astype(np.float16)
    made = codes.Codes.of(rows, Plan(4, 8))
    mask = np.arange(500) % 10 == 0
    found = made.candidates(rows[:3].astype(np.float32), np.packbits(mask, bitorder="little"))
    assert mask[found[found >= 0]].all()


def test_a_snapshot_says_how_it_is_searched_and_what_that_finds(source, tmp_path):
    info = take_snapshot(source, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "space-1-300.codes",
        "space-1-300.faiss",
        "space-1.json",
    ]
    status = LiveIndex(source, tmp_path).status
    assert (status.kind, status.recall, status.reason) == ("approximate", info.recall, info.reason)
    assert f"{info.recall:.1%} of the nearest 10, measured with 40 texts" in info.reason
    assert damage(source, tmp_path) is None
    source.add(1)
    take_snapshot(source, tmp_path)
    assert "space-1-300.codes" not in {path.name for path in tmp_path.iterdir()}


def test_codes_are_made_as_soon_as_there_are_texts_to_measure_with(source, tmp_path):
    questions, source.questions = source.questions, source.questions[:0]
    assert "before the library is calibrated" in take_snapshot(source, tmp_path).reason
    assert keep_snapshot(source, tmp_path) is None
    live = LiveIndex(source, tmp_path)
    assert (live.status.kind, live.status.recall) == ("exact", 1.0)
    source.questions = questions
    assert keep_snapshot(source, tmp_path).codes is not None
    assert live.refresh()
    assert live.status.kind == "approximate"
    assert keep_snapshot(source, tmp_path) is None


@pytest.mark.parametrize("harm", ["gone", "torn", "flipped", "foreign"])
def test_damaged_codes_cost_time_never_a_right_answer(source, tmp_path, harm):
    info = take_snapshot(source, tmp_path)
    path = tmp_path / info.codes.file
    whole = path.read_bytes()
    if harm == "gone":
        path.unlink()
    elif harm == "torn":
        path.write_bytes(whole[: len(whole) // 2])
    elif harm == "flipped":
        path.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    else:
        path.write_bytes((tmp_path / info.file).read_bytes()[: len(whole)].ljust(len(whole), b"\0"))
    assert damage(source, tmp_path) == f"{info.codes.file} is damaged"
    live = LiveIndex(source, tmp_path)
    assert (live.status.kind, live.status.snapshot_count) == ("exact", COUNT)
    assert "imgsearch optimize" in live.status.note
    ids, _ = brute_force(source.known, coarse(5), COUNT)
    assert live.search(coarse(5).astype(np.float32), COUNT).ids.tolist() == ids.tolist()
    assert keep_snapshot(source, tmp_path).codes is not None
    assert damage(source, tmp_path) is None
    assert live.refresh()
    assert (live.status.kind, live.status.note) == ("approximate", None)


@pytest.mark.parametrize("change", [{"codes": 5}, {"codes": {"file": "x"}}, {"codes": {"file": "../a"}}])
def test_a_manifest_that_says_something_else_of_codes_is_not_believed(source, tmp_path, change):
    take_snapshot(source, tmp_path)
    manifest = tmp_path / "space-1.json"
    values = json.loads(manifest.read_text())
    if isinstance(change["codes"], dict) and "/" in change["codes"]["file"]:
        change = {"codes": values["codes"] | change["codes"]}
    manifest.write_text(json.dumps(values | change))
    assert LiveIndex(source, tmp_path).status.snapshot_count is None


def test_where_codes_would_miss_too_much_search_stays_exact(source, tmp_path, monkeypatch):
    monkeypatch.setattr(policy, "LEAST_RECALL", 1.01)
    info = take_snapshot(source, tmp_path)
    assert (info.kind, info.codes, info.recall) == ("exact", None, 1.0)
    assert "would have only" in info.reason
    assert LiveIndex(source, tmp_path).status.reason == info.reason
    assert keep_snapshot(source, tmp_path) is None


def test_opens_without_reading_the_vectors(source, tmp_path):
    take_snapshot(source, tmp_path)
    source.read = 0
    segment, _ = open_snapshot(source, tmp_path)
    assert segment.codes is not None
    assert source.read == 0
