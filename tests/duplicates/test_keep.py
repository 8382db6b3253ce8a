from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import permutations

import pytest

from searchengine.catalog.images import FileOf, ImageRow
from searchengine.duplicates.find import to_groups
from searchengine.duplicates.keep import best_first, why_best

OLD, NEW = datetime(2020, 1, 2, 3, 4, 5), datetime(2024, 1, 1)


def row(number=1, *, missing=False, copies=1, **differences) -> ImageRow:
    places = tuple(FileOf(b"/photos/%d-%d.jpg" % (number, copy), missing) for copy in range(copies))
    plain = ImageRow(number, bytes(32), 1000, 40, 30, "JPEG", None, None, (), places)
    return replace(plain, **differences)


@pytest.mark.parametrize(
    ("best", "other", "why"),
    [
        (row(2, width=400), row(1, size=5000, camera="Canon"), "most pixels: 400 \N{MULTIPLICATION SIGN} 30"),
        (
            row(2, size=2_000_000),
            row(1, camera="Canon"),
            "least compressed: 2,000 kB at 40 \N{MULTIPLICATION SIGN} 30",
        ),
        (row(2, camera="Canon"), row(1, taken_at=OLD), "has the camera's data"),
        (row(2, taken_at=NEW), row(1), "has its date"),
        (row(2, taken_at=OLD), row(1, taken_at=NEW), "the oldest: 2020-01-02 03:04:05"),
        (row(1), row(2), "the first that was indexed"),
        (row(2), row(1, width=400, missing=True), "the only sound file at hand"),
        (row(2), row(1, width=400, flags=("truncated",)), "the only sound file at hand"),
    ],
)
def test_what_to_keep_and_why(best, other, why):
    for order in permutations([best, other]):
        ranked = best_first(order)
        assert ranked[0] is best
        assert why_best(ranked) == why


def test_copies_of_one_content_are_a_group():
    (group,) = to_groups({}, {1: row(1, copies=3), 2: row(2)})
    assert (group.level, group.keep) == ("exact", "/photos/1-0.jpg")
    assert group.why == "identical copies: the first that was indexed"
    assert [member.path for member in group.members] == [f"/photos/1-{copy}.jpg" for copy in range(3)]
    assert all(member.score == 1 for member in group.members)


def test_a_group_has_the_loosest_level_of_its_members_and_no_member_twice():
    joined = {1: (2, "edited", 0.93), 3: (2, "edited", 0.99), 2: (4, "similar", 0.97)}
    pictures = {number: row(number, copies=2 if number == 1 else 1) for number in (1, 2, 3, 4, 5)}
    (group,) = to_groups(joined, pictures)
    assert group.level == "similar"
    assert sorted(member.path for member in group.members) == [
        "/photos/1-0.jpg", "/photos/1-1.jpg", "/photos/2-0.jpg", "/photos/3-0.jpg", "/photos/4-0.jpg"
    ]  # fmt: skip
    assert group.members[0].path == group.keep


def test_a_picture_that_has_gone_meanwhile_is_left_out():
    assert to_groups({1: (2, "edited", 0.9)}, {1: row(1)}) == []
