"""Concepts by example: the arithmetic on numbers whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from searchengine.understanding.concepts import fit, name_known

DIM = 32


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture
def world():
    """Embeddings with a large part in common, of which every tenth shows the concept: its direction."""
    rng = np.random.default_rng(0)
    common, concept = unit(rng.standard_normal((2, DIM)))
    shows = np.arange(400) % 10 == 0
    rows = 2 * common + 0.5 * shows[:, None] * concept + 0.15 * rng.standard_normal((400, DIM))
    return unit(rows), shows, concept


def split(world, positives=5, negatives=20):
    rows, shows, _ = world
    yes, no = np.flatnonzero(shows)[:positives], np.flatnonzero(~shows)[:negatives]
    rest = np.setdiff1d(np.arange(len(rows)), [*yes, *no])
    return rows[yes], rows[no], rest


def test_a_handful_tells_the_rest_apart(world):
    rows, shows, _ = world
    positives, negatives, rest = split(world)
    concept = fit(positives, negatives, rows[::8], np.zeros(DIM, np.float32))
    scores = rows[rest] @ concept.weights
    assert np.median(scores[shows[rest]]) > np.quantile(scores[~shows[rest]], 0.98)
    direction, least = concept.direction
    assert np.linalg.norm(direction) == pytest.approx(1, abs=1e-6)
    assert concept.probability(least) == pytest.approx(0.5)
    assert concept.probability(least + 0.1) > 0.5 > concept.probability(least - 0.1)


def test_a_name_that_the_model_knows_is_where_the_learning_begins(world):
    rows, shows, name = world
    positives, _, rest = split(world, positives=1)
    known = fit(positives, rows[:0], rows[::8], name).weights
    unknown = fit(positives, rows[:0], rows[::8], np.zeros(DIM, np.float32)).weights

    def gap(weights):
        scores = rows[rest] @ weights
        return (scores[shows[rest]].mean() - scores[~shows[rest]].mean()) / scores.std()

    assert gap(known) > gap(unknown)


def test_a_misleading_name_is_overruled_by_the_examples(world):
    rows, shows, truth = world
    positives, negatives, rest = split(world)
    concept = fit(positives, negatives, rows[::8], -truth)
    scores = rows[rest] @ concept.weights
    assert scores[shows[rest]].mean() > scores[~shows[rest]].mean()


def test_a_name_that_says_nothing_is_hardly_leaned_on(world):
    rows, shows, _ = world
    positives, negatives, rest = split(world)

    def ahead(name):
        scores = rows[rest] @ fit(positives, negatives, rows[::8], name).weights
        return (scores[shows[rest]][:, None] > scores[~shows[rest]]).mean()

    words = unit(np.random.default_rng(1).standard_normal((20, DIM)))
    assert np.mean([ahead(word) for word in words]) > ahead(np.zeros(DIM, np.float32)) - 0.03


def test_with_a_name_that_is_known_the_few_that_look_alike_do_not_lead_astray(world):
    rows, shows, name = world
    _, negatives, rest = split(world)
    odd = unit(rows[shows] + 0.5 * unit(np.ones(DIM)))[:5]  # they also have something else in common
    by_name, learned = rows[rest] @ name, rows[rest] @ fit(odd, negatives, rows[::8], name).weights
    for scores in (by_name, learned):
        assert np.median(scores[shows[rest]]) > np.quantile(scores[~shows[rest]], 0.98)


@pytest.mark.parametrize(
    ("above", "positives", "least", "most"),
    [(2, 5, 0.99, 1), (2, 1, 0.9, 0.98), (0, 5, 0, 0.05), (0, 1, 0.2, 0.5), (-3, 1, 0, 0.02)],
)
def test_how_far_pictures_stand_out_by_a_name_says_whether_it_is_known(above, positives, least, most):
    others = np.linspace(-1.7, 1.7, 101)
    assert least <= name_known(np.full(positives, above + 1e-9), others) <= most


def test_of_a_name_nothing_is_known_without_other_pictures():
    assert name_known(np.ones(3), np.empty(0)) == pytest.approx(4 / 5)
    assert name_known(np.zeros(3), np.ones(4)) == 0


def test_the_order_of_the_examples_and_their_being_in_the_sample_do_not_matter(world):
    rows, _, name = world
    positives, negatives, rest = split(world)
    once = fit(positives, negatives, rows[rest[:50]], name)
    again = fit(positives[::-1], negatives[::-1], np.concatenate([positives, rows[rest[:50]]]), name)
    assert again.weights == pytest.approx(once.weights, abs=1e-4)
    assert again.bias == pytest.approx(once.bias, abs=1e-4)


@pytest.mark.parametrize(("negatives", "sample"), [(0, 0), (0, 1), (1, 0)])
def test_the_smallest_libraries_are_enough(world, negatives, sample):
    rows, _, name = world
    concept = fit(rows[:1], rows[1 : 1 + negatives], rows[5 : 5 + sample], name)
    assert np.isfinite(concept.weights).all()
    assert np.isfinite(concept.bias)


def test_what_examples_would_be_taken_for_is_what_learning_without_them_says(world):
    rows, which, name = world
    rows = unit(rows + 0.12 * np.random.default_rng(4).standard_normal(rows.shape))  # so that some are hard
    shows, shows_not, rest = split((rows, which, name), positives=12, negatives=15)
    sample = rows[rest[:60]]

    def without(side, at):
        kept = [np.delete(each, at, 0) if each is side else each for each in (shows, shows_not)]
        learned = fit(*kept, sample, name)
        return float(learned.weights @ side[at] + learned.bias) >= 0

    learned = fit(shows, shows_not, sample, name)
    found = sum(without(shows, at) for at in range(len(shows)))
    left = sum(not without(shows_not, at) for at in range(len(shows_not)))
    assert 0 < found < len(shows)
    assert abs(learned.recognised - found) <= 1
    assert abs(learned.told_apart - left) <= 1
    assert fit(shows[:1], shows_not, sample, name).recognised is None
