"""The arithmetic of a query."""

from __future__ import annotations

import numpy as np
import pytest

from searchengine.errors import QueryError
from searchengine.query.compose import compose

X, Y = np.eye(2, dtype=np.float32)


def test_one_direction_stays_what_it_is():
    assert np.array_equal(compose([(X, 1.0)]).vector, X)
    assert np.array_equal(compose([(X, 0.3)]).vector, X)


def test_two_directions_meet_in_the_middle_and_have_length_one():
    assert compose([(X, 1.0), (Y, 1.0)]).vector == pytest.approx([2**-0.5, 2**-0.5])


def test_weights_pull():
    assert compose([(X, 3.0), (Y, 4.0)]).vector == pytest.approx([0.6, 0.8])


def test_away_is_the_other_way():
    assert compose([(X, 1.0), (Y, -1.0)]).vector == pytest.approx([2**-0.5, -(2**-0.5)])


def test_what_cancels_out_is_refused():
    with pytest.raises(QueryError, match="cancel"):
        compose([(X, 1.0), (X, -1.0)])


def test_the_main_part_is_what_is_wanted():
    words, pictures = [(X, 3.0), (X, -1.0)], [(Y, 4.0)]
    both = compose(words, pictures)
    assert both.main == pytest.approx(3 * X / np.hypot(2, 4))
    assert both.of_words
    alone = compose([], [(Y, 2.0), (X, -1.0)])
    assert alone.main == pytest.approx(2 * Y / np.hypot(2, 1))
    assert not alone.of_words
    away = compose([(X, -1.0)])
    assert (away.is_away, away.of_words) == (True, True)
    assert np.array_equal(away.main, away.vector)
