"""Where the relevance line lies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchengine.calibration import Calibration
from searchengine.errors import UsageError
from searchengine.query.compose import compose
from searchengine.query.neutral_prompts import digest, neutral_prompts
from searchengine.query.relevance import (
    SAME,
    STRICTNESS,
    bar,
    checked,
    closeness,
    is_relevant,
    line,
    unrelated_pictures,
    unrelated_words,
)

DIM = 8


def units(seed, count, dim=DIM):
    rows = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def kept(vectors):
    """As they come back from the catalog."""
    return vectors.astype("f2").astype("f4")


def calibrated(library, bank):
    cosines = bank @ library.T
    words = unrelated_words(bank, cosines.max(axis=1), library[cosines.argmax(axis=1)])
    pictures = unrelated_pictures(library)
    return Calibration(kept(bank), kept(library), words, pictures, digest=digest(("a",)), images=len(library))


seeds = st.integers(0, 1000)
weights = st.lists(st.sampled_from([-2.0, -0.5, 0.5, 1.0, 3.0]), max_size=3)
shares = st.floats(0, 1)


@st.composite
def searches(draw):
    """A library's calibration, a query's direction and the library."""
    seed = draw(seeds)
    library, bank = units(seed, draw(st.integers(1, 30))), units(seed + 1, draw(st.integers(1, 40)))
    words, pictures = draw(weights), draw(weights)
    if not words and not pictures:
        words = [1.0]
    parts = [
        list(zip(units(seed + 2 + n, len(ws)), ws, strict=True)) for n, ws in enumerate((words, pictures))
    ]
    return calibrated(library, bank), compose(*parts), library


@given(searches(), shares, shares)
def test_a_stricter_line_never_lies_lower(search, one, other):
    calibration, direction, library = search
    best = library[(library @ direction.vector).argmax()]
    low, high = (line(calibration, direction, best, at) for at in sorted((one, other)))
    assert low <= high


@given(searches(), shares)
def test_what_is_relevant_comes_first(search, strictness):
    calibration, direction, library = search
    scores = np.sort(library @ direction.vector)[::-1].tolist()
    best = library[(library @ direction.vector).argmax()]
    at = line(calibration, direction, best, strictness)
    flags = [is_relevant(score, at) for score in scores]
    assert flags == sorted(flags, reverse=True)


@pytest.mark.parametrize("strictness", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(5))
def test_the_strictness_is_the_share_of_neutral_prompts_that_find_nothing(seed, strictness):
    library, bank = units(seed, 50), units(seed + 1, 200)
    calibration = calibrated(library, bank)
    nothing = []
    for prompt in bank:
        scores = library @ prompt
        at = line(calibration, compose([(prompt, 1.0)]), library[scores.argmax()], strictness)
        nothing.append(not is_relevant(float(scores.max()), at + 1e-3))  # float16 in the bank
    assert np.mean(nothing) == pytest.approx(strictness, abs=0.03)


@given(searches())
def test_a_picture_and_its_copies_are_always_relevant_to_it(search):
    calibration, _, library = search
    alone = compose([], [(library[0], 1.0)])
    assert is_relevant(float(library[0] @ library[0]), line(calibration, alone, library[0], 1.0))


def test_one_picture_alone_is_like_its_copies_only():
    assert unrelated_pictures(units(0, 1)) == (pytest.approx(SAME),)


def test_words_alone_are_calibrated_as_a_mixture_with_nothing_is():
    library, bank = units(0, 60), units(1, 100)
    calibration = calibrated(library, bank)
    word, picture = units(2, 1)[0], units(3, 1)[0]
    best = library[(library @ word).argmax()]
    alone = line(calibration, compose([(word, 1.0)]), best)
    hardly = line(calibration, compose([(word, 1.0)], [(picture, 2e-3)]), best)
    assert hardly == pytest.approx(alone, abs=0.02)


def test_a_picture_that_is_near_to_any_words_needs_a_higher_cosine():
    bank = units(1, 100)
    library = units(0, 40)
    centre = bank.mean(axis=0)
    hub = centre / np.linalg.norm(centre)
    calibration = calibrated(library, bank)
    direction = compose([(units(5, 1)[0], 1.0)])
    near_to_all, near_to_none = (
        line(calibration, direction, picture) for picture in (hub.astype(np.float32), -hub.astype(np.float32))
    )
    assert near_to_all > near_to_none


def test_closeness_is_the_mean_of_the_ten_nearest_prompts():
    bank, pictures = units(0, 30), units(1, 4)
    expected = np.sort(pictures @ bank.T, axis=1)[:, -10:].mean(axis=1)
    assert closeness(bank, pictures) == pytest.approx(expected)
    assert closeness(bank[:3], pictures) == pytest.approx((pictures @ bank[:3].T).mean(axis=1))


@pytest.mark.parametrize("strictness", [-0.1, 1.1, float("nan")])
def test_a_strictness_is_a_share(strictness):
    with pytest.raises(UsageError, match="between 0 and 1"):
        checked(strictness)
    assert checked(STRICTNESS) == STRICTNESS


def test_the_bank_is_many_different_prompts():
    prompts = neutral_prompts()
    assert len(prompts) > 200
    assert len(set(prompts)) == len(prompts)
    assert all(prompt == prompt.strip() != "" for prompt in prompts)
    assert digest(prompts) != digest(prompts[1:])


@given(searches(), shares)
def test_the_line_is_the_bar_or_where_it_is_reached_between_it_and_what_is_usual(search, strictness):
    calibration, direction, library = search
    first = library[(library @ direction.vector).argmax()]
    needed, drawn = (find(calibration, direction, first, strictness) for find in (bar, line))
    assert drawn <= needed
    if float(direction.vector @ first) < needed:
        assert drawn == needed
