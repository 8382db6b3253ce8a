"""Pages of a ranking fit together, also while it changes."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searchengine import UsageError
from searchengine.query.paging import Cursor, Page, page_after

SCORES = st.dictionaries(st.integers(1, 40), st.sampled_from([0.1, 0.25, 0.5, 1 / 3]), min_size=1)


def ranked(scores):
    return sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))


@given(SCORES, st.integers(1, 7))
def test_pages_after_cursors_are_the_whole_ranking(scores, k):
    whole, pages = ranked(scores), []
    pages += whole[:k]
    while True:
        cursor = Cursor("q", 1, len(pages), *pages[-1])
        page = page_after(lambda n: whole[:n], len(whole), cursor, k)
        assert len(page) == min(k, len(whole) - len(pages))
        if not page:
            break
        pages += page
    assert pages == whole


@given(SCORES, SCORES, st.sets(st.integers(1, 40)), st.integers(1, 7))
def test_what_stays_is_met_once_whatever_comes_and_goes(before, others, gone, k):
    first = ranked(before)[:k]
    after = ({**others, **before}).items()
    now = ranked({id_: score for id_, score in after if id_ not in gone})
    rest = page_after(lambda n: now[:n], len(now), Cursor("q", 1, len(first), *first[-1]), None)
    assert not {id_ for id_, _ in first} & {id_ for id_, _ in rest}
    stayed = set(before) - gone
    assert stayed <= {id_ for id_, _ in (*first, *rest)}
    assert rest[:k] == page_after(lambda n: now[:n], len(now), Cursor("q", 1, len(first), *first[-1]), k)


@given(
    st.text(),
    st.integers(0, 2**31),
    st.integers(0, 2**31),
    st.none() | st.floats(-1, 1, width=32),
    st.none() | st.datetimes(),
)
def test_a_cursor_comes_back_as_it_was(question, space, number, score, date):
    cursor = Cursor(question, space, number, number, score, date)
    text = cursor.encode()
    assert text.isascii()
    assert not set(text) & set("+/=&?# ")
    assert Cursor.decode(text, question=question, space=space) == cursor


@given(st.text() | st.binary().map(lambda data: data.hex()))
def test_anything_else_is_refused(text):
    with pytest.raises(UsageError, match="cursor"):
        Cursor.decode(text, question="q", space=1)


def test_another_question_or_space_is_refused():
    text = Cursor("a dog", 1, 10, 17, 0.5, datetime(2023, 5, 1)).encode()
    with pytest.raises(UsageError, match="another query"):
        Cursor.decode(text, question="a cat", space=1)
    with pytest.raises(UsageError, match="switched its model"):
        Cursor.decode(text, question="a dog", space=2)


def test_a_page_is_refused_that_makes_no_sense():
    for wrong in ({"k": -1}, {"offset": -1}, {"offset": 1, "cursor": "x"}):
        with pytest.raises(UsageError):
            Page(**wrong)
