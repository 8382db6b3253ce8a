"""The query language: what is understood, what is refused and where the error points."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchengine.errors import QueryError
from searchengine.filters import Choice, Circle, Exact, Filter, Moment, Number, Pattern
from searchengine.query.grammar import parse, render
from searchengine.query.keys import KEYS
from searchengine.query.terms import Example, Query, Words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dog on a beach", [("dog on a beach", 1)]),
        ("  dog \t on  ", [("dog on", 1)]),
        ("", []),
        ("dog -people", [("dog", 1), ("people", -1)]),
        ("-people dog", [("dog", 1), ("people", -1)]),
        ("beach -(new york) -cake", [("beach", 1), ("new york", -1), ("cake", -1)]),
        ("-new -kitchen", [("new", -1), ("kitchen", -1)]),
        ("(red car)^2 beach", [("beach", 1), ("red car", 2)]),
        ("-(red car)^0.5", [("red car", -0.5)]),
        ("a photo (blurry)", [("a photo (blurry)", 1)]),
        ("at 1:00 or 10:30", [("at 1:00 or 10:30", 1)]),
        ("t-shirt", [("t-shirt", 1)]),
        ("a - b", [("a - b", 1)]),
        ("-", [("-", 1)]),
        (r"\-people", [("-people", 1)]),
        (r"title\: dog", [("title: dog", 1)]),
        (r"back\\slash", [(r"back\slash", 1)]),
        ("ends in \\", [("ends in \\", 1)]),
        ('5" nails', [('5" nails', 1)]),
        ("smile :)", [("smile :)", 1)]),
        ("naïve café", [("naïve café", 1)]),
    ],
)
def test_words(text, words):
    assert parse(text) == Query(tuple(Words(*pair) for pair in words))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ('"exact words"', Query(exact=(Exact("exact words"),))),
        ('-"exact words"', Query(exact=(Exact("exact words", negated=True),))),
        (r'"a \"b\" c"', Query(exact=(Exact('a "b" c'),))),
        ("image:./ref.jpg^0.5", Query(examples=(Example("./ref.jpg", 0.5),))),
        ("-image:17", Query(examples=(Example("17", -1),))),
        ('image:"my photo^2.jpg"', Query(examples=(Example("my photo^2.jpg"),))),
        ("camera:canon", Query(filters=(Filter("camera", (Pattern("canon"),)),))),
        ("CAMERA:canon", Query(filters=(Filter("camera", (Pattern("canon"),)),))),
        ('camera:"EOS R6"|nikon', Query(filters=(Filter("camera", (Pattern("EOS R6"), Pattern("nikon"))),))),
        ("-type:heic", Query(filters=(Filter("type", (Choice("heif"),), negated=True),))),
        ("type:jpg|.PNG", Query(filters=(Filter("type", (Choice("jpeg"), Choice("png"))),))),
        ("after:2021-06", Query(filters=(Filter("after", (Moment(datetime(2021, 6, 1), ""),)),))),
        ("before:2022", Query(filters=(Filter("before", (Moment(datetime(2022, 1, 1), ""),)),))),
        ("width:>2000", Query(filters=(Filter("width", (Number(">", 2000),)),))),
        ("size:<2mb", Query(filters=(Filter("size", (Number("<", 2_000_000),)),))),
        ("mp:>=12.5", Query(filters=(Filter("mp", (Number(">=", 12.5),)),))),
        ("lens:50mm", Query(filters=(Filter("lens", (Number("=", 50),)),))),
        ("lens:summilux", Query(filters=(Filter("lens", (Pattern("summilux"),)),))),
        ("near:48.85,2.35,10km", Query(filters=(Filter("near", (Circle(48.85, 2.35, 10),)),))),
        ("near:-33,151,500m", Query(filters=(Filter("near", (Circle(-33, 151, 0.5),)),))),
        ("orientation:portrait", Query(filters=(Filter("orientation", (Choice("portrait"),)),))),
        ("path:2021/*", Query(filters=(Filter("path", (Pattern("2021/*"),)),))),
    ],
)
def test_everything_else(text, query):
    assert parse(text) == query


@pytest.mark.parametrize(
    ("text", "word", "says"),
    [
        ("dog camra:canon", "camra:", "did you mean camera:"),
        ("titles: dog", "titles:", "no filter is called titles"),
        ("dog camera:", "camera:", "camera:canon"),
        ("camera:a|", "camera:a|", "needs a value"),
        ("dog width:wide", "wide", "takes a number"),
        ("after:2021-13", "2021-13", "no such date"),
        ("after:yesterday", "yesterday", "a year, a month or a day"),
        ("orientation:up", "up", "one of portrait, landscape, square"),
        ("dog type:jepg", "jepg", "one of image, video, jpeg, png"),
        ("near:1,2", "1,2", "latitude, longitude and a distance"),
        ("near:95,0,1km", "95,0,1km", "from -90 to 90"),
        ('say "hello', '"', "isn't closed"),
        ("dog -(new york", "(", "isn't closed"),
        ('""', '""', "nothing in it"),
        ("-()", "-()", "nothing in it"),
        ("camera:canon^2", "^2", "only pictures and brackets"),
        ("image:a|b", "a|b", "no alternatives"),
        ("image:a^0", "0", "more than 0"),
    ],
)
def test_an_error_points_at_the_word(text, word, says):
    with pytest.raises(QueryError) as caught:
        parse(text)
    error = caught.value
    assert (error.query, text[error.start : error.end]) == (text, word)
    assert says in str(error)


@pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.name)
def test_every_keys_example_is_right(key):
    (found,) = parse(f"{key.name}:{key.example}").filters
    assert found.key == key.name


PIECES = [*'ab1 \t-"()|^:\\*./,<>=é', "camera:", "size:", "image:", "near:", "type:", "after:2021"]
ANYTHING = st.lists(st.sampled_from(PIECES)).map("".join)


@given(ANYTHING | st.text())
def test_any_line_is_understood_or_refused_with_a_place(text):
    refused = None
    try:
        parse(text)
    except QueryError as error:
        refused = error
    if refused is not None:
        assert refused.query == text
        assert 0 <= refused.start < refused.end <= len(text)


@given(ANYTHING | st.text())
def test_a_query_written_down_and_read_again_is_the_same(text):
    try:
        query = parse(text)
    except QueryError:
        return
    assert parse(render(query)) == query


@given(
    st.lists(
        st.sampled_from([f"{key.name}:{key.example}" for key in KEYS.values()] + ["-dog", "cat", "(a b)^3"])
    )
)
def test_filters_written_down_and_read_again_are_the_same(parts):
    query = parse(" ".join(parts))
    assert parse(render(query)) == query
