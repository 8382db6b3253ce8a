"""The ranking of vectors and words, as a function of numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchengine.query.fuse import by_same_part, fuse, shares
from searchengine.query.grammar import parse

COSINES = st.dictionaries(
    st.integers(1, 40), st.sampled_from([-0.5, 0.0, 0.1, 0.2, 0.25, 0.3]), min_size=1, max_size=20
)
RAISED = st.dictionaries(st.integers(1, 40), st.sampled_from([0.0, 0.05, 0.1, 0.5]), max_size=20)


def nearest(cosines, k):
    return sorted(cosines.items(), key=lambda hit: (-hit[1], hit[0]))[:k]


def fused(cosines, raised, k):
    matches = [(each, cosines[each]) for each in raised if each in cosines]
    return fuse(nearest(cosines, k), matches, raised)


@given(COSINES, RAISED)
def test_every_length_is_the_beginning_of_the_whole_ranking(cosines, raised):
    sums = {each: cosine + raised.get(each, 0.0) for each, cosine in cosines.items()}
    whole = sorted(sums.items(), key=lambda hit: (-hit[1], hit[0]))
    for k in range(len(cosines) + 2):
        assert fused(cosines, raised, k) == whole[:k]


@given(COSINES)
def test_without_words_the_order_is_the_vectors_own(cosines):
    assert fused(cosines, {}, len(cosines)) == nearest(cosines, len(cosines))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("rex on a beach", [("rex on a beach", 1.0)]),
        ("rex -people", [("rex", 1.0)]),
        ("rex (red car)^3", [("rex", 0.25), ("red car", 0.75)]),
        ("rex image:a.jpg", [("rex", 0.5)]),
        ("rex -image:a.jpg", [("rex", 1.0)]),
        ("-people", []),
        ("image:a.jpg", []),
        ("camera:canon", []),
    ],
)
def test_the_words_that_it_goes_towards_share_what_it_goes_towards(query, expected):
    assert shares(parse(query)) == expected


def test_a_picture_that_is_found_by_two_of_its_parts_is_one_result():
    hits, matches = [(11, 0.5), (3, 0.4), (20, 0.3)], [(12, 0.6), (20, 0.3)]  # 11 and 12 are parts of 10
    same = by_same_part(hits, matches, lambda ids: np.where(ids < 10, ids, ids // 10 * 10))
    assert same == [(12, 0.6), (3, 0.4), (20, 0.3)]
    assert fuse(same, matches, {12: 0.1, 20: 0.0}) == [(12, 0.7), (3, 0.4), (20, 0.3)]
