"""Answers are kept until the catalog changes, and no longer."""

import pytest

from searchengine.catalog import roots
from searchengine.catalog.catalog import Catalog
from searchengine.engines import CATALOG_FILE
from searchengine.remembered import Remembered


def test_an_answer_is_worked_out_once_until_anything_changes():
    generation, asked = [1], []
    remembered = Remembered(lambda: generation[0], most=2)

    def answer(key):
        return remembered.get(key, lambda: asked.append(key) or len(asked))

    assert [answer("a"), answer("a"), answer("b"), answer("a")] == [1, 1, 2, 1]
    generation[0] = 2
    assert [answer("a"), answer("a")] == [3, 3]


def test_the_one_unused_for_longest_goes():
    asked = []
    remembered = Remembered(lambda: 0, most=2)
    for key in ("a", "b", "a", "c", "a", "b"):
        remembered.get(key, lambda key=key: asked.append(key))
    assert asked == ["a", "b", "c", "b"]


def test_what_changes_while_it_is_worked_out_counts_as_later():
    generation = [1]
    remembered = Remembered(lambda: generation[0], most=2)

    def slow():
        generation[0] += 1
        return generation[0]

    assert [remembered.get("a", slow), remembered.get("a", slow)] == [2, 3]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def where(request, tmp_path):
    return (
        tmp_path / CATALOG_FILE if request.param == "sqlite" else request.getfixturevalue("postgres_catalog")
    )


def test_a_catalogs_generation_changes_with_every_commit_of_anybody(where):
    with Catalog.open(where, create=True) as one, Catalog.open(where) as other:
        before = one.generation()
        assert one.generation() == before
        with one.read() as session:
            session.connection()
        assert one.generation() == before
        for catalog in (one, other):
            with catalog.write() as session:
                roots.add_root(session, str(id(catalog)).encode())
            after = one.generation()
            assert after != before
            before = after
