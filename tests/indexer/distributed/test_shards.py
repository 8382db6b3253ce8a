"""What came of a file survives its way through Parquet, and a shard appears whole."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="pyarrow isn't installed (pip install 'imgsearch[ray]')")

from indexer.decoding.decode import Decoded, Hashed, Unreadable
from indexer.distributed.outcomes import rows_of
from indexer.distributed.shards import Shards
from indexer.pipeline.job import Job
from indexer.pipeline.pipeline import Batch
from searchengine.errors import ClusterError
from searchengine.images.description import Description
from searchengine.images.metadata import Metadata


def job(name):
    return Job(1, b"/r/" + name, name, 10, 123_456_789_012_345_678, is_new=True, hash_first=False)


def unit(*rows):
    vectors = np.array(rows, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


PICTURE = Decoded(
    b"A" * 32,
    10,
    123_456_789_012_345_679,
    4000,
    3000,
    "JPEG",
    Metadata(datetime(2021, 5, 1, 10, 11, 12), "Canon EOS 5D", None, 50.0, -33.5, 151.25),
    b"\0\1\2\3\4\5\6\7",
    ("truncated",),
    np.zeros((1, 2, 2, 3), np.uint8),
    Description("Überfahrt", "„Ein Schiff“", ("sea", "ship"), None, -1),
)
VIDEO = Decoded(
    b"V" * 32,
    99,
    7,
    640,
    480,
    "MP4",
    Metadata(),
    b"\7" * 8,
    (),
    np.zeros((2, 2, 2, 3), np.uint8),
    seconds=(0.0, 2.5),
    duration=5.0,
)


@pytest.fixture
def shards(tmp_path):
    return Shards(str(tmp_path / "shards"), "space")


@pytest.fixture
def batch():
    made = Batch()
    made.decoded = [(job(b"a\xff.jpg"), PICTURE), (job(b"v.mp4"), VIDEO)]
    made.vectors = [unit([3, 4]), unit([1, 0], [1, 1])]
    made.copies = [
        (job(b"copy"), Hashed(b"A" * 32, 10, 8)),
        (job(b"described"), Hashed(b"A" * 32, 10, 8, Description(title="new"))),
    ]
    made.failures = [(job(b"bad"), Unreadable(b"/r/bad", "it isn't a picture", "unsupported"))]
    return made


def test_every_outcome_comes_back_as_it_went(shards, batch):
    shards.write("one", rows_of(batch))
    rows = {row.path: row for row in shards.read("one")}
    assert all((row.size, row.mtime_ns) == (10, 123_456_789_012_345_678) for row in rows.values())
    for each, decoded, vectors in zip(
        (b"/r/a\xff.jpg", b"/r/v.mp4"), (PICTURE, VIDEO), batch.vectors, strict=True
    ):
        row = rows[each]
        for name in Decoded.__slots__:
            if name != "pixels":
                assert getattr(row.result, name) == getattr(decoded, name), name
        # The catalog keeps float16: what it would have got without the detour.
        assert np.array_equal(row.vectors.astype("<f2"), vectors.astype("<f2"))
    assert rows[b"/r/copy"].result == batch.copies[0][1]
    assert rows[b"/r/described"].result == batch.copies[1][1]
    assert rows[b"/r/bad"].result == batch.failures[0][1]


def test_a_shard_that_is_written_twice_is_there_once(shards, batch):
    for _ in range(2):
        shards.write("one", rows_of(batch))
    assert shards.names() == ["one"]
    assert shards.has("one")
    shards.delete("one")
    shards.delete("one")
    assert shards.names() == []


def test_what_was_left_half_written_is_no_shard(shards, batch, tmp_path):
    (tmp_path / "shards" / "space" / "half.1a2b3c4d").write_bytes(b"PAR1")
    assert shards.names() == []


def test_a_damaged_shard_is_named(shards, tmp_path):
    (tmp_path / "shards" / "space" / "bad.parquet").write_bytes(b"no parquet")
    with pytest.raises(ClusterError, match=r"bad\.parquet is damaged .*index again"):
        shards.read("bad")


def test_spaces_do_not_see_each_others_shards(shards, batch, tmp_path):
    shards.write("one", rows_of(batch))
    assert Shards(str(tmp_path / "shards"), "another").names() == []


def test_a_mark_tells_whether_two_see_one_folder(shards, tmp_path):
    mark = shards.leave_mark()
    assert Shards(str(tmp_path / "shards"), "space").has_mark(mark)
    assert not Shards(str(tmp_path / "elsewhere"), "space").has_mark(mark)
    shards.delete_mark(mark)
    assert not shards.has_mark(mark)


def test_a_place_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ClusterError, match="--shards"):
        Shards(str(tmp_path / "file"), "space")
    with pytest.raises(ClusterError, match="--shards"):
        Shards("nonsense://place", "space")


def test_a_folder_in_memory_will_do(batch):
    shards = Shards("memory://shards", "space")
    shards.write("one", rows_of(batch))
    assert shards.read("one")[0].path == b"/r/a\xff.jpg"
    shards.delete("one")
    shards.tidy()
