"""Which files go to a machine together, and that they arrive as they left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.distributed.blocks import FEWEST, MOST, block_size, blocks, from_table, name_of, to_table
from indexer.pipeline.job import Job


def job(number, *, size=10, hash_first=False, mtime_ns=5):
    path = b"/r/%d\xff.jpg" % number
    return Job(
        1, path, path[3:], size, mtime_ns, is_new=True, hash_first=hash_first, describe=number % 2 == 0
    )


@pytest.mark.parametrize(
    ("files", "actors", "size"), [(10, 1, FEWEST), (2_000, 2, 125), (10_000_000, 64, MOST), (1, 100, FEWEST)]
)
def test_blocks_are_small_enough_to_end_together_and_large_enough_to_be_worth_sending(files, actors, size):
    assert block_size(files, actors) == size


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans()), max_size=60), st.integers(1, 9))
def test_every_file_is_in_one_block_and_none_is_too_large(sizes, most):
    jobs = [job(i, size=size, hash_first=first) for i, (size, first) in enumerate(sizes)]
    made = list(blocks(jobs, most))
    assert sorted(each.path for block in made for each in block) == sorted(each.path for each in jobs)
    assert all(0 < len(block) <= most for block in made)
    assert list(blocks(jobs, most)) == made


def test_possible_copies_go_together():
    jobs = [job(i, size=7 if i % 5 == 0 else 100 + i, hash_first=i % 5 == 0) for i in range(20)]
    holding = [block for block in blocks(jobs, 6) if any(each.size == 7 for each in block)]
    assert len(holding) == 1


def test_without_possible_copies_the_order_is_the_scans():
    jobs = [job(i) for i in range(10)]
    assert [each for block in blocks(jobs, 4) for each in block] == jobs


def test_a_block_arrives_as_it_left():
    pytest.importorskip("pyarrow", reason="pyarrow isn't installed (pip install 'imgsearch[ray]')")
    sent = [job(1), job(2, hash_first=True), job(3, size=11)]
    got, known = from_table(to_table(sent, {10: [b"h" * 32], 11: [b"i" * 32]}))
    assert known == {b"h" * 32}  # of the one file that may be a copy
    kept = ("absolute", "size", "mtime_ns", "hash_first", "describe")
    assert [[getattr(each, name) for name in kept] for each in got] == [
        [getattr(each, name) for name in kept] for each in sent
    ]
    assert name_of(got) == name_of(sent)


def test_a_blocks_name_says_which_files_of_which_time():
    assert name_of([job(1), job(2)]) != name_of([job(1)])
    assert name_of([job(1)]) != name_of([job(1, mtime_ns=6)])
