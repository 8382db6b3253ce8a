from __future__ import annotations

import pytest

from searchengine.vectors.policy import (
    LONGEST_TAIL,
    SMALL,
    TARGET_MS,
    Plan,
    Setting,
    choose_index,
    settled,
    snapshot_due,
)


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


@pytest.mark.parametrize(
    ("count", "dim", "texts", "plan"),
    [
        (200_000, 512, 221, None),
        (1_000_000, 512, 221, Plan(1024, 256)),
        (10_000_000, 768, 221, Plan(1024, 384)),
        (400_000, 512, 221, Plan(512, 256)),
        (1_000_000, 514, 221, None),
        (1_000_000, 512, 99, None),
    ],
)
def test_codes_are_planned_where_exact_search_takes_too_long_and_recall_can_be_measured(
    count, dim, texts, plan
):
    choice = choose_index(count, dim, texts)
    assert choice.plan == plan
    assert choice.kind == ("exact" if plan is None else "approximate")


MILLION = choose_index(1_000_000, 512, 221)


@pytest.mark.parametrize(
    ("recalls", "kind", "setting", "recall"),
    [
        # The cheapest that meets the target, whether lists or candidates make it cheap.
        (
            [((1024, 1000), 0.995), ((512, 1000), 0.994), ((256, 1000), 0.98)],
            "approximate",
            (512, 1000),
            0.994,
        ),
        ([((1024, 1000), 0.995), ((256, 2000), 0.993)], "approximate", (256, 2000), 0.993),
        ([((512, 1000), 0.993), ((256, 16_000), 0.999)], "approximate", (512, 1000), 0.993),
        # None meets it: the nearest to it, if that will do.
        ([((1024, 16_000), 0.96), ((512, 16_000), 0.97)], "approximate", (512, 16_000), 0.97),
        ([((1024, 16_000), 0.94)], "exact", None, 1.0),
    ],
)
def test_the_cheapest_setting_that_finds_enough(recalls, kind, setting, recall):
    measured = [(Setting(*each), found) for each, found in recalls]
    found = settled(MILLION, 1_000_000, 512, measured, 221)
    assert (found.kind, found.recall) == (kind, recall)
    assert found.setting == (Setting(*setting) if setting else None)
    assert "221 texts" in found.reason


@pytest.mark.parametrize(("count", "depth"), [(1_000_000, 4000), (4_000_000, 4000), (5_000_000, 2000)])
def test_of_more_than_memory_holds_fewer_candidates_will_do(count, depth):
    measured = [(Setting(256, 1400), 0.980), (Setting(256, 2000), 0.987), (Setting(256, 4000), 0.9932)]
    found = settled(choose_index(count, 512, 221), count, 512, measured, 221)
    assert found.setting == Setting(256, depth)
