"""Where pictures are looked at closely."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from searchengine.images.tiles import LEAST_SIDE, MOST_ALONG, SIDES, crop, squares, tiles

sides = st.integers(LEAST_SIDE, 6000)


@given(sides, sides)
def test_they_are_squares_that_overlap_from_edge_to_edge(width, height):
    boxes = squares(width, height, SIDES[0])
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= 1 + 1e-9
        assert 0 <= top < bottom <= 1 + 1e-9
        assert (right - left) * width == pytest.approx((bottom - top) * height)
    for low, high in ((0, 2), (1, 3)):
        starts = sorted({box[low] for box in boxes})
        ends = sorted({box[high] for box in boxes})
        assert (starts[0], ends[-1]) == pytest.approx((0, 1))
        if len(starts) < MOST_ALONG:
            assert all(start < end for start, end in zip(starts[1:], ends, strict=False))


def test_the_numbers_are_those_that_the_costs_are_stated_for():
    sizes = ((3000, 2000), (2000, 3000), (4000, 3000), (900, 900))
    assert [len(tiles(*size)) for size in sizes] == [12, 12, 12, 9]


def test_what_is_too_small_or_too_long_has_few():
    assert tiles(LEAST_SIDE - 1, 4000) == ()
    assert len(tiles(100_000, LEAST_SIDE)) <= MOST_ALONG * 3


def test_a_box_is_cut_out_to_the_pixel():
    picture = Image.new("RGB", (300, 200))
    picture.paste("red", (75, 50, 225, 150))
    assert crop(picture, (0.25, 0.25, 0.75, 0.75)).getcolors() == [(150 * 100, (255, 0, 0))]
    assert crop(picture, (1.0, 1.0, 1.0, 1.0)).size == (1, 1)
