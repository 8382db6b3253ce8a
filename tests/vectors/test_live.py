"""The live index over any history: what it answers is what brute force answers over what is shown."""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from searchengine.vectors.live import LiveIndex
from searchengine.vectors.snapshot import keep_snapshot, take_snapshot
from tests.vectors.memory import MemorySource, answers_are_right, coarse


def test_opens_with_and_without_a_snapshot(source, tmp_path):
    source.add(20)
    live = LiveIndex(source, tmp_path)
    assert live.status.snapshot_count is None
    assert live.status.note == "there is no snapshot"
    answers_are_right(live, source)
    take_snapshot(source, tmp_path)
    live = LiveIndex(source, tmp_path)
    assert live.status.snapshot_count == 20
    assert live.status.note is None
    answers_are_right(live, source)


def test_an_empty_space_answers_with_nothing(source, tmp_path):
    take_snapshot(source, tmp_path)
    live = LiveIndex(source, tmp_path)
    assert live.status.snapshot_count == 0
    answers_are_right(live, source)
    source.add(3)
    assert live.refresh()
    answers_are_right(live, source)


def test_only_what_is_not_in_the_snapshot_is_read(source, tmp_path):
    source.add(50)
    take_snapshot(source, tmp_path)
    source.read = 0
    source.turn([1, 2, 3], shown=False)
    source.turn([2], shown=True)
    source.add(4)
    live = LiveIndex(source, tmp_path)
    assert source.read == 4
    assert live.status.replayed == 6
    answers_are_right(live, source)


def test_refreshing_says_whether_there_was_anything(source, tmp_path):
    source.add(5)
    live = LiveIndex(source, tmp_path)
    assert not live.refresh()
    source.turn([4], shown=False)
    assert live.refresh()
    assert not live.refresh()
    answers_are_right(live, source)


def test_a_new_snapshot_is_taken_up_and_empties_the_tail(source, tmp_path):
    source.add(5)
    take_snapshot(source, tmp_path)
    live = LiveIndex(source, tmp_path)
    source.add(30)
    live.refresh()
    assert live.status.snapshot_count == 5
    take_snapshot(source, tmp_path)
    assert live.refresh()
    assert (live.status.snapshot_count, live.status.replayed) == (35, 0)
    answers_are_right(live, source)


def test_a_new_snapshot_that_is_damaged_is_left_alone(source, tmp_path):
    source.add(5)
    take_snapshot(source, tmp_path)
    live = LiveIndex(source, tmp_path)
    source.add(30)
    info = take_snapshot(source, tmp_path)
    (tmp_path / info.file).write_bytes(b"")
    assert live.refresh()
    assert live.status.snapshot_count == 5
    answers_are_right(live, source)


def test_what_was_hidden_and_forgotten_between_two_looks_is_not_found(source, tmp_path):
    source.add(5)
    live = LiveIndex(source, tmp_path)
    (new,) = source.add()
    del source.known[new]  # forgotten after the change was read, before its vector was
    live.refresh()
    assert new not in live.search(coarse(1).astype(np.float32), 10).ids
    source.turn([new], shown=False)
    live.refresh()
    answers_are_right(live, source)


def test_searches_go_on_while_others_refresh(source, tmp_path):
    source.add(200)
    take_snapshot(source, tmp_path)
    live = LiveIndex(source, tmp_path)
    query = coarse(5).astype(np.float32)
    done = threading.Event()
    lengths = []

    def search():
        while not done.is_set():
            hits = live.search(query, 1000)
            found = hits.ids[0][hits.ids[0] >= 0]
            lengths.append(len(found))
            assert len(set(found.tolist())) == len(found)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for round_ in range(40):
        source.add(10)
        if round_ % 10 == 5:
            keep_snapshot(source, tmp_path)
        live.refresh()
    done.set()
    for thread in threads:
        thread.join()
    assert all(length % 10 == 0 for length in lengths)
    answers_are_right(live, source)


class AnyHistory(RuleBasedStateMachine):
    """Adding, hiding, showing again, forgetting; snapshots taken, torn, deleted, swapped; refreshes."""

    @initialize()
    def begin(self):
        self.directory = Path(tempfile.mkdtemp())
        self.source = MemorySource()
        self.live = LiveIndex(self.source, self.directory)
        self.seed = 0

    def teardown(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    @rule(count=st.integers(1, 12))
    def add(self, count):
        self.source.add(count)

    @precondition(lambda self: self.source.known)
    @rule(data=st.data(), shown=st.booleans())
    def hide_or_show(self, data, shown):
        ids = data.draw(st.sets(st.sampled_from(sorted(self.source.known)), max_size=8))
        self.source.turn(sorted(ids), shown=shown)

    @precondition(lambda self: self.source.known)
    @rule(data=st.data())
    def forget(self, data):
        self.source.forget([data.draw(st.sampled_from(sorted(self.source.known)))])

    @rule()
    def snapshot(self):
        take_snapshot(self.source, self.directory)

    @rule()
    def keep(self):
        keep_snapshot(self.source, self.directory)

    @rule(data=st.data())
    def delete_a_file(self, data):
        files = sorted(self.directory.iterdir())
        if files:
            data.draw(st.sampled_from(files)).unlink()

    @rule(data=st.data(), part=st.floats(0, 1))
    def tear_a_file(self, data, part):
        files = sorted(self.directory.iterdir())
        if files:
            path = data.draw(st.sampled_from(files))
            whole = path.read_bytes()
            # As a new file: what a reader has mapped is never cut short by a rename.
            path.unlink()
            path.write_bytes(whole[: int(len(whole) * part)])

    @rule()
    def put_in_another_library_s(self):
        foreign = MemorySource(token="theirs")
        foreign.add(7)
        take_snapshot(foreign, self.directory)

    @rule()
    def open_again(self):
        self.live = LiveIndex(self.source, self.directory)

    @rule(allowed=st.none() | st.sets(st.integers(0, 60), max_size=20))
    def search(self, allowed):
        self.live.refresh()
        self.seed += 1
        answers_are_right(self.live, self.source, seed=self.seed, allowed=allowed)

    @invariant()
    def a_fresh_reader_is_right(self):
        answers_are_right(LiveIndex(self.source, self.directory), self.source)


AnyHistory.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
TestAnyHistory = AnyHistory.TestCase
