"""The query language at work: filters inside the search, directions added up, on rendered scenes."""

from __future__ import annotations

import os
from itertools import pairwise

import pytest
from PIL import ExifTags, Image

from indexer.update import Update
from indexer.upkeep.forget import forget
from searchengine import Library, QueryError, Text, UsageError
from tests.pictures import SCENES

CAMERAS = [("Canon", "Canon EOS R6"), ("Apple", "iPhone 14"), None]


@pytest.fixture(scope="module")
def dated(scenes, tmp_path_factory):
    """The scenes again, taken by three cameras in three years, in folders of their own; by what they show."""
    folder = tmp_path_factory.mktemp("dated")
    files = {}
    for number, (words, path) in enumerate(scenes.items()):
        exif = Image.Exif()
        year, camera = 2020 + number % 3, CAMERAS[number % 3]
        if camera:
            exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = camera
            exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = (
                f"{year}:0{number % 9 + 1}:01 10:00:00"
            )
        files[words] = folder / str(year) / f"IMG_{number}.jpg"
        files[words].parent.mkdir(exist_ok=True)
        with Image.open(path) as image:
            image.save(files[words], exif=exif, quality=90)
    return files


@pytest.fixture(scope="module")
def library(dated, tmp_path_factory):
    place = tmp_path_factory.mktemp("queries") / "library"
    Update(place, model="builtin").run({path.parent.parent for path in dated.values()})
    with Library.open(place) as opened:
        yield opened


def names(results):
    return [os.path.basename(hit.path) for hit in results]


@pytest.mark.parametrize(
    "query",
    [
        "camera:canon",
        "-camera:canon",
        "camera:canon|apple",
        "path:2021/*",
        "name:IMG_1*",
        "after:2021",
        '"2020"',
    ],
)
@pytest.mark.parametrize("words", ["a dog on a beach", "snow"])
def test_a_filtered_answer_is_the_full_ranking_with_the_others_left_out(library, words, query):
    everything = library.search(words, k=None).results
    allowed = {hit.id for hit in library.search(query, k=None)}
    filtered = library.search(f"{words} {query}", k=None)
    expected = [hit for hit in everything if hit.id in allowed]
    assert 0 < len(expected) < len(everything)
    assert [(hit.id, hit.score) for hit in filtered] == [(hit.id, hit.score) for hit in expected]
    assert filtered.total == len(expected)
    for k in (1, 2, len(expected), len(expected) + 5):
        assert library.search(f"{words} {query}", k=k).results == filtered.results[:k]


def test_filters_alone_give_the_newest_first_and_no_score(library):
    results = library.search("camera:canon|apple", k=None)
    dates = [hit.taken_at for hit in results]
    assert all(newer >= older for newer, older in pairwise(dates))
    assert {hit.score for hit in results} == {None}
    assert results.results[2:4] == library.search("camera:canon|apple", k=2, offset=2).results


def test_no_words_at_all_give_everything(library):
    assert len(library.search("", k=None)) == len(SCENES)


def test_nothing_that_passes_is_an_empty_answer(library):
    results = library.search("a dog camera:nikon")
    assert (len(results), results.total) == (0, 0)


def test_a_negative_term_pushes_its_like_down(library, dated):
    snow = os.path.basename(dated["a dog in the snow"])
    with_snow, without = library.search("a dog", k=None), library.search("a dog -snow", k=None)
    assert names(without).index(snow) > names(with_snow).index(snow)
    assert all(-1 <= hit.score <= 1 for hit in without)


def test_a_picture_and_words_meet(library, dated):
    """The dog from the beach, but in the snow."""
    both = library.search(f'image:"{dated["a dog on a beach"]}" in the snow -(on a beach)', k=2)
    assert os.path.basename(dated["a dog in the snow"]) in names(both)


def test_a_picture_alone_is_like_similar(library, dated):
    path = dated["a rocket in space"]
    by_query, by_picture = library.search(f"image:{path}", k=4), library.similar(path, k=4)
    assert [hit.id for hit in by_query] == [hit.id for hit in by_picture]


def test_weights_decide(library, dated):
    rocket, owl = (f"image:{dated[words]}" for words in ("a rocket in space", "an owl in the forest"))
    assert names(library.search(f"{rocket}^5 {owl}", k=1)) == [os.path.basename(dated["a rocket in space"])]
    assert names(library.search(f"{rocket} {owl}^5", k=1)) == [
        os.path.basename(dated["an owl in the forest"])
    ]


def test_a_literal_text_has_no_operators(library):
    assert library.search(Text("camera:nikon"), k=None).total == len(SCENES)


def test_what_cannot_be_understood_points_at_the_word(library):
    with pytest.raises(QueryError) as caught:
        library.search("a dog camra:canon")
    assert (caught.value.start, caught.value.end) == (6, 12)


def test_a_picture_that_is_not_there_is_said(library):
    with pytest.raises(UsageError, match=r"can't read \./nothing\.jpg"):
        library.search("image:./nothing.jpg")


def test_directions_that_cancel_out_are_refused(library, dated):
    path = dated["a rocket in space"]
    with pytest.raises(QueryError, match="cancel"):
        library.search(f"image:{path} -image:{path}")


@pytest.mark.parametrize(
    "query", ["a dog on a beach", "dog -camera:apple", "camera:canon|apple", "-name:nothing*"]
)
def test_pages_by_cursor_are_the_whole_answer(library, query):
    everything = library.search(query, k=None)
    assert everything.next is None
    pages, cursor = [], None
    while True:
        page = library.search(query, k=2, cursor=cursor)
        assert page.total == everything.total
        pages += page.results
        cursor = page.next
        if cursor is None:
            break
    assert tuple(pages) == everything.results


def test_a_cursor_outlives_the_pictures_around_it(dated, tmp_path):
    folder = next(iter(dated.values())).parent.parent
    place = tmp_path / "library"
    Update(place, model="builtin").run([folder])
    with Library.open(place) as opened:
        for query in ("dog", "-name:nothing*"):
            before = opened.search(query, k=None)
            first = opened.search(query, k=4)
            gone = [before.results[1].path, first.results[-1].path, before.results[5].path]
            forget(place, gone)
            rest = opened.search(query, k=None, cursor=first.next)
            expected = [hit.id for hit in before.results[4:] if hit.path not in gone]
            assert [hit.id for hit in rest] == expected
            Update(place, model="builtin").run([folder])


def test_a_similar_search_has_pages_too(library, dated):
    path = next(iter(dated.values()))
    first = library.similar(path, k=3)
    rest = library.similar(path, k=None, cursor=first.next)
    assert (*first.results, *rest.results) == library.similar(path, k=None).results


@pytest.mark.parametrize("sort", ["newest", "oldest"])
@pytest.mark.parametrize("query", ["a dog on a beach", "dog", "camera:canon|apple", "-name:nothing*"])
def test_dates_order_what_is_relevant_and_pages_fit_together(library, query, sort):
    ranking = library.search(query, k=None, strictness=0.5)
    whole = library.search(query, k=None, sort=sort, strictness=0.5)
    relevant = [hit for hit in whole if hit.relevant]
    assert {hit.id for hit in relevant} == {hit.id for hit in ranking if hit.relevant}
    dates = [hit.taken_at for hit in relevant if hit.taken_at]
    assert dates == sorted(dates, reverse=sort == "newest")
    assert all(hit.taken_at is None for hit in relevant[len(dates) :])
    assert [hit.id for hit in whole[len(relevant) :]] == [hit.id for hit in ranking if not hit.relevant]
    for k in (1, 3, len(relevant), len(whole) + 1):
        assert library.search(query, k=k, sort=sort, strictness=0.5).results == whole.results[:k]
    assert library.search(query, k=3, offset=2, sort=sort, strictness=0.5).results == whole.results[2:5]
    pages, cursor = [], None
    while True:
        page = library.search(query, k=2, sort=sort, strictness=0.5, cursor=cursor)
        pages += page.results
        cursor = page.next
        if cursor is None:
            break
    assert tuple(pages) == whole.results
    with pytest.raises(UsageError, match="another query"):
        library.search(query, cursor=library.search("snow", k=1).next)
