"""Rates, times to go, stage times."""

from __future__ import annotations

from indexer.cli.terminal import in_words
from indexer.progress import Progress, Rate, Stopwatch


def test_rate_follows_the_last_half_minute():
    now = 0.0
    rate = Rate(30, clock=lambda: now)
    assert rate.mark(0) is None
    now = 10.0
    assert rate.mark(100) == 10
    now = 60.0
    assert rate.mark(1100) == 20
    now = 80.0
    assert rate.mark(2100) == 50


def test_eta_is_what_is_left_at_this_rate():
    assert Progress("indexing", 50, 100, rate=10.0).eta == 5
    assert Progress("indexing", 50, None, rate=10.0).eta is None
    assert Progress("indexing", 50, 100).eta is None


def test_stopwatch_adds_up_by_stage():
    stopwatch = Stopwatch()
    stopwatch.add("encode", 1.0)
    stopwatch.add("encode", 0.5)
    with stopwatch.timed("scan"):
        pass
    seconds = stopwatch.seconds()
    assert seconds["encode"] == 1.5
    assert seconds["scan"] < 0.1


def test_progress_in_words_says_only_what_is_known():
    assert in_words(Progress("scanning", 1000)) == ""
    assert in_words(Progress("indexing", 50, 100, 2, 10.0)) == "10.0/s · 5.0 s to go · 2 failed"
