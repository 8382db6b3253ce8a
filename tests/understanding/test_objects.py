"""What is where in pictures: the arithmetic, and the built-in model on rendered scenes."""

from __future__ import annotations

import numpy as np
import pytest

from data.render import render
from data.scenes import Placed, Scene
from searchengine import UsageError
from searchengine.understanding.locate import area, common, locate
from searchengine.understanding.windows import windows

WINDOWS = np.array(windows(640, 480))


def seen_through_windows(*boxes):
    """How near windows are to the name of something in these boxes: by how much of one they hold."""
    held = [common(WINDOWS, np.array(box)) / area(np.array(box)) for box in boxes]
    return np.max(held, axis=0).astype(np.float32)


def test_a_thing_is_located_where_windows_that_hold_it_are_nearest_to_its_name():
    true = (0.1, 0.15, 0.4, 0.55)
    (found,) = locate((640, 480), WINDOWS, seen_through_windows(true), 1)
    box = np.array(found)
    shared = common(box, np.array(true))
    assert shared / (area(box) + area(np.array(true)) - shared) > 0.4


def test_several_of_a_kind_are_located_apart():
    left, right = (0.05, 0.3, 0.3, 0.63), (0.7, 0.3, 0.95, 0.63)
    found = locate((640, 480), WINDOWS, seen_through_windows(left, right), 2)
    middles = sorted((box[0] + box[2]) / 2 for box in found)
    assert middles == pytest.approx([0.175, 0.825], abs=0.12)


def test_there_are_no_more_places_than_there_is_room_for():
    found = locate((640, 480), WINDOWS, np.zeros(len(WINDOWS), np.float32), 1000)
    assert 1 < len(found) < 100


def test_the_whole_picture_is_the_first_window_and_none_comes_twice():
    for size in ((640, 480), (300, 300), (100, 2000)):
        found = windows(*size)
        assert found[0] == (0, 0, 1, 1)
        assert len(found) == len(set(found))


@pytest.fixture(scope="module")
def two_things(tmp_path_factory):
    """An owl on the left and a pizza on the right."""
    placed = tuple(
        Placed(thing, None, "medium", x, 0.5, 0.4, angle=0.0, flipped=False)
        for thing, x in (("owl", 0.22), ("pizza", 0.76))
    )
    path = tmp_path_factory.mktemp("two") / "two.png"
    render(Scene("table", 3, 4 / 3, placed), 480).save(path)
    return path


def test_things_are_found_where_they_are(library, two_things):
    (found,) = library.objects([two_things]).results
    centres = {
        each.label: ((each.box[0] + each.box[2]) / 2, (each.box[1] + each.box[3]) / 2)
        for each in found.objects
    }
    assert centres["owl"] == pytest.approx((0.22, 0.5), abs=0.13)
    assert centres["pizza"] == pytest.approx((0.76, 0.5), abs=0.13)
    scores = [each.score for each in found.objects]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= edge <= 1 for each in found.objects for edge in each.box)


def test_only_what_is_looked_for_is_found(library, two_things):
    (found,) = library.objects([two_things.read_bytes()], ["pizza", "bicycle"], least=0.3).results
    assert {each.label for each in found.objects} == {"pizza"}
    assert library.objects([two_things], ["bicycle"], least=0.99).results[0].objects == ()


def test_pictures_of_the_library_are_named_by_their_ids_or_found(library, scenes):
    (hit,) = library.search("a sailboat at sea", k=1)
    (found,) = library.objects([hit.id], ["sailboat"]).results
    assert found.path == hit.path
    assert [each.label for each in found.objects] == ["sailboat"]


def test_what_cannot_be_read_is_a_failure_and_the_others_go_on(library, two_things, tmp_path):
    (tmp_path / "no.jpg").write_text("no picture")
    found = library.objects([tmp_path / "no.jpg", two_things], ["owl"])
    assert [each.path for each in found.results] == [str(two_things)]
    assert [each.path for each in found.failures] == [str(tmp_path / "no.jpg")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((["x.jpg"], ["a", "a"]), "stands there twice"),
        ((["nowhere.jpg"], None), "there is no file or folder"),
        (([4711], None), "no picture 4711"),
    ],
)
def test_what_cannot_be_asked_is_explained(library, arguments, said, two_things):
    images, labels = arguments
    images = [two_things] if images == ["x.jpg"] else images
    with pytest.raises(UsageError, match=said):
        library.objects(images, labels)
