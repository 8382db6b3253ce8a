"""What an index is built from, on a real catalog."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from sqlalchemy import text

from searchengine.calibration import Calibration
from searchengine.catalog import calibrations, files, removal
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.errors import LibraryError
from searchengine.vectors.live import LiveIndex
from searchengine.vectors.snapshot import Unusable, open_snapshot, take_snapshot
from tests.catalog.builder import DIM, picture, put, unit


@pytest.fixture
def source(catalog, space):
    return EmbeddingSource(catalog, space)


def remove(catalog, root, *paths):
    with catalog.write() as session:
        known = files.files_below(session, root.id)
        removal.remove_files(session, [known[path].id for path in paths])


def test_vectors_are_the_float16_of_what_was_recorded(catalog, space, root, source):
    pictures = [picture(root, f"{number}", number) for number in range(5)]
    put(catalog, space, *pictures)
    ids, vectors = source.vectors([4, 2, 99])
    assert ids.tolist() == [2, 4]
    assert vectors.dtype == np.float16
    assert vectors.tolist() == [pictures[each].vectors[0].astype(np.float16).tolist() for each in (1, 3)]


def test_nothing_is_shown_before_anything_is_recorded(source):
    assert source.position() == (0, 0)
    assert source.knows((0, 0))
    assert not source.knows((0, 5))
    with source.shown() as (position, count, batches):
        assert (position, count, list(batches)) == ((0, 0), 0, [])
    assert source.vectors([])[1].shape == (0, DIM)


def test_changes_say_what_each_id_has_come_to(catalog, space, root, source):
    put(catalog, space, *(picture(root, f"{number}", number) for number in range(3)))
    (sequence, mark), ids, shown = source.changes(0)
    assert (sequence, ids.tolist(), shown.all()) == (3, [1, 2, 3], True)
    assert source.knows((sequence, mark))
    assert not source.knows((sequence, mark + 1))
    assert not source.knows((sequence + 1, mark))
    remove(catalog, root, b"0", b"2")
    put(catalog, space, picture(root, "new", 2))
    _, ids, shown = source.changes(sequence)
    assert (ids.tolist(), shown.tolist()) == ([1, 3], [False, True])


def test_more_than_a_batch_is_streamed_in_order(catalog, space, root, source, monkeypatch):
    monkeypatch.setattr("searchengine.catalog.embeddings.STREAMED_ROWS", 4)
    put(catalog, space, *(picture(root, f"{number}", number) for number in range(10)))
    remove(catalog, root, b"3")
    with source.shown() as (_, count, batches):
        parts = [ids.tolist() for ids, _ in batches]
    assert parts == [[1, 2, 3, 5], [6, 7, 8, 9], [10]]
    assert count == 9


def test_the_live_index_follows_the_catalog(catalog, space, root, source, tmp_path):
    live = LiveIndex(source, tmp_path)
    put(catalog, space, *(picture(root, f"{number}", number) for number in range(20)))
    assert live.refresh()
    take_snapshot(source, tmp_path)
    remove(catalog, root, b"7")
    live.refresh()
    assert (len(live), live.status.snapshot_count) == (19, 20)
    vector = picture(root, "7", 7).vectors[0]
    assert 8 not in live.search(vector, 100).ids
    put(catalog, space, picture(root, "back", 7))
    live.refresh()
    assert live.search(vector, 1).ids.tolist() == [[8]]


def test_a_snapshot_of_a_future_that_a_backup_does_not_have_is_not_believed(
    catalog, path, space, root, tmp_path
):
    put(catalog, space, *(picture(root, f"{number}", number) for number in range(5)))
    catalog.close()
    shutil.copy(path, tmp_path / "backup")
    with Catalog.open(path) as lost:
        put(lost, space, picture(root, "a", "lost"), picture(root, "b", "lost too"))
        take_snapshot(EmbeddingSource(lost, space), tmp_path / "vectors")
    shutil.copy(tmp_path / "backup", path)
    with Catalog.open(path) as restored:
        source = EmbeddingSource(restored, space)
        for number in range(4):
            with pytest.raises(Unusable, match="another history"):
                open_snapshot(source, tmp_path / "vectors")
            live = LiveIndex(source, tmp_path / "vectors")
            assert len(live) == 5 + number
            put(restored, space, picture(root, f"c{number}", f"new {number}"))
        live.refresh()
        assert live.search(picture(root, "x", "new 3").vectors[0], 1).scores[0, 0] > 0.99
        assert live.search(unit(1), 100).ids.shape == (1, 9)


def test_a_full_disk_is_named_and_loses_nothing_that_was_there(catalog, space, root, path):
    put(catalog, space, picture(root, "a", "a"))
    with catalog.read() as session:
        pages = session.scalar(text("PRAGMA page_count"))
        session.execute(text(f"PRAGMA max_page_count={pages}"))
    with pytest.raises(LibraryError, match="disk is full: free some space"):
        put(catalog, space, *(picture(root, f"{number}", number) for number in range(2000)))
    with catalog.read() as session:
        assert files.files_below(session, root.id).keys() == {b"a"}


def test_texts_are_the_calibration_s_prompts(catalog, space, source):
    assert source.texts().shape == (0, DIM)
    bank = np.stack([unit(number) for number in range(3)])
    nothing = np.empty((0, DIM), np.float16)
    made = Calibration(bank.astype(np.float16), nothing, (0.1, 0.2, 0.3), (0.5,), "digest", 7)
    with catalog.write() as session:
        calibrations.keep_calibration(session, space.id, made)
    texts = source.texts()
    assert texts.dtype == np.float32
    np.testing.assert_allclose(texts, bank, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(texts, axis=1), 1, atol=1e-6)
