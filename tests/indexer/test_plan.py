"""What a scan means."""

from __future__ import annotations

import pytest

from indexer.plan import is_held_back, plan_scope, shared_sizes
from indexer.scan import Entry
from searchengine.catalog.files import FileRow


def row(path, *, size=10, mtime_ns=1, state="indexed", content_id=1, file_id=1):
    return FileRow(file_id, path, size, mtime_ns, state, content_id)


def known(*rows):
    return {file.path: file for file in rows}


def test_a_file_at_an_unknown_path_is_new():
    entry = Entry(b"a.jpg", 10, 1)
    assert plan_scope([entry], {}).new == [entry]


def test_the_same_size_and_time_is_unchanged():
    plan = plan_scope([Entry(b"a.jpg", 10, 1)], known(row(b"a.jpg")))
    assert (plan.unchanged, plan.new, plan.changed, plan.vanished) == (1, [], [], {})


@pytest.mark.parametrize("entry", [Entry(b"a.jpg", 11, 1), Entry(b"a.jpg", 10, 2)])
def test_another_size_or_time_is_changed(entry):
    assert plan_scope([entry], known(row(b"a.jpg"))).changed == [entry]


def test_rehash_reads_what_seems_unchanged():
    entry = Entry(b"a.jpg", 10, 1)
    assert plan_scope([entry], known(row(b"a.jpg")), rehash=True).changed == [entry]


def test_a_failure_that_has_not_changed_is_not_tried_again():
    plan = plan_scope([Entry(b"a.jpg", 10, 1)], known(row(b"a.jpg", state="failed", content_id=None)))
    assert (plan.still_failed, plan.unchanged, plan.changed) == (1, 0, [])


def test_a_failure_that_has_changed_is_tried_again():
    entry = Entry(b"a.jpg", 12, 1)
    assert plan_scope([entry], known(row(b"a.jpg", state="failed", content_id=None))).changed == [entry]


def test_a_missing_file_that_is_back_unchanged_returns():
    plan = plan_scope([Entry(b"a.jpg", 10, 1)], known(row(b"a.jpg", state="missing", file_id=7)))
    assert (plan.returned, plan.unchanged) == ([7], 1)


def test_what_is_not_met_has_vanished():
    file = row(b"a.jpg")
    assert plan_scope([], known(file)).vanished == {b"a.jpg": file}


def test_below_an_unreadable_folder_nothing_has_vanished():
    inside, outside = row(b"locked/a.jpg"), row(b"lockedout/b.jpg", file_id=2)
    plan = plan_scope([], known(inside, outside), unreadable=[b"locked"])
    assert (plan.unreachable, plan.vanished) == ({inside.path: inside}, {outside.path: outside})


@pytest.mark.parametrize(
    ("vanished", "of", "held_back"),
    [
        (19, 19, False),
        (20, 20, True),
        (20, 100, False),
        (21, 100, True),
        (1000, 10_000, False),
        (0, 0, False),
    ],
)
def test_twenty_files_and_a_fifth_are_held_back(vanished, of, held_back):
    assert is_held_back(vanished, of) is held_back


def test_only_files_of_one_size_can_be_copies():
    assert shared_sizes([1, 2, 2, 3], {3, 4}) == {2, 3}
