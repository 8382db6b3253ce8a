"""Whole runs on a cluster that is none: what becomes of files, copies, failures, stops and second tries."""

from __future__ import annotations

import os
import shutil

import pytest

pytest.importorskip("pyarrow", reason="pyarrow isn't installed (pip install 'imgsearch[ray]')")

from indexer.update import Update
from searchengine.catalog.catalog import Catalog
from searchengine.errors import ClusterError
from searchengine.verify.library import verify
from tests.pictures import paint


@pytest.fixture
def index(library, cluster):
    """Run the indexer on the cluster and give back its counts that aren't zero."""

    def run(*paths, **options):
        summary = Update(library, ray="stand-in", **options).run(paths)
        counted = {
            name: value for name, value in summary.to_dict().items() if isinstance(value, int) and value
        }
        return counted, summary.outcome

    return run


@pytest.fixture
def many(tmp_path):
    """Sixty pictures: four blocks."""
    for seed in range(60):
        paint(tmp_path / "many" / f"{seed}.png", seed)
    return tmp_path / "many"


def leftovers(library):
    return list((library / "shards").rglob("*.parquet"))


def rows(library):
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.read() as session:
        files = session.connection().exec_driver_sql("SELECT path, state, error FROM file ORDER BY path")
        embeddings = session.connection().exec_driver_sql(
            "SELECT content_id, vector FROM embedding ORDER BY 1"
        )
        return files.fetchall(), embeddings.fetchall()


def test_a_cluster_makes_the_library_that_one_machine_makes(index, library, photos, tmp_path, encoder):
    shutil.copy(photos / "a.jpg", photos / "copy.jpg")
    (photos / "bad.jpg").write_bytes(b"this is no picture")
    assert index(photos) == ({"seen": 5, "added": 4, "failed": 1}, "done")
    assert encoder.images == 3
    Update(tmp_path / "alone").run([photos])
    there, here = rows(library), rows(tmp_path / "alone")
    assert there[0] == here[0]
    assert sorted(vector for _, vector in there[1]) == sorted(vector for _, vector in here[1])
    assert not leftovers(library)
    assert not (library / "shards").exists()


def test_moves_copies_and_touched_files_cost_no_inference(index, photos, encoder):
    index(photos)
    (photos / "a.jpg").rename(photos / "trip" / "moved.jpg")
    shutil.copy(photos / "b.png", photos / "trip" / "copy.png")
    os.utime(photos / "trip" / "c.jpg", ns=(1, 1))
    counts = {"seen": 4, "moved": 1, "added": 1, "updated": 1, "unchanged": 1}
    assert index(photos) == (counts, "done")
    assert encoder.images == 3


def test_blocks_that_are_done_twice_are_in_the_library_once(index, library, many, cluster, encoder):
    cluster.twice = True
    assert index(many) == ({"seen": 60, "added": 60}, "done")
    assert cluster.blocks == 4
    assert len(rows(library)[1]) == 60


def test_a_run_that_was_stopped_keeps_its_blocks_and_the_next_goes_on(index, library, many, cluster, encoder):
    cluster.dies_after = 2
    assert index(many) == ({"seen": 32, "added": 32}, "interrupted")
    cluster.dies_after = None
    assert index(many) == ({"seen": 60, "added": 28, "unchanged": 32}, "done")
    assert encoder.images == 60


def test_shards_of_a_run_that_was_killed_are_taken_up(index, library, many, encoder, monkeypatch):
    """Its machines had done everything, and nothing was committed."""
    from indexer.distributed import embed

    def killed(self, name):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(embed.ClusterRun, "_commit_shard", killed)
        index(many)
    assert len(leftovers(library)) >= 1
    done = encoder.images
    (many / "0.png").unlink()
    paint(many / "1.png", 99)
    assert index(many) == ({"seen": 59, "added": 59}, "done")
    assert encoder.images <= 60 + 1 + (60 - done)
    assert not leftovers(library)


def test_a_file_that_only_a_machine_does_not_see_is_kept_and_tried_again(
    index, many, library, cluster, encoder
):
    real = os.fsencode(many / "0.png")

    def hide():
        os.rename(real, real + b".hidden")
        cluster.before_block = lambda: None

    cluster.before_block = hide
    original = cluster.run

    def run(*arguments):
        for done in original(*arguments):
            if os.path.exists(real + b".hidden"):
                os.rename(real + b".hidden", real)
            yield done

    cluster.run = run
    assert index(many) == ({"seen": 60, "added": 59, "failed": 1}, "done")
    (failed,) = [row for row in rows(library)[0] if row[1] == "failed"]
    assert "machine of the cluster doesn't see it" in failed[2]
    assert index(many) == ({"seen": 60, "updated": 1, "unchanged": 59}, "done")


def test_shards_that_do_not_arrive_are_an_error_and_no_endless_loop(index, many, cluster, monkeypatch):
    from indexer.distributed.shards import Shards

    monkeypatch.setattr(Shards, "write", lambda self, name, rows: list(rows))
    with pytest.raises(ClusterError, match="--shards"):
        index(many)


def test_shards_may_lie_elsewhere(index, many, tmp_path, library):
    (tmp_path / "elsewhere").mkdir()
    assert index(many, shards=str(tmp_path / "elsewhere"))[0] == {"seen": 60, "added": 60}
    assert not (library / "shards").exists()
    assert not list((tmp_path / "elsewhere").iterdir())


def test_every_invariant_holds_afterwards(index, library, many, cluster):
    cluster.twice = True
    index(many)
    assert verify(library).sound
