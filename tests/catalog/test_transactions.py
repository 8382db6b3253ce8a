"""A batch is there whole or not at all, also for those who look on, also after a kill."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time

import pytest
from sqlalchemy import text

from searchengine.catalog import files, report, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.errors import LibraryError
from searchengine.vectors.live import LiveIndex
from searchengine.vectors.snapshot import damage, keep_snapshot
from tests.catalog.builder import picture, put, unit

BATCH = 10


def batch(root, number):
    return [picture(root, f"{number:03d}/{each}.jpg", (number, each)) for each in range(BATCH)]


def test_an_error_in_the_middle_leaves_nothing(catalog, space, root):
    from searchengine.catalog.record import record_batch

    def broken():
        with catalog.write() as session:
            record_batch(session, space.id, batch(root, 0))
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    with catalog.read() as session:
        assert files.files_below(session, root.id) == {}
        assert report.counts(session).images == 0


def test_a_reader_keeps_its_view_while_others_write(catalog, space, root):
    put(catalog, space, *batch(root, 0))
    with catalog.read() as session:
        before = report.counts(session)
        put(catalog, space, *batch(root, 1))
        assert report.counts(session) == before
    with catalog.read() as session:
        assert report.counts(session).images == 2 * BATCH


def test_reading_writes_nothing(catalog, root, path):
    with catalog.read() as session:
        session.execute(text("DELETE FROM root"))
    with catalog.read() as session:
        assert session.scalar(text("SELECT count(*) FROM root")) == 1


def test_a_reader_never_sees_half_a_batch(catalog, where, space, root, tmp_path):
    """Counts, streams and a live index, from another connection, while batches come in."""
    done = threading.Event()
    seen = []
    with Catalog.open(where) as other:
        source = EmbeddingSource(other, space)
        live = LiveIndex(source, tmp_path / "vectors")

        def look():
            while not done.is_set():
                with other.read() as session:
                    counts = report.counts(session)
                    seen.append((counts.images, counts.files, len(files.files_below(session, root.id))))
                with source.shown() as (position, count, batches):
                    ids = [each for batch_ids, _ in batches for each in batch_ids.tolist()]
                    seen.append((position[0], count, len(ids)))
                live.refresh()
                seen.append((len(live),))

        reader = threading.Thread(target=look)
        reader.start()
        for number in range(30):
            put(catalog, space, *batch(root, number))
            if number % 10 == 0:
                keep_snapshot(EmbeddingSource(catalog, space), tmp_path / "vectors")
        while len(seen) <= 3 and reader.is_alive():
            time.sleep(0.01)
        done.set()
        reader.join()
        live.refresh()
        assert len(live) == 30 * BATCH
    assert len(seen) > 3
    assert all(number % BATCH == 0 for numbers in seen for number in numbers)
    assert all(len(set(numbers)) == 1 for numbers in seen)


def test_damage_found_later_is_named(catalog, path, space, root):
    put(catalog, space, *(batch(root, 0)))
    catalog.close()
    with path.open("r+b") as file:
        file.seek(16_384 + 100)
        file.write(b"\xff" * (path.stat().st_size - 16_384 - 100))

    def read_all():
        with Catalog.open(path) as opened, opened.read() as session:
            report.counts(session)
            files.files_below(session, root.id)

    with pytest.raises(LibraryError, match="is damaged: restore it"):
        read_all()


WRITER = """
    import os, signal, sys
    from pathlib import Path
    from searchengine.catalog import record, roots, spaces
    from searchengine.catalog.catalog import Catalog
    from tests.catalog.builder import picture

    path, batches, size, midway = Path(sys.argv[1]), *map(int, sys.argv[2:])
    catalog = Catalog.open(path)
    with catalog.read() as session:
        space, root = spaces.active_space(session), roots.all_roots(session)[0]
    for number in range(batches + 1):
        with catalog.write() as session:
            if number == batches and not midway:
                break
            pictures = [picture(root, f"{number:03d}/{each}.jpg", (number, each)) for each in range(size)]
            record.record_batch(session, space.id, pictures)
            if number == batches:
                session.connection().exec_driver_sql("PRAGMA cache_spill=1")
                os.kill(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
@pytest.mark.parametrize("midway", [False, True], ids=["between batches", "inside a transaction"])
def test_a_kill_loses_at_most_the_batch_in_flight(catalog, path, space, root, midway):
    catalog.close()
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(path), "3", str(BATCH), str(int(midway))],
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    with Catalog.open(path) as opened:
        with opened.read() as session:
            assert report.counts(session).images == 3 * BATCH
            assert len(files.files_below(session, root.id)) == 3 * BATCH
            assert spaces.active_space(session) == space
        source = EmbeddingSource(opened, space)
        assert LiveIndex(source, path.parent / "vectors").search(unit(1), 1000).ids.shape == (1, 3 * BATCH)
        put(opened, space, *batch(root, 3))
        assert source.changes(0)[1].tolist() == list(range(1, 4 * BATCH + 1))
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


SNAPSHOTTER = """
    import sys
    from pathlib import Path
    from searchengine.catalog import files, record, removal, roots, spaces
    from searchengine.catalog.catalog import Catalog
    from searchengine.catalog.embeddings import EmbeddingSource
    from searchengine.vectors.snapshot import damage, keep_snapshot
    from tests.catalog.builder import picture

    path, generation = Path(sys.argv[1]), sys.argv[2]
    catalog = Catalog.open(path)
    with catalog.read() as session:
        space, root = spaces.active_space(session), roots.all_roots(session)[0]
    number = 0
    while True:
        number += 1
        with catalog.write() as session:
            names = [f"{generation}/{number}/{each}" for each in range(10)]
            pictures = [picture(root, name, name) for name in names]
            record.record_batch(session, space.id, pictures)
        with catalog.write() as session:
            known = files.files_below(session, root.id, f"{generation}/{number}/0".encode())
            removal.remove_files(session, [row.id for row in known.values()])
        keep_snapshot(EmbeddingSource(catalog, space), path.parent / "vectors")
        print(number, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_kill_while_snapshots_are_written_leaves_right_answers(catalog, path, space, root):
    vectors = path.parent / "vectors"
    source = EmbeddingSource(catalog, space)
    live = LiveIndex(source, vectors)
    for generation in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(SNAPSHOTTER), str(path), str(generation)],
            stdout=subprocess.PIPE,
        ) as process:
            for _ in range(3 + generation):
                process.stdout.readline()
            time.sleep(0.007 * generation)
            process.kill()
        live.refresh()
        with source.shown() as (_, count, batches):
            shown = [each for ids, _ in batches for each in ids.tolist()]
        assert count == len(shown) > 0
        for reader in (live, LiveIndex(source, vectors)):
            assert sorted(reader.search(unit(1), 10_000).ids[0].tolist()) == shown
    keep_snapshot(source, vectors)
    assert damage(source, vectors) is None
    assert len(list(vectors.glob("*.faiss"))) == 1
