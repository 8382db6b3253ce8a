"""Whether a root can be reached, without waiting for one that doesn't answer."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from indexer.model import RunModel
from indexer.update import Update
from searchengine import Library, reach
from searchengine.reach import Reach, is_reachable
from tests.indexer.conftest import CountingEncoder
from tests.pictures import paint


def test_a_folder_with_something_in_it_can_be_reached(tmp_path):
    assert not is_reachable(os.fsencode(tmp_path))  # a mount point without its disk
    (tmp_path / "file").touch()
    assert is_reachable(os.fsencode(tmp_path))
    assert not is_reachable(os.fsencode(tmp_path / "file"))
    assert not is_reachable(os.fsencode(tmp_path / "nothing"))


def test_a_root_that_does_not_answer_is_waited_for_once(monkeypatch):
    answer = threading.Event()
    looks = []

    def hang(root):
        looks.append(root)
        return answer.wait(120)

    monkeypatch.setattr(reach, "is_reachable", hang)
    ask = Reach(patience=0.5)
    start = time.monotonic()
    assert not ask(b"/dead")
    assert 0.5 <= time.monotonic() - start < 60
    start = time.monotonic()
    assert [ask(b"/dead") for _ in range(100)] == [False] * 100
    assert time.monotonic() - start < 25  # and not fifty, half a second each
    assert looks == [b"/dead"]
    answer.set()
    while ask._looks:
        time.sleep(0.01)
    assert ask(b"/dead")


def test_many_that_ask_at_once_get_the_answer_of_one_look(monkeypatch):
    monkeypatch.setattr(reach, "is_reachable", lambda root: time.sleep(0.05) or True)
    ask = Reach(patience=60)
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask, [b"/slow"] * 8))


@pytest.fixture
def disk(tmp_path, monkeypatch):
    """A library of three pictures on a disk, a copy of one of them elsewhere."""
    monkeypatch.setattr(RunModel, "_open", lambda *_: CountingEncoder())
    for seed in range(3):
        paint(tmp_path / "disk" / f"{seed}.jpg", seed)
    paint(tmp_path / "home" / "copy.jpg", 0)
    Update(tmp_path / "library").run([tmp_path / "disk", tmp_path / "home"])
    return tmp_path / "disk"


def test_results_of_a_disk_that_was_just_unplugged_are_marked(disk, tmp_path):
    with Library.open(tmp_path / "library") as library:
        ask = (disk / "1.jpg").read_bytes()
        assert [hit.offline for hit in library.similar(ask)] == [False] * 3
        disk.rename(tmp_path / "unplugged")
        found = {hit.path: hit.offline for hit in library.similar(ask)}
        assert found == {
            str(disk / "1.jpg"): True,
            str(disk / "2.jpg"): True,
            str(
                tmp_path / "home" / "copy.jpg"
            ): False,  # of several files one that can be reached comes first
        }
        disk.mkdir()
        assert sum(hit.offline for hit in library.similar(ask)) == 2
        disk.rmdir()
        (tmp_path / "unplugged").rename(disk)
        assert not any(hit.offline for hit in library.similar(ask))
