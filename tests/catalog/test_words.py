"""The index of words: what is found in it, and that it is what the catalog says."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from sqlalchemy import select, text

from searchengine.catalog import mending, removal, roots, words
from searchengine.catalog.evidence import evidence as find_evidence
from searchengine.catalog.images import images
from searchengine.catalog.models import Content, ContentText, Sidecar
from searchengine.catalog.record import SidecarText, record_sidecars
from searchengine.catalog.visibility import settle
from searchengine.errors import QueryError
from searchengine.images.description import Description
from tests.catalog.builder import at, picture, put


def having(catalog, phrase):
    with catalog.read() as session:
        return set(session.scalars(select(Content.id).where(words.has(phrase))))


def evidence(catalog, space, query, count=10):
    with catalog.read() as session:
        ids, said = find_evidence(session, space.id, query, count)
    return dict(zip(ids.tolist(), said.tolist(), strict=True))


def describe(catalog, root, path, **said):
    text = SidecarText("1:1:1", Description(**said)) if said else None
    with catalog.write() as session:
        settle(session, record_sidecars(session, [at(root, path)], [text]))


@pytest.mark.parametrize(
    ("name", "found", "missed"),
    [
        (
            "2021/New York/IMG_1234.jpg",
            ["new york", "NEW-YORK", "img_1234", "york img", "1234 jpg"],
            ["york new", "yor"],
        ),
        ("Ärger/Été.png", ["arger", "ÄRGER", "ete"], ["rger"]),
        ("A\u0308rger.png", ["Ärger"], []),
        ("holiday2021.jpg", ["holiday", "2021", "holiday2021"], ["day"]),
        ("東京タワー.jpg", ["東京", "タワー", "京タ"], ["東タ"]),
        (b"caf\xe9/x.jpg", ["caf", "x jpg"], []),
        ("rock'n'roll.jpg", ["rock'n'roll", "roll"], []),
        ('say "hi".jpg', ['say "hi"', "hi"], []),
        ("Büro AND NOT (x)*.jpg", ["and not", "x", "not (x)*"], ["or"]),
    ],
)
def test_words_stand_in_a_name(catalog, space, root, *, name, found, missed):
    put(catalog, space, picture(root, name, "one"), picture(root, "other.gif", "two"))
    assert [phrase for phrase in found if having(catalog, phrase) != {1}] == []
    assert [phrase for phrase in missed if having(catalog, phrase)] == []


def test_words_stand_in_what_is_said(catalog, space, root):
    said = Description("Title words", "A caption", ("new", "york", "São Paulo"), "Alfama, Lisbon", 3)
    put(catalog, space, picture(root, "a.jpg", "one", description=said), picture(root, "b.jpg", "two"))
    for phrase in ("title words", "caption", "sao paulo", "lisbon"):
        assert having(catalog, phrase) == {1}
    # Two keywords aren't one text, nor are a picture's name and its title.
    for phrase in ("new york", "jpg title", "words a caption"):
        assert having(catalog, phrase) == set()


def test_words_without_a_letter_or_digit_are_refused():
    with pytest.raises(QueryError, match="no letters or digits"):
        words.has("!?*")


def test_rare_words_say_more_and_each_says_its_own(catalog, space, root):
    put(
        catalog,
        space,
        *(picture(root, f"lisbon/{number}x.jpg", number) for number in range(8)),
        picture(root, "lisbon/tram.jpg", "tram"),
        picture(root, "oslo/tram.jpg", "other"),
    )
    said = evidence(catalog, space, "a tram in Lisbon")
    assert len(said) == 10
    assert said[9] > said[10] > said[1]
    assert said[9] == pytest.approx(said[10] + said[1])
    assert said[1] == pytest.approx(np.log(1 + 1.5 / 9.5))


@pytest.mark.parametrize("query", ["", "the of a photo", "!!!", "dog", "x"])
def test_words_that_nobody_has_or_that_say_nothing_raise_nobody(catalog, space, root, query):
    put(catalog, space, picture(root, "photo/the x.jpg", "one"))
    assert evidence(catalog, space, query) == {}


def test_a_name_in_the_query_is_one_word(catalog, space, root):
    put(catalog, space, *(picture(root, f"IMG_{number}.jpg", number) for number in (1234, 5678)))
    assert set(evidence(catalog, space, "IMG_1234")) == {1}


def test_a_word_that_too_many_have_costs_and_says_nothing(catalog, space, root, monkeypatch):
    put(catalog, space, *(picture(root, f"dog/{number}x.jpg", number) for number in range(4)))
    assert len(evidence(catalog, space, "dog")) == 4
    monkeypatch.setattr("searchengine.catalog.evidence.MOST_MATCHES", 3)
    assert evidence(catalog, space, "dog") == {}


def test_every_embedding_of_a_picture_is_raised(catalog, space, root):
    put(catalog, space, picture(root, "rex.mp4", "film"))
    with catalog.write() as session:
        session.execute(
            text(
                "INSERT INTO embedding (content_id, space_id, part, vector)"
                " SELECT content_id, space_id, 1, vector FROM embedding"
            )
        )
    assert set(evidence(catalog, space, "rex")) == {1, 2}


def test_what_is_said_beside_a_file_comes_and_goes(catalog, space, root):
    put(
        catalog, space, picture(root, "a.jpg", "one", description=Description(keywords=("inside",), rating=2))
    )
    describe(catalog, root, "a.jpg", keywords=("rex",), rating=5)
    assert having(catalog, "rex") == {1}
    with catalog.read() as session:
        assert images(session, [1])[1].description == Description(keywords=("rex",), rating=5)
    describe(catalog, root, "a.jpg")
    assert having(catalog, "rex") == set()
    with catalog.read() as session:
        assert images(session, [1])[1].description == Description(keywords=("inside",), rating=2)


def test_a_picture_that_goes_takes_its_words_along(catalog, space, root):
    put(catalog, space, picture(root, "a.jpg", "one", description=Description(title="rex")))
    describe(catalog, root, "a.jpg", title="anna")
    with catalog.write() as session:
        removal.forget_files(session, [1])
        assert session.scalars(select(ContentText.content_id)).all() == []
        assert session.scalars(select(Sidecar.file_id)).all() == []
        assert words.differences(session) == []
    assert having(catalog, "jpg") == set()


def test_files_of_an_absorbed_root_keep_what_is_said_beside_them(catalog, space, root):
    with catalog.write() as session:
        inner = roots.add_root(session, b"/elsewhere/lisbon")
    put(catalog, space, picture(inner, "a.jpg", "one"))
    describe(catalog, inner, "a.jpg", title="rex")
    with catalog.write() as session:
        outer = roots.add_root(session, b"/elsewhere")
        roots.absorb_root(session, inner.id, outer.id)
    assert having(catalog, "rex") == having(catalog, "lisbon a") == {1}


def test_what_is_wrong_is_found_and_mended(catalog, space, root, path):
    put(catalog, space, picture(root, "rex.jpg", "one"), picture(root, "anna.jpg", "two"))
    with catalog.write() as session:
        session.execute(text("DELETE FROM text_index WHERE rowid = 1"))
        session.execute(text("INSERT INTO text_index (rowid, path, said) VALUES (9, 'nobody', '')"))
        session.execute(text("UPDATE text_index SET said = 'wrong' WHERE rowid = 2"))
    with catalog.write() as session:
        assert words.differences(session) == [1, 2, 9]
        assert list(mending.mend(session)) == ["put the words of 3 pictures right"]
        assert words.differences(session) == []
    assert having(catalog, "rex") == {1}
    assert having(catalog, "wrong") == having(catalog, "nobody") == set()


def test_a_damaged_index_is_found_and_built_anew(catalog, space, root, path):
    put(catalog, space, picture(root, "rex.jpg", "one"))
    with catalog.read() as session:
        assert words.is_damaged(session) is False
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM text_index_data WHERE id > 10")
    connection.commit()
    connection.close()
    with catalog.read() as session:
        assert words.is_damaged(session) is True
    with catalog.write() as session:
        assert mending.mend(session) == ["built the index of words anew"]
    with catalog.read() as session:
        assert words.is_damaged(session) is False
    assert having(catalog, "rex") == {1}
