from __future__ import annotations

import threading

import numpy as np
import pytest

from searchengine.encoders.texts import MOST_AT_ONCE, TextVectors


class Tower:
    """Notes what it is asked for, and can be held."""

    def __init__(self):
        self.asked = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.begun = threading.Event()

    def __call__(self, texts):
        self.asked.append(list(texts))
        self.begun.set()
        self.go_on.wait()
        if "bad" in texts:
            raise ValueError("bad")
        return np.array([[len(text), ord(text[0])] for text in texts], np.float32)


@pytest.fixture
def tower():
    """Not held."""
    return Tower()


def meanwhile(tower, encode, texts):
    """What threads get that ask while the tower is busy with another text."""
    tower.go_on.clear()
    threads, got = [], {}

    def ask(text):
        try:
            got[text] = encode([text])[0].tolist()
        except ValueError as error:
            got[text] = error

    for text in ("first", *texts):
        threads.append(threading.Thread(target=ask, args=(text,)))
        threads[-1].start()
        tower.begun.wait()
    while len(encode._queue) < len(texts):
        pass
    tower.go_on.set()
    for thread in threads:
        thread.join()
    return got


def test_what_is_asked_meanwhile_is_encoded_together(tower):
    texts = [f"{letter} text" for letter in "abcdefgh"]
    got = meanwhile(tower, TextVectors(tower), texts)
    assert [len(batch) for batch in tower.asked] == [1, len(texts)]
    assert {text: got[text] for text in texts} == {text: [6, ord(text[0])] for text in texts}


def test_no_more_at_once_than_is_good_for_those_who_wait(tower):
    texts = [f"{number:03}" for number in range(2 * MOST_AT_ONCE + 3)]
    got = meanwhile(tower, TextVectors(tower), texts)
    assert [len(batch) for batch in tower.asked] == [1, MOST_AT_ONCE, MOST_AT_ONCE, 3]
    assert set(got) == {"first", *texts}


def test_a_bad_text_is_nobody_elses_fault(tower):
    got = meanwhile(tower, TextVectors(tower), ["good", "bad", "fine"])
    assert isinstance(got.pop("bad"), ValueError)
    assert got == {"first": [5, 102], "good": [4, 103], "fine": [4, 102]}


def test_what_was_asked_before_is_kept_and_the_oldest_goes(tower):
    encode = TextVectors(tower, kept=2)
    for texts in (["a"], ["b"], ["a"], ["c"], ["a"], ["b"]):
        assert [vector.tolist() for vector in encode(texts)] == [[1, ord(text)] for text in texts]
    assert tower.asked == [["a"], ["b"], ["c"], ["b"]]
    assert [vector.tolist() for vector in encode(["b", "x", "b"])] == [[1, 98], [1, 120], [1, 98]]
    assert tower.asked[-1] == ["x"]
    assert encode([]) == []
