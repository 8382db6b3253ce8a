from __future__ import annotations

import pytest

from searchengine.vectors.policy import LONGEST_TAIL, SMALL, TARGET_MS, choose_index, snapshot_due


@pytest.mark.parametrize(
    ("count", "dim", "words"),
    [
        (0, 512, "stays below"),
        (548, 512, "all 548 vectors"),
        (100_000, 512, "about 3.4 ms"),
        (1_000_000, 512, "before the library is calibrated"),
        (400_000, 256, "stays below"),
    ],
)
def test_the_choice_says_why(count, dim, words):
    choice = choose_index(count, dim, 0)
    assert choice.kind == "exact"
    assert words in choice.reason


def test_reach_is_where_the_estimate_meets_the_target():
    choice = choose_index(choose_index(1, 512, 0).reach, 512, 0)
    assert choice.expected_ms == pytest.approx(TARGET_MS, rel=0.01)


@pytest.mark.parametrize(
    ("snapshot_count", "changes", "due"),
    [
        (None, 0, True),
        (None, 5, True),
        (0, 0, False),
        (0, 1, True),
        (SMALL, 0, False),
        (SMALL, 1, True),
        (50_000, 2_499, False),
        (50_000, 2_500, True),
        (10_000_000, LONGEST_TAIL - 1, False),
        (10_000_000, LONGEST_TAIL, True),
    ],
)
def test_a_snapshot_is_due_when_replaying_costs_more_than_writing(snapshot_count, changes, due):
    assert snapshot_due(snapshot_count, changes) is due
