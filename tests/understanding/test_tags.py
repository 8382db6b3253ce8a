"""Tags of rendered scenes by the built-in model."""

from __future__ import annotations

import pytest

from searchengine import UsageError
from searchengine.understanding.vocabulary import vocabulary


def test_the_vocabulary_names_each_word_once():
    words = vocabulary()
    assert len(words) == len(set(words)) > 300
    assert all(word == " ".join(word.split()) != "" for word in words)


@pytest.mark.parametrize(
    ("shown", "word"), [("a camel in the desert", "camel"), ("a sailboat at sea", "sailboat")]
)
def test_what_a_picture_shows_is_among_its_tags(library, scenes, shown, word):
    (found,) = library.tag([scenes[shown]], strictness=0.5).results
    assert word in [tag.tag for tag in found.tags]
    scores = [tag.score for tag in found.tags]
    assert scores == sorted(scores, reverse=True)


def test_stricter_is_fewer(library, scenes):
    given = [
        {
            (each.path, tag.tag)
            for each in library.tag(where="width:>1", strictness=share).results
            for tag in each.tags
        }
        for share in (0.0, 0.5, 0.9, 1.0)
    ]
    assert given[0] > given[1] > given[2] >= given[3]


def test_a_word_that_suits_nothing_is_no_tag(library):
    found = library.tag(where="width:>1", vocabulary=["an income tax return"], strictness=1.0)
    assert [each.tags for each in found.results] == [()] * len(found.results)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"vocabulary": []}, "a label is empty"),
        ({"vocabulary": ["a", "a"]}, "stands there twice"),
        ({"strictness": 1.5}, "lies between 0 and 1"),
    ],
)
def test_what_cannot_be_asked_is_explained(library, arguments, said):
    with pytest.raises(UsageError, match=said):
        library.tag(where="width:>1", **arguments)
