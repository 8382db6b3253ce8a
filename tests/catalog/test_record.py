"""What stands in the catalog after a batch, a removal, a move."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import select, text

from searchengine.catalog import files, images, moves, record, removal, report, spaces
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.catalog.models import Content, Embedding
from tests.catalog.builder import at, facts, picture, put, spec, unit


def known(catalog, root):
    with catalog.read() as session:
        return {path.decode(): row for path, row in files.files_below(session, root.id).items()}


def counts(catalog):
    with catalog.read() as session:
        found = report.counts(session)
        return found.images, found.files, found.failed, found.missing


def log(catalog, space):
    """The change log as (embedding id, shown)."""
    with catalog.read() as session:
        rows = session.execute(
            text("SELECT embedding_id, shown FROM change WHERE space_id = :space ORDER BY sequence"),
            {"space": space.id},
        )
        return [(row[0], bool(row[1])) for row in rows]


def test_a_batch_adds_files_contents_embeddings_and_changes(catalog, space, root):
    new = put(catalog, space, picture(root, "a.jpg", "cat"), picture(root, "b.jpg", "dog"))
    assert (new.contents, new.embeddings) == (2, 2)
    assert counts(catalog) == (2, 2, 0, 0)
    assert log(catalog, space) == [(1, True), (2, True)]
    row = known(catalog, root)["a.jpg"]
    assert (row.size, row.mtime_ns, row.state) == (5, 1, "indexed")


def test_the_same_batch_again_changes_nothing(catalog, space, root):
    batch = [picture(root, "a.jpg", "cat"), picture(root, "b.jpg", "dog")]
    put(catalog, space, *batch)
    before = known(catalog, root), log(catalog, space)
    new = put(catalog, space, *batch)
    assert (new.contents, new.embeddings) == (0, 0)
    assert (known(catalog, root), log(catalog, space)) == before


def test_copies_share_a_content_also_within_a_batch(catalog, space, root):
    new = put(catalog, space, picture(root, "a.jpg", "cat"), picture(root, "b.jpg", "cat"))
    assert (new.contents, new.embeddings) == (1, 1)
    put(catalog, space, picture(root, "c.jpg", "cat"))
    assert counts(catalog) == (1, 3, 0, 0)
    assert log(catalog, space) == [(1, True)]


def test_a_changed_file_hides_what_was_in_it(catalog, space, root):
    put(catalog, space, picture(root, "a.jpg", "cat"))
    put(catalog, space, picture(root, "a.jpg", "dog"))
    assert log(catalog, space) == [(1, True), (1, False), (2, True)]
    assert counts(catalog) == (1, 1, 0, 0)


def test_a_file_that_fails_hides_what_was_in_it(catalog, space, root):
    put(catalog, space, picture(root, "a.jpg", "cat"), picture(root, "b.jpg", "dog"))
    put(catalog, space, failures=[record.Failure(at(root, "a.jpg", mtime_ns=2), "cut short")])
    assert counts(catalog) == (1, 1, 1, 0)
    assert log(catalog, space)[-1] == (1, False)
    with catalog.read() as session:
        (failure,) = report.failures(session)
    assert (failure.path, failure.error, failure.mtime_ns) == (b"/photos/a.jpg", "cut short", 2)
    put(catalog, space, picture(root, "a.jpg", "cat"))
    assert counts(catalog) == (2, 2, 0, 0)
    assert log(catalog, space)[-1] == (1, True)


def test_a_removed_file_is_hidden_and_restored_without_inference(catalog, space, root):
    put(catalog, space, picture(root, "a.jpg", "cat"))
    file = known(catalog, root)["a.jpg"]
    with catalog.write() as session:
        removal.remove_files(session, [file.id])
    assert counts(catalog) == (0, 0, 0, 0)
    with catalog.read() as session:
        (content_id,) = files.contents_by_hash(session, [facts("cat").hash]).values()
        assert files.embedded(session, space.id, [content_id]) == {content_id}
        assert images.images(session, [content_id]) == {}
    put(catalog, space, record.Picture(at(root, "z.jpg"), content_id))
    assert log(catalog, space) == [(1, True), (1, False), (1, True)]
    with catalog.read() as session:
        assert images.images(session, [content_id])[content_id].files[0].path == b"/photos/z.jpg"


def test_removing_one_of_two_copies_hides_nothing(catalog, space, root):
    put(catalog, space, picture(root, "a.jpg", "cat"), picture(root, "b.jpg", "cat"))
    with catalog.write() as session:
        removal.remove_files(session, [known(catalog, root)["a.jpg"].id])
    assert counts(catalog) == (1, 1, 0, 0)
    assert log(catalog, space) == [(1, True)]


def test_missing_files_are_still_shown(catalog, space, root):
    put(catalog, space, picture(root, "a.jpg", "cat"), failures=[record.Failure(at(root, "b.jpg"), "bad")])
    ids = [row.id for row in known(catalog, root).values()]
    with catalog.write() as session:
        removal.mark_missing(session, ids)
    assert counts(catalog) == (1, 1, 1, 1)
    assert {row.state for row in known(catalog, root).values()} == {"missing", "failed"}
    with catalog.read() as session:
        (image,) = images.images(session, [1]).values()
    assert image.offline
    with catalog.write() as session:
        removal.mark_present(session, ids)
    assert counts(catalog) == (1, 1, 1, 0)
    assert log(catalog, space) == [(1, True)]


def test_forgetting_leaves_no_trace_but_the_change(catalog, space, root):
    put(catalog, space, picture(root, "a.jpg", "cat"), picture(root, "b.jpg", "dog"))
    put(catalog, space, picture(root, "c.jpg", "dog"))
    ids = [known(catalog, root)[name].id for name in ("a.jpg", "b.jpg")]
    with catalog.write() as session:
        assert removal.forget_files(session, ids) == 1
    with catalog.read() as session:
        assert session.scalars(select(Content.id)).all() == [2]
        assert session.scalars(select(Embedding.id)).all() == [2]
    assert log(catalog, space) == [(1, True), (2, True), (1, False)]


def test_ids_are_never_used_again(catalog, space, root):
    put(catalog, space, picture(root, "a.jpg", "cat"))
    with catalog.write() as session:
        removal.forget_files(session, [known(catalog, root)["a.jpg"].id])
    put(catalog, space, picture(root, "a.jpg", "cat"))
    assert log(catalog, space) == [(1, True), (1, False), (2, True)]
    assert known(catalog, root)["a.jpg"].id == 2


def test_what_was_removed_can_be_purged(catalog, space, root):
    put(catalog, space, picture(root, "a.jpg", "cat"), picture(root, "b.jpg", "dog"))
    with catalog.write() as session:
        removal.remove_files(session, [known(catalog, root)["a.jpg"].id])
        assert removal.purge_hidden(session) == 1
        assert removal.purge_hidden(session) == 0
    assert counts(catalog) == (1, 1, 0, 0)


def move(file, root, path):
    return moves.FileMove(file.id, at(root, path, size=file.size, mtime_ns=file.mtime_ns))


def test_a_moved_file_keeps_its_content(catalog, space, root):
    put(catalog, space, picture(root, "a.jpg", "cat"))
    file = known(catalog, root)["a.jpg"]
    with catalog.write() as session:
        moves.move_files(session, [move(file, root, "deep/b.jpg")])
    after = known(catalog, root)
    assert list(after) == ["deep/b.jpg"]
    assert after["deep/b.jpg"].content_id == file.content_id
    assert log(catalog, space) == [(1, True)]


def test_files_may_swap_names_and_push_others_out(catalog, space, root):
    put(catalog, space, *(picture(root, f"{name}.jpg", name) for name in "abcd"))
    before = known(catalog, root)
    path_of = {"a": "b.jpg", "b": "a.jpg", "c": "d.jpg"}
    with catalog.write() as session:
        moves.move_files(session, [move(before[f"{name}.jpg"], root, to) for name, to in path_of.items()])
    after = known(catalog, root)
    assert {path: row.content_id for path, row in after.items()} == {
        to: before[f"{name}.jpg"].content_id for name, to in path_of.items()
    }
    assert log(catalog, space)[-1] == (4, False)
    assert counts(catalog) == (3, 3, 0, 0)


def test_many_rows_pass_the_limit_on_parameters(catalog, space, root, monkeypatch):
    from searchengine.catalog import bulk

    monkeypatch.setattr(bulk.chunks, "__defaults__", (3,))
    put(catalog, space, *(picture(root, f"{name}.jpg", name % 7) for name in range(20)))
    assert counts(catalog) == (7, 20, 0, 0)
    rows = known(catalog, root).values()
    with catalog.read() as session:
        assert len(images.images(session, {row.content_id for row in rows})) == 7
        assert sum(len(each.files) for each in images.images(session, range(1, 8)).values()) == 20
        assert files.known_sizes(session, range(100)) == {1}
    with catalog.write() as session:
        moves.move_files(session, [move(row, root, b"x/" + row.path) for row in rows])
        removal.forget_files(session, [row.id for row in rows])
    assert counts(catalog) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("vectors", "complaint"),
    [
        (unit(1)[None] * 2, "unit"),
        (unit(1, 9)[None], "shape"),
        (unit(1), "shape"),
        (np.full((1, 8), np.nan, np.float32), "finite"),
        (None, "no vector"),
    ],
)
def test_a_vector_that_can_not_be_right_is_refused_and_nothing_is_written(
    catalog, space, root, vectors, complaint
):
    bad = record.Picture(at(root, "b.jpg"), facts("dog"), vectors)
    with pytest.raises(ValueError, match=complaint):
        put(catalog, space, picture(root, "a.jpg", "cat"), bad)
    assert counts(catalog) == (0, 0, 0, 0)
    assert known(catalog, root) == {}


def test_an_unknown_space_is_refused(catalog, root):
    with pytest.raises(ValueError, match="no embedding space 5"), catalog.write() as session:
        record.record_batch(session, 5, [picture(root, "a.jpg", "cat")])


def test_a_space_is_built_beside_the_active_one(catalog, space, root):
    put(catalog, space, *(picture(root, f"{name}.jpg", name) for name in "abc"))
    with catalog.write() as session:
        removal.remove_files(session, [known(catalog, root)["b.jpg"].id])
        other = spaces.create_space(session, spec(weights="cd" * 32), state="building")
    with catalog.write() as session:
        todo = files.contents_to_embed(session, other.id)
        assert todo == [1, 3]
        vectors = [unit(each)[None] for each in todo]
        assert record.record_embeddings(session, other.id, todo, vectors) == 2
        assert record.record_embeddings(session, other.id, todo, vectors) == 0
        assert files.contents_to_embed(session, other.id) == []
    _, ids, shown = EmbeddingSource(catalog, other).changes(0)
    assert ids.tolist() == [4, 5]
    assert shown.all()
    # What is removed now is hidden in both.
    with catalog.write() as session:
        removal.remove_files(session, [known(catalog, root)["a.jpg"].id])
    assert log(catalog, space)[-1] == (1, False)
    assert log(catalog, other)[-1] == (4, False)
