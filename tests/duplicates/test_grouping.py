from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchengine.duplicates.grouping import components, edges_of, stars, untried


def ordered(pairs):
    return {(min(pair), max(pair)): score for pair, score in pairs.items() if pair[0] != pair[1]}


edge_sets = st.dictionaries(
    st.tuples(st.integers(0, 12), st.integers(0, 12)), st.floats(0.5, 1.0), max_size=40
).map(ordered)


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ({}, []),
        ({(1, 2): 0.9}, [(1, 2)]),
        # B is like A and like C, so all three are one group about B.
        ({(1, 2): 0.9, (2, 3): 0.9}, [(2, 1, 3)]),
        # A chain of five isn't one group: its ends have nothing to do with each other.
        ({(1, 2): 0.9, (2, 3): 0.9, (3, 4): 0.9, (4, 5): 0.9}, [(2, 1, 3), (4, 5)]),
        # With as many matches, the better matches decide.
        ({(1, 2): 0.8, (2, 3): 0.9, (3, 4): 0.95}, [(3, 2, 4)]),
    ],
)
def test_groups_are_stars(edges, expected):
    assert stars(edges) == expected


@given(edge_sets)
def test_groups_are_disjoint_and_each_member_matches_the_centre(edges):
    groups = stars(edges)
    members = [node for group in groups for node in group]
    assert len(members) == len(set(members))
    for centre, *others in groups:
        assert others
        assert all((min(centre, other), max(centre, other)) in edges for other in others)


@given(edge_sets)
def test_nothing_is_left_over_that_matches_another_left_over(edges):
    grouped = {node for group in stars(edges) for node in group}
    assert all(a in grouped or b in grouped for a, b in edges)


@given(edge_sets, st.randoms())
def test_the_order_of_the_edges_changes_nothing(edges, random):
    shuffled = list(edges.items())
    random.shuffle(shuffled)
    assert stars(dict(shuffled)) == stars(edges)


@given(edge_sets)
def test_components_hold_every_edge_once_and_share_no_node(edges):
    found = components(edges)
    assert sorted(pair for component in found for pair, _ in component) == sorted(edges)
    nodes = [{node for pair, _ in component for node in pair} for component in found]
    assert sum(map(len, nodes)) == len(set().union(*nodes))


def test_things_of_two_kinds_never_share_a_group():
    edges = {(1, 2): 0.9, (1, 3): 0.95, (1, 4): 0.85, (2, 5): 0.9}
    assert stars(edges, {2: "morning", 3: "noon", 5: "morning"}) == [(1, 3, 4), (2, 5)]


def test_matches_of_matches_are_to_be_tried_with_the_centre_only():
    edges = {(1, 2): 0.9, (2, 3): 0.9, (3, 4): 0.9}
    assert untried(edges, edges) == [(2, 4)]
    assert untried(edges, [*edges, (2, 4)]) == []


def test_edges_are_made_of_arrays():
    assert edges_of(np.array([[1, 2]]), np.array([0.5], np.float32)) == {(1, 2): 0.5}
