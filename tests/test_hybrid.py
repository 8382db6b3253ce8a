"""Words and vectors together, through the whole of a library: real pictures, the built-in model, FTS5."""

from __future__ import annotations

from random import Random

import pytest

from data.render import render
from data.scenes import arranged
from indexer.update import Update
from searchengine import Library, QueryError, Text
from tests.images.made import xmp

# Three dogs on beaches, and a cat by night; who they are nobody can see.
PICTURES = {
    "2019 lisbon/1.jpg": ("dog", "beach", "", {}),
    "2020 oslo/2.jpg": ("dog", "beach", "rex", {"rating": 5, "caption": "Rex has a swim"}),
    "2020 oslo/3.jpg": ("dog", "beach", "bella", {"rating": 3}),
    "2021/4.jpg": ("cat", "night", "rex", {}),
}


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    """A library of them, and a few more without a name."""
    folder = tmp_path_factory.mktemp("hybrid")
    rng = Random(5)
    others = {f"others/IMG_{n:04}.jpg": ("car", "city", "", {}) for n in range(6)}
    for path, (thing, place, name, said) in (PICTURES | others).items():
        file = folder / "photos" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        keywords = [name] if name else []
        render(arranged({(thing, None): 1}, place, rng), 256).save(
            file, xmp=xmp(keywords=keywords, **said).encode()
        )
    Update(folder / "library", model="builtin").run([folder / "photos"])
    return folder / "library"


@pytest.fixture
def library(named):
    with Library.open(named) as opened:
        yield opened


def names(results):
    return [result.path.rpartition("/photos/")[2] for result in results]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("rex on a beach", "2020 oslo/2.jpg"),
        ("rex at night", "2021/4.jpg"),
        ("bella", "2020 oslo/3.jpg"),
        ("a dog in lisbon", "2019 lisbon/1.jpg"),
        ("IMG_0004", "others/IMG_0004.jpg"),
    ],
)
def test_names_and_content_are_asked_for_at_once(library, query, first):
    assert names(library.search(query, k=1)) == [first]
    assert names(library.search(Text(query), k=1)) == [first]


@pytest.mark.parametrize("query", ["rex on a beach", "rex -cat rating:>2", "(rex)^2 (a car)", "lisbon oslo"])
def test_the_first_k_of_a_longer_answer_are_the_answer_for_k(library, query):
    whole = library.search(query, k=None).results
    assert len(whole) == library.search(query).total
    for k in range(len(whole) + 2):
        assert library.search(query, k=k).results == whole[:k]
    paged, cursor = [], None
    while True:
        page = library.search(query, k=2, cursor=cursor)
        paged += page.results
        cursor = page.next
        if cursor is None:
            break
    assert tuple(paged) == whole


def test_a_score_stays_the_cosine(library):
    space = library._space()
    vector = space.encoder.encode_texts(["lisbon"])[0]
    nearest = space.index.search(vector, 10)
    scores = [result.score for result in library.search("lisbon", k=None)]
    assert sorted(scores) == pytest.approx(sorted(nearest.scores[0].tolist()), abs=1e-5)
    assert scores != sorted(scores, reverse=True)


def test_where_no_text_has_the_words_the_order_is_the_vectors_own(library):
    scores = [result.score for result in library.search("a sandy shore", k=None)]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('"rex"', {"2020 oslo/2.jpg", "2021/4.jpg"}),
        ('"REX HAS A SWIM"', {"2020 oslo/2.jpg"}),
        ('"rex" -"oslo"', {"2021/4.jpg"}),
        ("rating:>3", {"2020 oslo/2.jpg"}),
        ("rating:3|5", {"2020 oslo/2.jpg", "2020 oslo/3.jpg"}),
        ('rating:3 "rex"', set()),
    ],
)
def test_words_that_must_stand_and_ratings(library, query, found):
    assert set(names(library.search(query, k=None))) == found
    assert set(names(library.search(f"a dog {query}", k=None))) == found


def test_words_without_letters_are_refused(library):
    with pytest.raises(QueryError, match="no letters or digits"):
        library.search('a dog "!?"')


def test_a_result_tells_what_is_said(library):
    hit = library.search('"swim"')[0]
    told = (hit.title, hit.caption, hit.keywords, hit.place, hit.rating)
    assert told == (None, "Rex has a swim", ("rex",), None, 5)
