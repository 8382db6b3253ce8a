"""How jobs become batches; the decoding is scripted, so that every order of events can be had."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import Future

import numpy as np
import pytest

from indexer.decoding.decode import Decoded, Hashed, Unreadable
from indexer.pipeline.job import Job
from indexer.pipeline.pipeline import Pipeline
from indexer.progress import Stopwatch
from searchengine.images.metadata import Metadata


def job(name, *, hash_first=False, is_new=True):
    return Job(1, b"/r/" + name, name, 10, 1, is_new=is_new, hash_first=hash_first)


def hashed(content):
    return Hashed(content * 32, 10, 1)


def decoded(content):
    return Decoded(
        content * 32, 10, 1, 4, 4, "JPEG", Metadata(), b"\0" * 8, (), np.zeros((1, 2, 2, 3), np.uint8)
    )


class ScriptedPool:
    """Answers each file from a list, in the order of the questions."""

    workers = 2

    def __init__(self, script):
        self.script = {b"/r/" + name: list(answers) for name, answers in script.items()}
        self.asked = []

    def submit(self, task):
        self.asked.append((task.path[3:], task.hash_only))
        future = Future()
        future.set_result(self.script[task.path].pop(0))
        return future


class FlatEncoder:
    def __init__(self, *, fails=False):
        self.batches = []
        self.fails = fails

    def encode_images(self, pixels):
        if self.fails:
            raise MemoryError("no room")
        self.batches.append(len(pixels))
        return np.ones((len(pixels), 1), np.float32)


def run(script, jobs, *, known=(), encoder=None, batch_size=4):
    """What was committed, by file name: a hash for what was decoded, `copy` or `failed`."""
    pool, batches = ScriptedPool(script), []
    pipeline = Pipeline(
        pool=pool,
        encoder=encoder or FlatEncoder(),
        commit=batches.append,
        is_known=lambda content: content in {content * 32 for content in known},
        batch_size=batch_size,
        stopwatch=Stopwatch(),
    )
    pipeline.run(jobs)
    outcome = {}
    for batch in batches:
        assert len(batch.vectors) == len(batch.decoded)
        for each, result in batch.decoded:
            outcome[each.path] = result.hash[:1]
        for each, _ in batch.copies:
            outcome[each.path] = "copy"
        for each, _ in batch.failures:
            outcome[each.path] = "failed"
    return outcome, pool, batches


def test_a_file_of_its_own_size_is_read_once():
    outcome, pool, _ = run({b"a": [decoded(b"A")]}, [job(b"a")])
    assert outcome == {b"a": b"A"}
    assert pool.asked == [(b"a", False)]


def test_known_bytes_are_hashed_and_not_decoded():
    outcome, pool, _ = run({b"a": [hashed(b"A")]}, [job(b"a", hash_first=True)], known=[b"A"])
    assert outcome == {b"a": "copy"}
    assert pool.asked == [(b"a", True)]


def test_of_new_copies_only_one_is_decoded():
    script = {name: [hashed(b"A"), decoded(b"A")] for name in (b"a", b"b", b"c")}
    outcome, pool, _ = run(script, [job(name, hash_first=True) for name in script])
    assert sorted(map(str, outcome.values())) == ["b'A'", "copy", "copy"]
    assert [hash_only for _, hash_only in pool.asked].count(False) == 1


def test_a_copy_hashed_after_the_first_was_decoded_is_a_copy_too():
    script = {b"a": [hashed(b"A"), decoded(b"A")], b"b": [hashed(b"A")]}
    outcome, _, _ = run(script, [job(b"a", hash_first=True), job(b"b", hash_first=True)], batch_size=1)
    assert outcome == {b"a": b"A", b"b": "copy"}


def test_a_file_rewritten_between_hash_and_decode_does_not_lend_its_copies_a_wrong_picture():
    script = {b"a": [hashed(b"A"), decoded(b"Z")], b"b": [hashed(b"A"), hashed(b"A"), decoded(b"A")]}
    outcome, _, _ = run(script, [job(b"a", hash_first=True), job(b"b", hash_first=True)])
    assert outcome == {b"a": b"Z", b"b": b"A"}


def test_copies_of_a_bad_file_fail_with_it():
    bad = Unreadable(b"/r/a", "damaged", "damaged")
    script = {b"a": [hashed(b"A"), bad], b"b": [hashed(b"A"), bad]}
    outcome, _, _ = run(script, [job(b"a", hash_first=True), job(b"b", hash_first=True)])
    assert outcome == {b"a": "failed", b"b": "failed"}


def test_copies_of_a_file_that_is_taken_away_are_looked_at_again():
    script = {
        b"a": [hashed(b"A"), Unreadable(b"/r/a", "gone", "gone")],
        b"b": [hashed(b"A"), hashed(b"A"), decoded(b"A")],
    }
    outcome, _, _ = run(script, [job(b"a", hash_first=True), job(b"b", hash_first=True)])
    assert outcome == {b"a": "failed", b"b": b"A"}


def test_batches_are_of_the_size_asked_for_and_the_last_is_what_is_left():
    names = [b"%d" % number for number in range(10)]
    encoder = FlatEncoder()
    run({name: [decoded(name)] for name in names}, map(job, names), encoder=encoder)
    assert encoder.batches == [4, 4, 2]


def test_a_transaction_takes_in_several_batches_in_their_order():
    names = [b"%d" % number for number in range(50)]
    outcome, _, batches = run({name: [decoded(name)] for name in names}, map(job, names))
    assert list(outcome) == names
    assert sum(map(len, batches)) == 50
    assert max(map(len, batches)) <= 16


class SlowEncoder(FlatEncoder):
    """Takes longer over a batch than batches are waited for: until the one before it is committed."""

    def __init__(self):
        super().__init__()
        self.committed = threading.Semaphore(1)

    def encode_images(self, pixels):
        assert self.committed.acquire(timeout=60)
        return super().encode_images(pixels)


def test_a_slow_model_s_batches_are_committed_as_they_come(monkeypatch):
    monkeypatch.setattr("indexer.pipeline.pipeline._SECONDS", 0.0)
    names = [b"%d" % number for number in range(10)]
    encoder, sizes = SlowEncoder(), []

    def commit(batch):
        sizes.append(len(batch))
        encoder.committed.release()

    pipeline = Pipeline(
        pool=ScriptedPool({name: [decoded(name)] for name in names}),
        encoder=encoder,
        commit=commit,
        is_known=lambda content: False,
        batch_size=4,
        stopwatch=Stopwatch(),
    )
    pipeline.run(map(job, names))
    assert sizes == [4, 4, 2]


@pytest.mark.parametrize("count", [1, 4, 16, 17, 200])
def test_a_commit_that_fails_ends_the_run(count):
    def full(batch):
        raise OSError("disk full")

    names = [b"%d" % number for number in range(count)]
    pipeline = Pipeline(
        pool=ScriptedPool({name: [decoded(name)] for name in names}),
        encoder=FlatEncoder(),
        commit=full,
        is_known=lambda content: False,
        batch_size=4,
        stopwatch=Stopwatch(),
    )
    with pytest.raises(OSError, match="disk full"):
        pipeline.run(map(job, names))


def test_failures_alone_make_a_batch_without_vectors():
    outcome, _, _ = run({b"a": [Unreadable(b"/r/a", "no", "damaged")]}, [job(b"a")])
    assert outcome == {b"a": "failed"}


def test_what_stops_the_encoder_stops_the_run():
    names = [b"%d" % number for number in range(200)]
    with pytest.raises(MemoryError, match="no room"):
        run({name: [decoded(name)] for name in names}, map(job, names), encoder=FlatEncoder(fails=True))


class InterruptedEncoder(FlatEncoder):
    """While it is at work somebody presses Ctrl-C, and presses it again once that has been noticed."""

    def encode_images(self, pixels):
        os.kill(os.getpid(), signal.SIGINT)
        while not self.pipeline._interrupted:
            time.sleep(0.01)
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
        return super().encode_images(pixels)


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to send")
def test_however_often_ctrl_c_is_pressed_what_is_being_encoded_is_waited_for_and_committed():
    names = [b"%d" % number for number in range(200)]
    encoder, batches = InterruptedEncoder(), []
    pipeline = encoder.pipeline = Pipeline(
        pool=ScriptedPool({name: [decoded(name)] for name in names}),
        encoder=encoder,
        commit=batches.append,
        is_known=lambda content: False,
        batch_size=4,
        stopwatch=Stopwatch(),
    )
    with pytest.raises(KeyboardInterrupt):
        pipeline.run(map(job, names))
    assert encoder.batches == [4]
    assert [len(batch) for batch in batches] == [4]
