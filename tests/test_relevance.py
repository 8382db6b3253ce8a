"""The relevance line of a real library: the built-in model on rendered scenes."""

from __future__ import annotations

import os
import shutil

import pytest
from PIL import Image
from sqlalchemy import delete

from indexer.update import Update
from searchengine import Library, UsageError
from searchengine.catalog import calibrations, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.models import SpaceCalibration

# A photo of each: what people have on disk without meaning to.
PLAIN = ("black", "white", "grey", "navy", "beige", "red")


@pytest.fixture
def library(scene_library):
    with Library.open(scene_library) as opened:
        yield opened


def above(results):
    """Paths above the line; the rest has to come after them."""
    flags = [hit.relevant for hit in results]
    assert flags == sorted(flags, reverse=True)
    return {hit.path for hit in results if hit.relevant}


@pytest.mark.parametrize(
    "words",
    ["a dog on a beach", "two foxes in the snow", "a sailboat at sea", "a guitar", "a pizza on a table"],
)
def test_what_is_there_stands_above_the_line(library, scenes, words):
    expected = next(path for shown, path in scenes.items() if shown.startswith(words))
    assert os.path.realpath(expected) in above(library.search(words, k=None))


def test_others_that_are_as_good_stand_above_the_line_with_the_first(library, scenes):
    both = {os.path.realpath(scenes[shown]) for shown in ("a dog on a beach", "a dog in the snow")}
    assert above(library.search("a dog", k=None)) == both


@pytest.mark.parametrize(
    "words",
    ["a bathtub on the grass", "a microscope", "three accordions in a kitchen", "a parliament in session"],
)
def test_what_is_not_there_leaves_everything_below_it_and_hides_nothing(library, scenes, words):
    results = library.search(words, k=None)
    assert above(results) == set()
    assert len(results) == len(scenes)


def test_the_line_does_not_depend_on_how_much_is_asked_for(library):
    everything = library.search("a dog", k=None)
    flags = [hit.relevant for hit in everything]
    for k in (1, 2, 5):
        assert [hit.relevant for hit in library.search("a dog", k=k)] == flags[:k]
    assert [hit.relevant for hit in library.search("a dog", k=4, offset=3)] == flags[3:7]
    page = library.search("a dog", k=3)
    assert [hit.relevant for hit in library.search("a dog", k=3, cursor=page.next)] == flags[3:6]


def test_the_knob_moves_the_line(library, scenes):
    counts = [len(above(library.search("a dog", k=None, strictness=at))) for at in (0, 0.5, 0.9, 1)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]
    with pytest.raises(UsageError, match="strictness"):
        library.search("a dog", strictness=2)


def test_a_picture_is_relevant_to_itself(library, scenes):
    for path in scenes.values():
        first = library.similar(path, k=1, strictness=1)[0]
        assert (first.path, first.relevant) == (os.path.realpath(path), True)


def test_filters_alone_are_all_that_was_asked(library, scenes):
    assert [hit.relevant for hit in library.search("type:jpg", k=None)] == [True] * len(scenes)


def test_a_picture_beside_words_and_words_to_go_away_from_have_a_line_too(library, scenes):
    dog, foxes, beach = (
        os.path.realpath(scenes[shown])
        for shown in ("a dog in the snow", "two foxes in the snow", "a dog on a beach")
    )
    mixed = [above(library.search(f"image:{dog} foxes", k=None, strictness=at)) for at in (0, 0.9, 1)]
    assert {dog, foxes} <= mixed[0]
    assert mixed[0] > mixed[2]
    assert mixed[0] >= mixed[1] >= mixed[2]
    assert beach not in above(library.search("-(a dog on a beach)", k=None))


def test_plain_pictures_are_nobodys_answer(scenes, tmp_path):
    folder = tmp_path / "pictures"
    shutil.copytree(next(iter(scenes.values())).parent, folder)
    for colour in PLAIN:
        Image.new("RGB", (120, 90), colour).save(folder / f"plain {colour}.png")
    Update(tmp_path / "library", model="builtin").run([folder])
    with Library.open(tmp_path / "library") as library:
        for words in [*scenes, "a bathtub", "a walrus on a rock", "people at a wedding", "a receipt"]:
            found = {os.path.basename(path) for path in above(library.search(words, k=None))}
            assert not {name for name in found if name.startswith("plain")}, words


def test_dates_order_what_stands_above_the_line_only(library):
    ranked = library.search("a dog", k=None)
    newest = library.search("a dog", k=None, sort="newest")
    below = [hit.path for hit in ranked if not hit.relevant]
    assert below
    assert [hit.path for hit in newest][-len(below) :] == below


def test_a_library_without_a_calibration_has_no_line_until_the_next_run(scene_library, scenes, tmp_path):
    copy = tmp_path / "library"
    shutil.copytree(scene_library, copy)
    with Catalog.open(copy / "catalog.sqlite3") as catalog, catalog.write() as session:
        session.execute(delete(SpaceCalibration))
    with Library.open(copy) as library:
        assert {hit.relevant for hit in library.search("a dog")} == {None}
        summary = Update(copy).run([next(iter(scenes.values())).parent])
        assert summary.unchanged == len(scenes)
        assert None not in {hit.relevant for hit in library.search("a dog")}


def test_a_library_that_grows_is_calibrated_anew_without_the_model(scene_library, scenes, tmp_path):
    copy = tmp_path / "library"
    shutil.copytree(scene_library, copy)

    def measured():
        with Catalog.open(copy / "catalog.sqlite3") as catalog, catalog.read() as session:
            space = spaces.active_space(session)
            assert space is not None
            found = calibrations.calibration(session, space.id)
            assert found is not None
            return found

    before = measured()
    assert before.images == len(scenes)
    run = Update(copy)
    run.run([next(iter(scenes.values())).parent])
    assert run.encoder is None  # nothing to embed, nothing to measure
    more = tmp_path / "more"
    more.mkdir()
    for number, colour in enumerate(PLAIN):
        Image.new("RGB", (120, 90), colour).save(more / f"{number}.png")
    Update(copy).run([more])
    after = measured()
    assert after.images == len(scenes) + len(PLAIN)
    assert after.bank.tobytes() == before.bank.tobytes()
