"""Where a video is looked at, and what of that is kept."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchengine.images.keyframes import LONGEST, MOST_LOOKS, Sight, are_alike, choose, look_times

SEASIDE, SEASIDE_AGAIN, TOWN = b"\x0f" * 8, b"\x0f" * 7 + b"\x1f", b"\xf0" * 8


def sight(hash_=SEASIDE, colour=100, brightest=200.0):
    return Sight(hash_, bytes([colour]) * 48, brightest)


BLACK = sight(bytes(8), 0, 10.0)


@pytest.mark.parametrize(
    ("duration", "times"),
    [
        (0.5, [0.0]),
        (2.0, [0.0]),
        (5.0, [0.0, 5 / 3, 10 / 3]),
        (600.0, [10.0 * at for at in range(60)]),
    ],
)
def test_looks_are_where_equal_stretches_begin(duration, times):
    assert look_times(duration) == pytest.approx(times)


@pytest.mark.parametrize("duration", [None, 0.0, -3.0, float("nan"), float("inf"), LONGEST * 2])
def test_a_duration_that_is_unknown_or_nonsense_counts_as_two_minutes(duration):
    assert look_times(duration) == look_times(120.0)


@given(st.floats(0.001, LONGEST))
def test_however_long_it_is_the_looks_are_few_in_order_and_within(duration):
    times = look_times(duration)
    assert 1 <= len(times) <= MOST_LOOKS
    assert times[0] == 0
    assert times[-1] < duration
    assert all(one < other for one, other in pairwise(times))


@pytest.mark.parametrize(
    ("sights", "kept"),
    [
        ([], []),
        ([sight()], [0]),
        ([sight(), sight(TOWN), sight(SEASIDE_AGAIN), sight(TOWN)], [0, 1]),
        ([sight(colour=100), sight(colour=200)], [0, 1]),
        ([BLACK, sight(), BLACK], [1]),
        ([BLACK, BLACK], [0]),
    ],
)
def test_what_was_seen_before_and_what_is_black_is_dropped(sights, kept):
    assert choose(sights) == kept


@given(
    st.lists(
        st.builds(
            sight, st.sampled_from([SEASIDE, SEASIDE_AGAIN, TOWN]), st.integers(0, 255), st.floats(0, 255)
        )
    )
)
def test_of_everything_that_can_be_seen_something_alike_is_kept_and_nothing_twice(sights):
    kept = [sights[at] for at in choose(sights)]
    assert bool(kept) == bool(sights)
    if not all(each.is_black for each in sights):
        assert not any(each.is_black for each in kept)
        assert all(each.is_black or any(are_alike(each, other) for other in kept) for each in sights)
    assert not any(are_alike(one, other) for at, one in enumerate(kept) for other in kept[:at])
