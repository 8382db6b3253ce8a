"""Contents of several embeddings: a video's frames."""

from __future__ import annotations

import numpy as np
import pytest

from searchengine.catalog import files, filters, images, record, removal, spaces
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.catalog.sql import rows
from searchengine.query.grammar import parse
from searchengine.vectors.live import LiveIndex
from tests.catalog.builder import at, facts, picture, put, spec, unit

TIMES = (0.0, 2.5, 7.25)


def clip(root, path, what="clip", times=TIMES):
    content = record.ContentFacts(facts(what).hash, 10, 160, 120, "MP4", duration=9.0)
    vectors = np.stack([unit(round(100 * seconds)) for seconds in times])
    return record.Picture(at(root, path), content, vectors, times)


@pytest.fixture
def source(catalog, space):
    return EmbeddingSource(catalog, space)


def test_frames_are_parts_of_one_content_with_their_times(catalog, space, root, source):
    made = clip(root, "a.mp4")
    assert put(catalog, space, picture(root, "a.jpg", "cat"), made) == record.Recorded(2, 4)
    ids, vectors = source.vectors([1, 2, 3, 4])
    assert vectors[1:].tolist() == made.vectors.astype(np.float16).tolist()
    with catalog.read() as session:
        rows = images.images_of_embeddings(session, ids.tolist())
        assert [rows[each].seconds for each in (1, 2, 3, 4)] == [None, *TIMES]
        assert [rows[each].duration for each in (1, 4)] == [None, 9.0]
        assert images.embedding_ids(session, space.id, [2]) == {2: 2}
    assert [pair.tolist() for pair in source.parts(0)] == [[3, 4], [2, 2]]
    assert [pair.tolist() for pair in source.parts(3)] == [[4], [2]]


def test_a_batch_that_comes_again_changes_nothing(catalog, space, root):
    put(catalog, space, clip(root, "a.mp4"))
    assert put(catalog, space, clip(root, "a.mp4", times=(1.0,))) == record.Recorded(0, 0)


def test_as_many_times_as_vectors(catalog, space, root):
    made = clip(root, "a.mp4")
    with pytest.raises(ValueError, match="zip"):
        put(catalog, space, record.Picture(made.file, made.content, made.vectors, (1.0,)))


def test_all_parts_come_into_sight_and_go_out_of_it_together(catalog, space, root, source, tmp_path):
    put(catalog, space, clip(root, "a.mp4"), picture(root, "a.jpg", "cat"))
    index = LiveIndex(source, tmp_path)
    assert (len(index), index.count_groups()) == (4, 2)
    with catalog.write() as session:
        removal.remove_files(session, [files.files_below(session, root.id)[b"a.mp4"].id])
    index.refresh()
    assert (len(index), index.count_groups()) == (1, 1)
    put(catalog, space, clip(root, "b.mp4"))
    index.refresh()
    assert (len(index), index.count_groups()) == (4, 2)
    with catalog.write() as session:
        removal.forget_files(session, [files.files_below(session, root.id)[b"b.mp4"].id])
    index.refresh()
    assert (len(index), index.count_groups()) == (1, 1)
    assert source.parts(0)[0].tolist() == []


def test_a_filter_lets_all_parts_through_and_a_list_by_date_one(catalog, space, root):
    put(catalog, space, clip(root, "a.mp4"), picture(root, "a.jpg", "cat"))
    with catalog.read() as session:
        for query, ids, first in [
            ("type:video", [1, 2, 3], [1]),
            ("type:mp4", [1, 2, 3], [1]),
            ("type:m4v", [1, 2, 3], [1]),
            ("-type:video", [4], [4]),
            ("type:image", [4], [4]),
            ("type:image|mp4", [1, 2, 3, 4], [4, 1]),
        ]:
            which = filters.condition(parse(query).filters)
            assert filters.passing(session, space.id, which).tolist() == ids
            assert filters.newest(session, space.id, which).tolist() == first


def test_another_space_has_other_parts(catalog, space, root, source):
    put(catalog, space, clip(root, "a.mp4"))
    with catalog.write() as session:
        other = spaces.create_space(session, spec(weights="cd" * 32), state="building")
        record.record_embeddings(session, other.id, [1], [np.stack([unit(1), unit(2)])], {1: (0.0, 4.0)})
    assert [pair.tolist() for pair in EmbeddingSource(catalog, other).parts(0)] == [[5], [4]]
    assert [pair.tolist() for pair in source.parts(0)] == [[2, 3], [1, 1]]


def test_who_asks_for_parts_reads_only_those(catalog, space, root, source, path):
    put(catalog, space, clip(root, "a.mp4"))
    asked = []
    with catalog.look() as reading:
        reading.set_trace_callback(asked.append)
    source.parts(0)
    (statement,) = [each for each in asked if "part" in each]
    with catalog.look() as reading:
        plan = rows(reading, f"EXPLAIN QUERY PLAN {statement}")
    assert "USING INDEX ix_embedding_parts" in plan[0][3]
