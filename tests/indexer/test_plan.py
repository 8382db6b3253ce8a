"""What a scan means."""

from __future__ import annotations

import pytest

from indexer.disk.scan import Entry
from indexer.planning import plan
from indexer.planning.plan import is_held_back, shared_sizes
from searchengine.catalog.files import FileRow


def row(path, *, size=10, mtime_ns=1, state="indexed", content_id=1, file_id=1):
    return FileRow(file_id, path, size, mtime_ns, state, content_id)


def known(*rows):
    return {file.path: file for file in rows}


def plan_scope(entries, known, fate=lambda file: "gone", **options):
    return plan.plan_scope(entries, known, fate, **options)


def test_a_file_at_an_unknown_path_is_new():
    entry = Entry(b"a.jpg", 10, 1)
    assert plan_scope([entry], {}).new == [entry]


def test_the_same_size_and_time_is_unchanged():
    found = plan_scope([Entry(b"a.jpg", 10, 1)], known(row(b"a.jpg")))
    assert (found.unchanged, found.new, found.changed, found.vanished) == (1, [], [], {})


@pytest.mark.parametrize("entry", [Entry(b"a.jpg", 11, 1), Entry(b"a.jpg", 10, 2)])
def test_another_size_or_time_is_changed(entry):
    assert plan_scope([entry], known(row(b"a.jpg"))).changed == [entry]


def test_rehash_reads_what_seems_unchanged():
    entry = Entry(b"a.jpg", 10, 1)
    assert plan_scope([entry], known(row(b"a.jpg")), rehash=True).changed == [entry]


def test_a_failure_that_has_not_changed_is_not_tried_again():
    found = plan_scope([Entry(b"a.jpg", 10, 1)], known(row(b"a.jpg", state="failed", content_id=None)))
    assert (found.still_failed, found.unchanged, found.changed) == (1, 0, [])


def test_a_failure_that_has_changed_is_tried_again():
    entry = Entry(b"a.jpg", 12, 1)
    assert plan_scope([entry], known(row(b"a.jpg", state="failed", content_id=None))).changed == [entry]


def test_a_missing_file_that_is_back_unchanged_returns():
    found = plan_scope([Entry(b"a.jpg", 10, 1)], known(row(b"a.jpg", state="missing", file_id=7)))
    assert (found.returned, found.unchanged) == ([7], 1)


def test_what_is_not_met_has_vanished():
    file = row(b"a.jpg")
    assert plan_scope([], known(file)).vanished == {b"a.jpg": file}


def test_what_is_not_met_is_sorted_by_what_became_of_it():
    files = [row(name, file_id=number) for number, name in enumerate((b"gone", b"excluded", b"unreachable"))]
    found = plan_scope([], known(*files), lambda file: file.path.decode())
    assert (found.vanished, found.excluded, found.unreachable) == tuple({file.path: file} for file in files)


def test_what_a_walk_passes_by_but_is_there_is_as_good_as_met():
    same, edited = row(b".a.jpg"), row(b".b.jpg", file_id=2)
    entries = {b".a.jpg": Entry(b".a.jpg", 10, 1), b".b.jpg": Entry(b".b.jpg", 12, 5)}
    found = plan_scope([], known(same, edited), lambda file: entries[file.path])
    assert (found.unchanged, found.changed, found.vanished) == (1, [entries[b".b.jpg"]], {})


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
