"""A snapshot is believed only when it proves what it is; whatever happens to it, answers stay right."""

from __future__ import annotations

import json
import os
import time

import numpy as np
import pytest

from searchengine.errors import LibraryError
from searchengine.vectors import files
from searchengine.vectors.live import LiveIndex
from searchengine.vectors.snapshot import (
    Unusable,
    damage,
    keep_snapshot,
    open_snapshot,
    read_info,
    take_snapshot,
)
from tests.vectors.memory import MemorySource, brute_force, coarse

QUERY = coarse(99).astype(np.float32)


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def answers(source, directory):
    return LiveIndex(source, directory).search(QUERY, 1000).ids.tolist()


def truth(source):
    return brute_force({each: source.known[each] for each in source.visible}, QUERY, 1000)[0].tolist()


def test_says_what_it_is(source, tmp_path):
    source.add(12)
    source.turn([3], shown=False)
    info = take_snapshot(source, tmp_path / "vectors")
    assert (info.count, info.sequence, info.dim, info.kind) == (11, 13, source.dim, "exact")
    assert info.file == "space-1-13.faiss"
    assert names(tmp_path / "vectors") == ["space-1-13.faiss", "space-1.json"]
    assert read_info(source, tmp_path / "vectors") == info
    assert damage(source, tmp_path / "vectors") is None


def test_the_old_one_goes_when_the_new_one_is_in_place(source, tmp_path):
    source.add(2)
    take_snapshot(source, tmp_path)
    source.add(2)
    (tmp_path / "space-12-1.faiss").write_bytes(b"another space's")
    take_snapshot(source, tmp_path)
    assert names(tmp_path) == ["space-1-4.faiss", "space-1.json", "space-12-1.faiss"]


def test_what_killed_writers_left_behind_is_swept(source, tmp_path):
    source.add(2)
    for name, age in (("space-1-1.faiss.tmp-aa", 7200), ("space-1-1.faiss.tmp-bb", 5)):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    take_snapshot(source, tmp_path)
    assert names(tmp_path) == ["space-1-1.faiss.tmp-bb", "space-1-2.faiss", "space-1.json"]


def test_what_a_snapshot_took_the_place_of_goes_later_where_its_writer_was_killed(source, tmp_path):
    source.add(2)
    take_snapshot(source, tmp_path)
    (tmp_path / "space-1-1.faiss").write_bytes(b"the one before")
    assert keep_snapshot(source, tmp_path) is None
    assert names(tmp_path) == ["space-1-2.faiss", "space-1.json"]


def test_kept_only_when_it_is_due(source, tmp_path):
    source.add(3)
    assert keep_snapshot(source, tmp_path).count == 3
    assert keep_snapshot(source, tmp_path) is None
    source.turn([1], shown=False)
    assert keep_snapshot(source, tmp_path).count == 2
    (tmp_path / "space-1-4.faiss").write_bytes(b"")
    assert keep_snapshot(source, tmp_path).count == 2
    assert damage(source, tmp_path) is None


def test_torn_at_any_byte_it_is_noticed(source, tmp_path):
    source.add(6)
    info = take_snapshot(source, tmp_path)
    for name in (info.file, "space-1.json"):
        whole = (tmp_path / name).read_bytes()
        for length in range(len(whole)):
            (tmp_path / name).write_bytes(whole[:length])
            with pytest.raises(Unusable):
                open_snapshot(source, tmp_path)
        (tmp_path / name).write_bytes(whole)
    assert answers(source, tmp_path) == truth(source)


def test_a_flipped_bit_anywhere_in_a_small_one_is_noticed(source, tmp_path):
    source.add(6)
    info = take_snapshot(source, tmp_path)
    whole = bytearray((tmp_path / info.file).read_bytes())
    for at in range(len(whole)):
        whole[at] ^= 0x10
        (tmp_path / info.file).write_bytes(whole)
        assert answers(source, tmp_path) == truth(source)
        assert damage(source, tmp_path)
        whole[at] ^= 0x10


def test_a_flipped_bit_between_the_edges_of_a_large_one_is_found_by_reading_it_all(source, tmp_path):
    source.add(8000)
    info = take_snapshot(source, tmp_path)
    with (tmp_path / info.file).open("r+b") as file:
        file.seek(files.HEAD + 1000)
        file.write(b"\xff")
    open_snapshot(source, tmp_path)
    assert damage(source, tmp_path) == f"{info.file} is damaged"


@pytest.mark.parametrize(
    "change",
    [
        {"count": 5},
        {"count": "6"},
        {"dim": 8},
        {"mark": 8},
        {"sequence": 5},
        {"sequence": 7},
        {"size": 1},
        {"edges": 0},
        {"file": "../space-1-6.faiss"},
        {"file": None},
        {"identity": {"token": "theirs", "model": "m"}},
    ],
)
def test_one_that_says_something_else_is_not_believed(source, tmp_path, change):
    source.add(6)
    take_snapshot(source, tmp_path / "vectors")
    manifest = tmp_path / "vectors" / "space-1.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **change}))
    if change == {"sequence": 5}:
        # A history of one mark knows each of its changes: here the vectors themselves are still right.
        assert answers(source, tmp_path / "vectors") == truth(source)
        return
    with pytest.raises(Unusable):
        open_snapshot(source, tmp_path / "vectors")
    assert answers(source, tmp_path / "vectors") == truth(source)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"{}", b"\xff\xfe", b'{"count": 1}'])
def test_a_manifest_that_is_none_is_not_believed(source, tmp_path, content):
    source.add(6)
    take_snapshot(source, tmp_path)
    (tmp_path / "space-1.json").write_bytes(content)
    assert read_info(source, tmp_path) is None
    assert answers(source, tmp_path) == truth(source)


def test_one_from_a_restored_library_s_other_future_is_not_believed(source, tmp_path):
    source.add(6)
    backup = MemorySource(mark=8)  # as if the batches after the backup had got other marks
    backup.add(3)
    take_snapshot(source, tmp_path)
    assert answers(backup, tmp_path) == truth(backup)
    backup.add(9)
    assert answers(backup, tmp_path) == truth(backup)


def test_a_foreign_one_under_our_name_is_not_believed(source, tmp_path):
    source.add(6)
    foreign = MemorySource(token="theirs")
    foreign.add(6)
    take_snapshot(foreign, tmp_path)
    with pytest.raises(Unusable, match="another embedding space"):
        open_snapshot(source, tmp_path)
    assert answers(source, tmp_path) == truth(source)


def test_another_type_of_index_under_our_name_is_not_believed(source, tmp_path):
    from searchengine.vectors.segment import Segment, faiss

    faiss.write_index(faiss.IndexFlatIP(4), str(tmp_path / "flat"))
    with pytest.raises(ValueError, match="another type"):
        Segment.mapped(tmp_path / "flat")


def test_a_reader_that_holds_the_old_one_is_not_disturbed(source, tmp_path):
    source.add(20)
    take_snapshot(source, tmp_path)
    live = LiveIndex(source, tmp_path)
    before = truth(source)
    source.add(20)
    take_snapshot(source, tmp_path)
    assert live.search(QUERY, 1000).ids.tolist() == before
    for path in tmp_path.iterdir():
        path.unlink()
    assert live.search(QUERY, 1000).ids.tolist() == before
    live.refresh()
    assert live.search(QUERY, 1000).ids.tolist() == truth(source)


def test_a_full_disk_leaves_the_old_one_in_place(source, tmp_path, monkeypatch):
    source.add(6)
    take_snapshot(source, tmp_path)
    source.add(1)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(LibraryError, match=r"No space left.*free some space"):
        take_snapshot(source, tmp_path)
    monkeypatch.undo()
    assert names(tmp_path) == ["space-1-6.faiss", "space-1.json"]
    assert answers(source, tmp_path) == truth(source)


@pytest.mark.skipif(os.name == "nt", reason="file names are bytes elsewhere only")
def test_a_folder_whose_name_is_not_utf8_will_do(source, tmp_path):
    folder = tmp_path / os.fsdecode(b"photos\xff")
    source.add(6)
    take_snapshot(source, folder)
    live = LiveIndex(source, folder)
    assert live.status.snapshot_count == 6
    assert live.search(QUERY, 10).ids.tolist() == truth(source)
