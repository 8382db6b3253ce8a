"""Concepts taught to a real library: queries, suggestions, feedback, and what becomes of them."""

from __future__ import annotations

import os
import shutil

import pytest

from indexer.update import Update
from indexer.upkeep.forget import forget
from searchengine import Library, QueryError, UsageError
from searchengine.catalog import labels, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.layout import Layout
from searchengine.verify.library import verify

SNOW = ("a dog in the snow", "two foxes in the snow")
BEACH = "a dog on a beach"


@pytest.fixture
def place(scene_library, tmp_path):
    """A library of scenes that may be changed."""
    return shutil.copytree(scene_library, tmp_path / "library")


@pytest.fixture
def teacher(place):
    with Library.open(place) as opened:
        yield opened.teacher


@pytest.fixture
def taught(place, teacher, scenes):
    """It has been taught what `winter` is."""
    teacher.add("Winter", [scenes[shown] for shown in SNOW])
    teacher.add("winter", [scenes[BEACH]], shows=False)
    with Library.open(place) as opened:
        yield opened


def names(results):
    return [os.path.basename(each.path) for each in results]


def files(scenes, *shown):
    return {scenes[each].name for each in shown}


def test_a_label_filters_and_its_examples_are_as_they_were_said_to_be(taught, scenes):
    found = taught.search("label:winter", k=None)
    assert files(scenes, *SNOW) <= set(names(found))
    assert scenes[BEACH].name not in names(found)
    assert found.total == len(found) < len(scenes)
    assert all(hit.relevant for hit in found)
    scores = [hit.score for hit in found]
    assert scores == sorted(scores, reverse=True)


def test_not_a_label_is_everything_else(taught, scenes):
    shown = set(names(taught.search("label:winter", k=None)))
    others = taught.search("-label:winter", k=None)
    assert set(names(others)) == {path.name for path in scenes.values()} - shown
    assert set(names(taught.search("dog -label:WINTER", k=None))) == set(names(others))
    assert set(names(taught.search("label:winter|winter", k=None))) == shown


def test_a_label_goes_with_words_and_filters(taught, scenes):
    assert names(taught.search("label:winter fox", k=1)) == [scenes[SNOW[1]].name]
    assert names(taught.search(f"label:winter name:{scenes[SNOW[0]].name}")) == [scenes[SNOW[0]].name]
    assert names(taught.search("label:winter", sort="oldest", k=None)) != []
    pages = taught.search("label:winter", k=1)
    following = taught.search("label:winter", k=1, cursor=pages.next)
    assert names(pages) + names(following) == names(taught.search("label:winter", k=2))


def test_a_label_nobody_taught_is_named(taught):
    with pytest.raises(QueryError, match="no label is called summer; there are winter") as error:
        taught.search("label:summer")
    assert error.value.query[error.value.start : error.value.end] == "label:summer"


def test_what_is_said_later_holds_at_once(taught, teacher, scenes):
    assert scenes[BEACH].name not in names(taught.search("label:winter", k=None))
    teacher.add("winter", [scenes[BEACH]])
    assert scenes[BEACH].name in names(taught.search("label:winter", k=None))
    row = teacher.remove("winter", [scenes[BEACH]])
    assert (row.positives, row.negatives) == (2, 0)
    assert teacher.remove("winter") is None
    assert taught.labels() == ()


def test_another_name_takes_everything_along(taught, teacher):
    before = names(taught.search("label:winter", k=None))
    assert teacher.rename("WINTER", "Snow").name == "snow"
    assert set(names(taught.search("label:snow", k=None))) & set(before)
    with pytest.raises(QueryError, match="no label is called winter"):
        taught.search("label:winter")
    with pytest.raises(UsageError, match="a label's name"):
        teacher.rename("snow", " ")


def test_a_label_without_a_picture_that_shows_it_is_none(taught, teacher, scenes):
    with pytest.raises(UsageError, match="no picture that shows it"):
        teacher.add("summer", [scenes[BEACH]], shows=False)
    assert [label.name for label in taught.labels()] == ["winter"]
    assert teacher.remove("winter", [scenes[shown] for shown in SNOW]) is None


@pytest.mark.parametrize("picture", ["nowhere.jpg", 4711])
def test_only_pictures_of_the_library_teach(teacher, picture):
    with pytest.raises(UsageError, match=f"{picture} isn't in the library"):
        teacher.add("winter", [picture])


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101])
def test_a_name_can_be_written_in_a_query(teacher, name, scenes):
    with pytest.raises(UsageError, match="a label's name"):
        teacher.add(name, [scenes[BEACH]])


def test_suggestions_are_new_and_the_least_sure_come_first(taught, scenes):
    found = taught.suggest("winter", 5)
    assert len(found) == 5
    assert {os.path.basename(each.path) for each in found}.isdisjoint(files(scenes, *SNOW, BEACH))
    doubts = [abs(each.probability - 0.5) for each in found]
    assert doubts[0] == min(doubts)
    assert len(taught.suggest("winter", 100)) == len(scenes) - 3
    with pytest.raises(QueryError, match="no label is called summer"):
        taught.suggest("summer")


def test_results_that_are_meant_rank_the_others_anew(taught):
    before = taught.search("dog", k=None)
    last = before[-1]
    after = taught.search("dog", k=None, more=[last.id], less=[before[0].id])
    rank = {hit.id: hit.rank for hit in after}
    assert rank[last.id] < rank[before[0].id]
    assert (after.total, after.query) == (before.total, "dog")
    assert [hit.relevant for hit in after] == sorted((hit.relevant for hit in after), reverse=True)
    away = taught.search("dog", k=None, less=[before[0].id])
    assert {hit.id: hit.score for hit in away}[before[0].id] < before[0].score
    assert taught.search("type:jpeg", k=1, more=[last.id])[0].id == last.id
    page = taught.search("dog", k=2, more=[last.id])
    assert taught.search("dog", k=2, more=[last.id], cursor=page.next)[0].rank == 3
    with pytest.raises(UsageError, match="cursor"):
        taught.search("dog", k=2, cursor=page.next)
    with pytest.raises(UsageError, match="no picture 4711"):
        taught.search("dog", more=[4711])


def test_an_example_that_is_forgotten_leaves_no_trace(taught, teacher, place, scenes):
    forget(place, [scenes[SNOW[0]]])
    (label,) = taught.labels()
    assert (label.positives, label.negatives) == (1, 1)
    assert [row.name for row in teacher.train()] == ["winter"]
    assert scenes[SNOW[1]].name in names(taught.search("label:winter", k=None))
    assert verify(place).sound


def test_another_model_learns_from_the_same_examples(taught, place, scenes):
    from searchengine.understanding.learn import learn

    with Catalog.open(Layout(place).catalog) as catalog:
        with catalog.write() as session:
            before = spaces.active_space(session)
            (label,) = labels.all_labels(session)
            known = labels.concept(session, label.id, before.id)
            labels.keep_concept(session, label.id, before.id, None)
        with pytest.raises(QueryError, match="imgsearch label train winter"):
            taught.search("label:winter")
        assert [each.learned for each in taught.labels()] == [False]
        learn(catalog, before, lambda: taught._space().encoder)
        with catalog.read() as session:
            again = labels.concept(session, label.id, before.id)
    assert again.weights == pytest.approx(known.weights, abs=1e-4)
    assert taught.search("label:winter", k=None).total >= 2


def test_a_library_without_pictures_has_nothing_to_suggest(tmp_path):
    Update(tmp_path / "library", model="builtin").run([tmp_path])
    with Library.open(tmp_path / "library") as empty:
        assert empty.labels() == ()
        with pytest.raises(UsageError, match="nothing is indexed yet"):
            empty.suggest("winter")
        with pytest.raises(UsageError, match="nothing is indexed yet"):
            empty.classify([tmp_path], ["a", "b"])


def test_an_example_whose_file_is_gone_is_out_of_sight(place, scenes, teacher, tmp_path):
    folder = tmp_path / "copies"
    folder.mkdir()
    for shown in (*SNOW, BEACH):
        shutil.copy(scenes[shown], folder)
    library = tmp_path / "another"
    Update(library, model="builtin").run([folder])
    with Library.open(library) as opened:
        opened.teacher.add("winter", [folder / scenes[shown].name for shown in SNOW])
    os.unlink(folder / scenes[SNOW[0]].name)
    Update(library, model="builtin", accept_removals=True).run([folder])
    with Library.open(library) as opened:
        found = opened.search("label:winter", k=None)
        assert scenes[SNOW[0]].name not in names(found)
        assert found.total == len(found)
        assert opened.teacher.train()[0].positives == 2
        assert names(opened.search("label:winter name:*", k=None)) == names(found)
