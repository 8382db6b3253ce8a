"""What the planner, the results and the status page read."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from searchengine.catalog import details, files, images, removal, report, roots, runs, spaces
from searchengine.encoders.spec import Preprocessing
from tests.catalog.builder import facts, picture, put, spec


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (b"", {b"a", b"a/b", b"a/b.jpg", b"a/b/c", b"a/b0", b"a\xff", b"z/y/x"}),
        (b"a", {b"a", b"a/b", b"a/b.jpg", b"a/b/c", b"a/b0"}),
        (b"a/b", {b"a/b", b"a/b/c"}),
        (b"z/y/x", {b"z/y/x"}),
        (b"a\xff", {b"a\xff"}),
        (b"q", set()),
    ],
)
def test_a_scope_is_a_folder_or_a_file(catalog, space, root, scope, expected):
    paths = [b"a", b"a/b", b"a/b.jpg", b"a/b/c", b"a/b0", b"a\xff", b"z/y/x"]
    put(catalog, space, *(picture(root, path, path) for path in paths))
    with catalog.read() as session:
        assert files.files_below(session, root.id, scope).keys() == expected
        assert files.files_below(session, root.id + 1, scope) == {}


def test_scopes_are_looked_up_in_the_index(catalog, root, path):
    with catalog.read() as session:
        statement = files.select(files.File.id).where(files.File.root_id == 1, files.within(b"a"))
        compiled = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}").all()
    assert "SCAN" not in " ".join(row[3] for row in plan)


def test_sizes_and_hashes_that_are_known(catalog, space, root):
    put(catalog, space, picture(root, "a", "cat"), picture(root, "b", "horse"))
    with catalog.read() as session:
        assert files.known_sizes(session, [1, 3, 5]) == {3, 5}
        known = files.contents_by_hash(session, [facts("horse").hash, facts("cow").hash])
        assert known == {facts("horse").hash: 2}


def test_a_picture_comes_with_all_its_files_reachable_ones_first(catalog, space, root):
    put(catalog, space, *(picture(root, name, "cat", camera="Leica", flags=("truncated",)) for name in "cab"))
    with catalog.write() as session:
        removal.mark_missing(session, [files.files_below(session, root.id)[b"c"].id])
    with catalog.read() as session:
        image = images.images(session, [1, 99])[1]
    assert [(file.path, file.missing) for file in image.files] == [
        (b"/photos/a", False),
        (b"/photos/b", False),
        (b"/photos/c", True),
    ]
    assert not image.offline
    assert (image.hash, image.camera, image.flags, image.width) == (
        facts("cat").hash,
        "Leica",
        ("truncated",),
        40,
    )


def test_pictures_by_embedding_in_a_handful_of_statements(catalog, space, root):
    put(catalog, space, *(picture(root, f"{name}", name) for name in range(50)))
    statements = []
    event.listen(catalog.database.reading, "before_cursor_execute", lambda *args: statements.append(args[2]))
    with catalog.read() as session:
        found = images.images_of_embeddings(session, [*range(1, 51), 1000])
        back = images.embedding_ids(session, space.id, [image.id for image in found.values()])
    assert sorted(found) == list(range(1, 51))
    assert {embedding: back[image.id] for embedding, image in found.items()} == {
        each: each for each in range(1, 51)
    }
    assert len(statements) <= 8


def test_a_picture_by_path(catalog, space, root):
    put(catalog, space, picture(root, "deep/a", "cat"))
    with catalog.read() as session:
        assert images.image_at(session, b"/photos/deep/a") == 1
        assert images.image_at(session, b"/photos/deep/b") is None
        assert images.image_at(session, b"/elsewhere/a") is None


def test_roots_can_be_added_twice_moved_and_removed(catalog, space, root):
    put(catalog, space, picture(root, "a", "cat"))
    with catalog.write() as session:
        assert roots.add_root(session, b"/photos") == root
        roots.move_root(session, root.id, b"/disk/photos")
        with pytest.raises(ValueError, match="still has files"):
            roots.remove_root(session, root.id)
        empty = roots.add_root(session, b"/empty")
        roots.remove_root(session, empty.id)
        assert [each.path for each in roots.all_roots(session)] == [b"/disk/photos"]
        assert images.image_at(session, b"/disk/photos/a") == 1


def test_an_inner_root_is_absorbed_without_work(catalog, space):
    with catalog.write() as session:
        inner = roots.add_root(session, b"/photos/2021/spring")
        outer = roots.add_root(session, b"/photos")
    put(catalog, space, picture(inner, "a", "cat"))
    with catalog.write() as session:
        roots.absorb_root(session, inner.id, outer.id)
        with pytest.raises(ValueError, match="doesn't lie in"):
            roots.absorb_root(session, outer.id, roots.add_root(session, b"/photos-2").id)
    with catalog.read() as session:
        assert files.files_below(session, outer.id).keys() == {b"2021/spring/a"}
        assert images.image_at(session, b"/photos/2021/spring/a") == 1


@pytest.mark.parametrize(
    ("path", "folder", "relative"),
    [
        (b"/a/b", b"/a", b"b"),
        (b"/a", b"/a", b""),
        (b"/ab", b"/a", None),
        (b"/a", b"/", b"a"),
        (b"/", b"/a", None),
    ],
)
def test_below(path, folder, relative):
    assert roots.below(path, folder) == relative


def test_one_space_is_active(catalog, space):
    with catalog.write() as session:
        with pytest.raises(ValueError, match="one active space"):
            spaces.create_space(session, spec())
        with pytest.raises(ValueError, match="is the active one"):
            spaces.drop_space(session, space.id)
        with pytest.raises(ValueError, match="no embedding space 77"):
            spaces.activate_space(session, 77)
        other = spaces.create_space(session, spec(weights="cd" * 32), precision="int8", state="building")
        spaces.activate_space(session, other.id)
        assert spaces.active_space(session).id == other.id
        assert [each.state for each in spaces.all_spaces(session)] == ["retired", "active"]
        spaces.drop_space(session, space.id)
        assert [each.id for each in spaces.all_spaces(session)] == [other.id]


def test_a_space_is_found_by_what_makes_vectors_comparable(catalog, space):
    with catalog.read() as session:
        assert spaces.space_of(session, spec(name="by another name")).id == space.id
        assert spaces.space_of(session, spec()).spec == spec()
        for change in (
            {"weights": "cd" * 32},
            {"dim": 16},
            {"preprocessing": Preprocessing((64, 64), (0, 0, 0), (1, 1, 1))},
        ):
            assert spaces.space_of(session, spec(**change)) is None


def test_two_spaces_of_one_model_have_different_identities(catalog, space):
    with catalog.write() as session:
        other = spaces.create_space(session, spec(), state="building")
    assert other.identity != space.identity
    assert other.identity["weights"] == space.identity["weights"]


def test_runs_say_how_they_ended(catalog):
    with catalog.write() as session:
        assert runs.last_run(session) is None
        first = runs.start_run(session)
        runs.update_run(session, first, {"seen": 5})
        assert runs.last_run(session).outcome == "running"
        second = runs.start_run(session)
        assert second > first
        runs.finish_run(session, second, "done", {"seen": 9})
    with catalog.read() as session:
        last = runs.last_run(session)
        killed = session.get(runs.Run, first)
        assert (killed.outcome, killed.finished_at, killed.counts) == ("interrupted", None, {})
    assert (last.outcome, last.counts) == ("done", {"seen": 9})
    assert last.started_at <= last.finished_at


def test_failures_are_listed_in_order_up_to_a_limit(catalog, space, root):
    from searchengine.catalog.record import Failure
    from tests.catalog.builder import at

    put(catalog, space, failures=[Failure(at(root, name), f"{name} is bad") for name in "cab"])
    with catalog.read() as session:
        assert [row.path for row in report.failures(session)] == [b"/photos/a", b"/photos/b", b"/photos/c"]
        assert [row.error for row in report.failures(session, limit=1)] == ["a is bad"]


def test_folders_are_counted_with_what_lies_below_them(catalog, space, root):
    paths = ("ä/b/1", "ä/b/2", "ä/b/c/3", "ä/4", "ä b/5", "äb/6", "7")
    put(catalog, space, *(picture(root, path, path) for path in paths), picture(root, "ä b/again", "7"))
    with catalog.read() as session:
        assert details.folders(session) == {"ä": 4, "ä b": 2, "äb": 1}
        assert list(details.folders(session)) == ["ä", "ä b", "äb"]
        assert details.folders(session, "ä") == {"ä/b": 3}
        assert details.folders(session, "ä/b/c") == details.folders(session, "b") == {}


def test_a_folder_that_holds_all_is_passed_over(catalog, space, root):
    put(catalog, space, *(picture(root, f"all/of it/{name}/1", name) for name in "abc"))
    with catalog.read() as session:
        assert details.folders(session) == {f"all/of it/{name}": 1 for name in "abc"}
    put(catalog, space, picture(root, "all/of it/2", "d"))
    with catalog.read() as session:
        assert details.folders(session) == {f"all/of it/{name}": 1 for name in "abc"}
