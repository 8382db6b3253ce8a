"""The contract of a vector store, over every one: FAISS, Milvus Lite in a folder and as a server, Milvus."""

from __future__ import annotations

import secrets
import threading

import numpy as np
import pytest

from searchengine.vectors import space_index
from tests.vectors import engines
from tests.vectors.memory import MemorySource, answers_are_right, coarse

MILVUS = [pytest.mark.milvus, pytest.mark.slow]


@pytest.fixture(
    scope="module",
    params=[
        "faiss",
        pytest.param("lite", marks=pytest.mark.milvus),
        pytest.param("lite server", marks=MILVUS),
        pytest.param("server", marks=MILVUS),
    ],
)
def engine(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("engine")
    if request.param == "faiss":
        yield engines.Faiss(folder)
    elif request.param == "lite":
        pytest.importorskip("milvus_lite", reason="it isn't installed: pip install 'imgsearch[milvus]'")
        lite = engines.LiteFolder(folder)
        yield lite
        lite.restart()
    else:
        make = engines.lite_server if request.param == "lite server" else engines.genuine_server
        server = make(folder)
        yield server
        server.stop()


@pytest.fixture
def source():
    """A space of its own, since the tests share an engine."""
    name = secrets.token_hex(4)
    return MemorySource(f"space-{name}", token=name)


@pytest.fixture
def store(engine, source):
    yield engine.store()
    engine.store().drop(source)


def test_what_is_kept_is_found(store, source):
    source.add(40)
    store.keep(source)
    index = store.open(source)
    answers_are_right(index, source)
    answers_are_right(index, source, seed=1, allowed={1, 7, 8, 30, 99})
    answers_are_right(index, source, seed=2, allowed=set(range(5, 35)))
    assert index.status.snapshot_count == 40
    assert index.status.note is None


def test_an_empty_space_answers_with_nothing(store, source):
    store.keep(source)
    index = store.open(source)
    answers_are_right(index, source)
    source.add(3)
    assert index.refresh()
    answers_are_right(index, source)
    store.keep(source)
    answers_are_right(store.open(source), source)


def test_what_nobody_has_kept_yet_is_found_all_the_same(store, source):
    source.add(10)
    index = store.open(source)
    assert index.status.snapshot_count is None
    assert index.status.note
    answers_are_right(index, source)


def test_changes_are_seen_before_and_after_they_are_kept(store, source):
    source.add(30)
    store.keep(source)
    index = store.open(source)
    source.turn([1, 2, 3], shown=False)
    source.turn([2], shown=True)
    source.forget([4, 5])
    source.add(6)
    for _ in range(2):
        assert index.refresh()
        answers_are_right(index, source)
        answers_are_right(index, source, allowed=set(range(1, 34)))
        store.keep(source)
        answers_are_right(store.open(source), source)
        source.turn([9, 2], shown=False)
        source.turn([1], shown=True)
    assert not index.refresh() or not index.refresh()


def test_keeping_again_changes_nothing(store, source):
    source.add(20)
    store.keep(source)
    source.turn([3, 4], shown=False)
    store.keep(source)
    store.keep(source)
    store.rebuild(source)
    index = store.open(source)
    assert index.status.snapshot_count == 18
    answers_are_right(index, source)


def test_things_of_several_vectors_are_counted_and_ranked_once(store, source):
    source.add(5)
    source.add_parts(4)
    source.add_parts(3)
    store.keep(source)
    index = store.open(source)
    assert (len(index), index.count_groups()) == (12, 7)
    source.turn(range(6, 10), shown=False)
    source.add_parts(2)
    index.refresh()
    for each in (index, store.open(source)):
        assert (len(each), each.count_groups()) == (10, 7)
        hits = each.search_groups(coarse(3).astype(np.float32), 99)
        assert len(hits.ids[0]) == 7
    assert index.whole(np.array([11])).tolist() == [10, 11, 12]


def test_all_above_a_line_are_found_however_many(store, source, monkeypatch):
    monkeypatch.setattr(space_index, "FIRST_ABOVE", 2)
    source.add(50)
    store.keep(source)
    query = coarse(77).astype(np.float32)
    cosines = {each: float(vector.astype(np.float32) @ query) for each, vector in source.known.items()}
    found = store.open(source).above(query, 0.125)
    assert found.tolist() == sorted(each for each, cosine in cosines.items() if cosine >= 0.125)


def test_a_thousand_equal_vectors_come_in_order_of_id(store, source):
    source.add(1000)
    source.known = dict.fromkeys(source.known, coarse(0))
    store.keep(source)
    index = store.open(source)
    for k in (1, 10, 500, 1000):
        assert index.search(coarse(0).astype(np.float32), k).ids[0].tolist() == list(range(1, k + 1))


def test_a_restart_forgets_nothing(engine, store, source):
    source.add(25)
    store.keep(source)
    before, address = store.open(source), getattr(engine, "address", "")
    engine.restart()
    index = engine.store().open(source)
    assert index.status.snapshot_count == 25
    answers_are_right(index, source)
    if isinstance(engine, engines.Server) and engine.address == address:
        answers_are_right(before, source)  # connects again by itself


def test_a_kill_forgets_nothing_that_was_kept(engine, store, source):
    source.add(25)
    store.keep(source)
    source.turn([3], shown=False)
    source.add(2)
    store.keep(source)
    engine.kill()
    index = engine.store().open(source)
    assert index.status.snapshot_count == 26
    answers_are_right(index, source)


@pytest.mark.parametrize("what", ["keep", "rebuild"])
def test_a_writer_may_be_killed_at_any_moment(engine, source, what, monkeypatch):
    if isinstance(engine, engines.Faiss):
        pytest.skip("test_snapshot and tests/verify kill those that write files")
    from searchengine.vectors.milvus.server import Server

    class Killed(BaseException):
        pass

    really, left = Server.call, 0

    def call(self, what, **about):
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        return really(self, what, **about)

    source.add(12)
    engine.store().keep(source)
    for number in range(1, 40):
        source.add(2)
        source.turn([number, number + 1], shown=bool(number % 3))
        store, left = engine.store(), number
        monkeypatch.setattr(Server, "call", call)
        try:
            getattr(store, what)(source)
        except Killed:
            done = False
        else:
            done = True
        monkeypatch.setattr(Server, "call", really)
        answers_are_right(engine.store().open(source), source)
        if done:
            break
    assert number > 4
    engine.store().keep(source)
    index = engine.store().open(source)
    assert index.status.replayed == 0
    answers_are_right(index, source)
    assert engine.store().check(source, lambda _: np.array(sorted(source.visible), np.int64)).wrong is None


def test_searches_are_right_while_all_is_made_anew(store, source):
    source.add(60)
    store.keep(source)
    index = store.open(source)
    failed, going = [], True

    def search():
        while going:
            try:
                answers_are_right(index, source)
            except BaseException as error:  # noqa: BLE001  whatever it is, the test has to see it
                failed.append(error)
                return

    searching = threading.Thread(target=search)
    searching.start()
    for _ in range(2):
        assert store.rebuild(source) == 60
    going = False
    searching.join()
    assert failed == []
    answers_are_right(store.open(source), source)


def test_another_models_space_is_another_one(store, source):
    other = MemorySource("space-2", token=secrets.token_hex(4))
    source.add(20)
    other.add(7)
    store.rebuild(source)
    store.rebuild(other)
    answers_are_right(store.open(source), source)
    answers_are_right(store.open(other), other)
    store.drop(source)
    assert store.open(source).status.snapshot_count is None
    assert store.open(other).status.snapshot_count == 7
    store.drop(other)


def test_what_is_of_another_history_is_not_believed(store, source):
    source.add(20)
    store.keep(source)
    source.mark += 1  # the catalog was restored from a backup, say
    index = store.open(source)
    assert index.status.snapshot_count is None
    answers_are_right(index, source)
    source.add(1)
    store.keep(source)
    assert store.open(source).status.snapshot_count == 21


def test_a_check_compares_every_vector(store, source):
    def expected(until):
        assert until == len(source.log)
        return np.array(sorted(source.visible), np.int64)

    assert store.check(source, expected).wrong is None
    assert store.check(source, expected).note
    source.add(12)
    store.keep(source)
    found = store.check(source, expected)
    assert (found.wrong, found.note) == (None, None)
    source.known[5] = coarse(999)
    assert "other numbers than the catalog: 5" in store.check(source, expected).wrong
    source.known[5] = coarse(5)
    source.visible.remove(7)
    assert "other vectors than it should: 7" in store.check(source, expected).wrong


def test_any_history_is_followed(store, source):
    rng = np.random.default_rng(0)
    source.add(10)
    index = store.open(source)
    for step in range(12):
        what = rng.integers(0, 5)
        ids = sorted(source.known)
        some = rng.choice(ids, min(len(ids), 4), replace=False).tolist() if ids else []
        if what == 0:
            source.add(int(rng.integers(1, 6)))
        elif what == 1:
            source.turn(some, shown=bool(rng.integers(0, 2)))
        elif what == 2:
            source.forget(some[:2])
        elif what == 3:
            store.keep(source)
        else:
            index = store.open(source)
        index.refresh()
        allowed = set(rng.choice(60, 30, replace=False).tolist())
        answers_are_right(index, source, seed=step)
        answers_are_right(index, source, seed=step, allowed=allowed & source.visible)
