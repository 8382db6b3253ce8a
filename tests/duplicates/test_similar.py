from __future__ import annotations

import numpy as np
import pytest

from searchengine.duplicates.edited import other_shots
from searchengine.duplicates.similar import burst_edges, shots_together, similar_edges, usual_cosine


def times(*seconds):
    start = np.datetime64("2024-05-01T10:00:00", "s")
    return np.array(
        [np.datetime64("NaT", "s") if second is None else start + second for second in seconds],
        "datetime64[s]",
    )


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ((), []),
        ((0,), []),
        ((0, 5, 100), [(0, 1)]),
        ((0, None, 10), [(0, 2)]),
        ((0, 11), []),
        ((20, 0, 12, 5), [(0, 2), (1, 3), (2, 3)]),
    ],
)
def test_shots_within_ten_seconds_are_together(seconds, expected):
    assert sorted(map(tuple, shots_together(times(*seconds)).tolist())) == expected


def test_an_import_with_one_time_for_all_stays_cheap():
    assert len(shots_together(times(*[0] * 1000))) < 1000 * 32


def test_a_burst_needs_likeness_and_time():
    vectors = np.array([[1, 0], [0.995, 0.1], [0, 1], [1, 0]], np.float16)
    assert list(burst_edges(times(0, 3, 4, 500), vectors, 0.5)) == [(0, 1)]


def test_similar_is_told_from_the_usual_cosine():
    pairs, cosines = np.array([[0, 1], [0, 2]]), np.array([0.97, 0.6], np.float32)
    assert list(similar_edges(pairs, cosines, 0.5)) == [(0, 1)]
    assert similar_edges(pairs, cosines, 0.9) == {}


def test_the_usual_cosine_is_the_mean_over_pairs_once_there_are_many():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((4000, 32)) + 1.0
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    full = vectors.astype(np.float32) @ vectors.T.astype(np.float32)
    mean = full[np.triu_indices(4000, 1)].mean()
    assert usual_cosine(vectors) == pytest.approx(mean, abs=0.01)
    assert usual_cosine(vectors[:1]) == 0.5
    assert usual_cosine(np.array([[1, 0], [1, 0]], np.float16)) == pytest.approx(0.5, abs=0.01)


def test_only_pictures_of_two_known_times_are_other_shots():
    pairs = np.array([[0, 1], [0, 2], [0, 3], [2, 3]])
    assert other_shots(times(0, 0, 1, None), pairs).tolist() == [False, True, False, False]
