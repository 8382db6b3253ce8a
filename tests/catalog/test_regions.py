"""Contents with embeddings of their regions."""

from __future__ import annotations

import numpy as np
import pytest

from searchengine.catalog import images, invariants, regions, removal, spaces
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.catalog.files import files_below
from searchengine.images.tiles import LEAST_SIDE
from searchengine.vectors.live import LiveIndex
from tests.catalog.builder import picture, put, spec, unit
from tests.catalog.test_parts import clip

BOXES = [(0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)]


def two(seed):
    return BOXES, np.stack([unit(seed), unit(seed + 1)])


def large(root, path, what):
    made = picture(root, path, what)
    size = {name: getattr(made.content, name) for name in made.content.__slots__}
    return type(made)(made.file, type(made.content)(**{**size, "width": 640, "height": 480}), made.vectors)


@pytest.fixture
def source(catalog, space):
    return EmbeddingSource(catalog, space)


@pytest.fixture
def filled(catalog, space, root):
    """Two pictures large enough, one too small, and a video."""
    put(catalog, space, large(root, "a.jpg", "a"), large(root, "b.jpg", "b"), picture(root, "c.jpg", "c"))
    put(catalog, space, clip(root, "d.mp4"))


def lacking(catalog, space):
    with catalog.read() as session:
        found = regions.lacking(session, space.id, after=0, most=10)
        assert regions.count_lacking(session, space.id) == len(found)
        return found


def record(catalog, space, found):
    with catalog.write() as session:
        return regions.record(session, space.id, found)


def test_pictures_large_enough_lack_theirs_until_they_are_recorded(catalog, space, filled, source):
    assert LEAST_SIDE > 40
    assert lacking(catalog, space) == [1, 2]
    assert record(catalog, space, {1: two(10)}) == 1
    assert lacking(catalog, space) == [2]
    assert record(catalog, space, {1: two(20), 2: two(30), 4711: two(40)}) == 1
    assert lacking(catalog, space) == []
    assert source.vectors([7, 8])[1].tolist() == two(10)[1].astype(np.float16).tolist()
    with catalog.read() as session:
        rows = images.images_of_embeddings(session, [1, 5, 7, 8])
        assert [rows[each].region for each in (1, 5, 7, 8)] == [None, None, *BOXES]
        assert images.embedding_ids(session, space.id, [1, 2]) == {1: 1, 2: 2}


def test_a_file_that_is_out_of_reach_is_left_for_another_time(catalog, space, filled, root):
    with catalog.write() as session:
        removal.mark_missing(session, [files_below(session, root.id)[b"a.jpg"].id])
    assert lacking(catalog, space) == [2]


def test_they_come_into_sight_and_are_found_as_their_picture(catalog, space, filled, source, tmp_path):
    index = LiveIndex(source, tmp_path)
    assert (len(index), index.count_groups()) == (6, 4)
    record(catalog, space, {1: two(10), 2: two(30)})
    index.refresh()
    assert (len(index), index.count_groups()) == (10, 4)
    hits = index.search_groups(two(30)[1][1], 4)
    assert hits.ids[0, 0] == 10
    assert sorted(index._state.groups.of(hits.ids[0]).tolist()) == [1, 2, 3, 4]


def test_dropped_they_leave_the_rest_and_a_sound_log(catalog, space, filled, root, tmp_path):
    source = EmbeddingSource(catalog, space)
    record(catalog, space, {1: two(10), 2: two(30)})
    with catalog.write() as session:
        regions.want(session)
        removal.remove_files(session, [files_below(session, root.id)[b"b.jpg"].id])
    index = LiveIndex(source, tmp_path)
    with catalog.write() as session:
        assert spaces.active_space(session).regions
        regions.forget(session)
    index.refresh()
    assert (len(index), index.count_groups()) == (5, 3)
    with catalog.read() as session:
        assert not spaces.active_space(session).regions
        assert all(len(each) == 0 for each in invariants.log_differences(session, space.id))


def test_a_sample_of_the_library_is_one_of_whole_pictures(catalog, space, filled, source):
    wholes = source.vectors([1, 2, 3, 4])[1].tolist()
    record(catalog, space, {1: two(10), 2: two(30)})
    assert sorted(source.sample(500).tolist()) == sorted(wholes)


def test_another_space_lacks_its_own(catalog, space, filled):
    with catalog.write() as session:
        other = spaces.create_space(session, spec(weights="cd" * 32), state="building")
        regions.want(session, other.id)
        assert not spaces.active_space(session).regions
    assert lacking(catalog, other) == []  # the whole pictures come first


def test_as_many_boxes_as_vectors(catalog, space, filled):
    with pytest.raises(ValueError, match="zip"):
        record(catalog, space, {1: (BOXES[:1], two(10)[1])})
