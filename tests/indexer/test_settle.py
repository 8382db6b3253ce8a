"""What became of files that are no longer where they were."""

from __future__ import annotations

from indexer.disk.roots import Target
from indexer.planning import settle as module
from indexer.planning.plan import Plan
from indexer.planning.survey import Survey
from searchengine.catalog.files import FileRow

HERE = Target(b"/here")


def rows(*contents, first_id=1):
    return {
        b"%d.jpg" % number: FileRow(number, b"%d.jpg" % number, 1, 1, "indexed", content)
        for number, content in enumerate(contents, start=first_id)
    }


def settle(survey, arrivals, *, totals=None, **options):
    everything = {target.root: len(rows) for target, rows in survey.known.items()}
    return module.settle(survey, arrivals, totals or everything, **options)


def survey(vanished, *, known=None, **plan):
    return Survey({HERE: Plan(vanished=vanished, **plan)}, (), (), {HERE: known or vanished})


def test_bytes_that_turned_up_elsewhere_moved():
    settled = settle(survey(rows(5, 6)), {5: 1}, accept_removals=False, complete=True)
    assert (settled.moved, settled.removed) == ([1], [2])


def test_one_arrival_accounts_for_one_departure():
    settled = settle(survey(rows(5, 5)), {5: 1}, accept_removals=False, complete=True)
    assert (settled.moved, settled.removed) == ([1], [2])


def test_a_move_between_roots_is_a_move():
    there = Target(b"/there")
    found = Survey({HERE: Plan(vanished=rows(5)), there: Plan()}, (), (), {HERE: rows(5), there: {}})
    assert settle(found, {5: 1}, accept_removals=False, complete=True).moved == [1]


def test_of_copies_the_first_path_moved_however_the_folders_were_named():
    there = Target(b"/there")
    plans = {there: Plan(vanished=rows(5, first_id=2)), HERE: Plan(vanished=rows(5))}
    for order in (plans, dict(reversed(plans.items()))):
        found = Survey(order, (), (), {HERE: rows(5), there: rows(5, first_id=2)})
        settled = settle(found, {5: 1}, accept_removals=False, complete=True)
        assert (settled.moved, settled.removed) == ([1], [2])


def test_too_many_at_once_are_held_back():
    gone = rows(*range(100, 130))
    settled = settle(survey(gone), {}, accept_removals=False, complete=True)
    assert (settled.removed, len(settled.missing), settled.held_back) == ([], 30, {b"/here": 30})


def test_the_share_is_one_of_all_the_roots_files_also_when_only_a_part_was_looked_at():
    gone = rows(*range(100, 130))
    settled = settle(survey(gone), {}, totals={b"/here": 1000}, accept_removals=False, complete=True)
    assert (len(settled.removed), settled.held_back) == (30, {})


def test_what_is_excluded_leaves_however_much_it_is():
    settled = settle(survey({}, excluded=rows(*range(100, 130))), {}, accept_removals=False, complete=True)
    assert (len(settled.removed), settled.held_back) == (30, {})


def test_moves_do_not_count_towards_too_many():
    gone = rows(*range(100, 130))
    settled = settle(survey(gone), dict.fromkeys(range(100, 115), 1), accept_removals=False, complete=True)
    assert (len(settled.moved), len(settled.removed), settled.held_back) == (15, 15, {})


def test_removals_can_be_accepted():
    gone = rows(*range(100, 130))
    assert len(settle(survey(gone), {}, accept_removals=True, complete=True).removed) == 30


def test_an_unreachable_root_loses_nothing():
    found = Survey({}, (HERE,), (), {HERE: rows(5, 6)})
    assert settle(found, {}, accept_removals=False, complete=True).missing == [1, 2]
    assert settle(found, {}, accept_removals=True, complete=True).removed == [1, 2]


def test_a_run_that_was_stopped_removes_nothing_but_what_moved():
    settled = settle(survey(rows(5, 6)), {5: 1}, accept_removals=False, complete=False)
    assert (settled.moved, settled.removed, settled.missing) == ([1], [], [])


def test_unreachable_folders_and_returned_files_are_passed_on():
    found = survey({}, known=rows(1), unreachable=rows(1), returned=[9])
    settled = settle(found, {}, accept_removals=False, complete=True)
    assert (settled.missing, settled.returned) == ([1], [9])
