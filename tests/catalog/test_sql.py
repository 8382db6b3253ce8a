"""What is written in SQL says the same to both databases, on a connection as in a session."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime

import numpy as np
import pytest

from searchengine.calibration import Calibration
from searchengine.catalog import calibrations, images, spaces
from searchengine.catalog.evidence import evidence
from searchengine.catalog.record import SidecarText, record_sidecars
from searchengine.catalog.sql import rows
from searchengine.catalog.visibility import settle
from searchengine.errors import LibraryDamagedError
from searchengine.images.description import Description
from tests.catalog.builder import at, facts, picture, put, unit


@pytest.fixture(params=["look", "read"])
def view(request, catalog):
    return getattr(catalog, request.param)


def test_a_picture_is_read_whole(view, catalog, space, root):
    taken = datetime(2021, 5, 1, 10, 11, 12)
    said = Description("Rex", None, ("dog", "ball"), None, 4)
    one = picture(
        root, "a/cat.jpg", "cat", camera="Leica", flags=("truncated",), taken_at=taken, description=said
    )
    put(catalog, space, one, picture(root, "dog.jpg", "dog"))
    with catalog.write() as session:
        beside = SidecarText("1:1:1", Description(title="Our dog", keywords=("ours",)))
        settle(session, record_sidecars(session, [at(root, "a/cat.jpg")], [beside]))
    with view() as reading:
        found = images.images_of_embeddings(reading, [1, 2, 99])
    assert found[1].files == (images.FileOf(b"/photos/a/cat.jpg", missing=False),)
    assert found[1].hash == facts("cat").hash
    assert (found[1].taken_at, found[1].flags, found[1].camera) == (taken, ("truncated",), "Leica")
    assert found[1].description == Description("Our dog", None, ("ours",), None, 4)
    assert (found[2].taken_at, found[2].flags, found[2].description) == (None, (), Description())
    assert sorted(found) == [1, 2]


def test_what_a_search_asks_besides(view, catalog, space, root):
    put(catalog, space, picture(root, "rex.jpg", "cat"), picture(root, "b.jpg", "dog"))
    bank = np.stack([unit(1), unit(2)]).astype(np.float16)
    made = Calibration(bank, bank[:1], (0.1, 0.25), (0.5,), "digest", 2)
    with catalog.write() as session:
        calibrations.keep_calibration(session, space.id, made)
    with view() as reading:
        assert spaces.active_space(reading) == space
        assert spaces.all_spaces(reading) == [space]
        assert images.embedding_ids(reading, space.id, [2, 3]) == {2: 2}
        assert evidence(reading, space.id, "rex", 2)[0].tolist() == [1]
        kept = calibrations.calibration(reading, space.id)
        assert calibrations.calibration(reading, space.id + 1) is None
    assert (kept.words, kept.pictures, kept.digest, kept.images) == ((0.1, 0.25), (0.5,), "digest", 2)
    assert np.array_equal(kept.bank, bank)
    assert np.array_equal(kept.sample, bank[:1])


def test_a_view_is_one_whatever_is_written_meanwhile(view, catalog, space, root):
    count = "SELECT count(*) FROM content"
    with view() as reading:
        assert rows(reading, count) == [(0,)]
        put(catalog, space, picture(root, "a.jpg", "cat"))
        assert rows(reading, count) == [(0,)]
    with view() as reading:
        assert rows(reading, count) == [(1,)]


def test_a_session_s_own_changes_are_seen(catalog, space):
    with catalog.write() as session:
        spaces.activate_space(session, spaces.create_space(session, space.spec, state="building").id)
        assert [each.state for each in spaces.all_spaces(session)] == ["retired", "active"]


def test_a_connection_is_used_again_unless_something_went_wrong_on_it(catalog, path):
    with catalog.look() as first:
        pass
    with catalog.look() as second:
        assert second is first
    with pytest.raises(sqlite3.OperationalError, match="no such table"), catalog.look() as third:
        rows(third, "SELECT 1 FROM nowhere")
    with catalog.look() as fourth:
        assert fourth is not first
        with catalog.look() as fifth:
            assert fifth is not fourth
    catalog.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        fourth.execute("SELECT 1")


def test_errors_are_told_in_words_that_help(catalog, path):
    broken = (
        "PRAGMA writable_schema=ON",
        "UPDATE sqlite_master SET rootpage = 1000 WHERE name = 'content'",
        "PRAGMA writable_schema=RESET",
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in broken:
            connection.execute(statement)
    with pytest.raises(LibraryDamagedError, match=f"{path} is damaged"), catalog.look() as reading:
        rows(reading, "SELECT count(*) FROM content")
