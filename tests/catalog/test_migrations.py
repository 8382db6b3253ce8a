"""The steps lead to what the models say, all of them or none."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, select, text

from indexer.upkeep.repair import optimize
from searchengine.catalog import files, migrate, roots, spaces, version, words
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.catalog.models import Base, Content
from searchengine.vectors.live import LiveIndex
from searchengine.verify.library import verify
from tests.catalog.builder import picture, put

NEXT_STEP = """
import os, signal
import sqlalchemy as sa
from alembic import op
revision = "9999"
down_revision = "{head}"
def upgrade():
    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True))
    with op.batch_alter_table("root") as root:
        root.add_column(sa.Column("label", sa.String, nullable=False, server_default=""))
        root.alter_column("path", new_column_name="place")
    {end}
"""


SHIPPED = migrate.MIGRATIONS
HEAD = version.HEAD


def schema(connection):
    """Every table and index, but for spaces and quotes."""
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE name <> 'alembic_version'")
    return {
        row[0]: "".join((row[1] or "").replace('"', "").split()) for row in rows if "alembic" not in row[0]
    }


def is_in_the_models(name, kind, _):
    """All but the indexes of words and paths, which only SQLite can make, and what they are made of."""
    return not (kind == "table" and name.startswith(("text_index", "path_")))


def tables(path):
    connection = sqlite3.connect(path)
    try:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    finally:
        connection.close()


@pytest.fixture
def with_next_step(tmp_path, monkeypatch):
    """Pretend there were a second step, which ends in a given way."""

    def pretend(end):
        folder = tmp_path / "migrations"
        shutil.copytree(SHIPPED, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "versions" / "9999_later.py").write_text(NEXT_STEP.format(end=end, head=HEAD))
        monkeypatch.setattr(migrate, "MIGRATIONS", folder)
        monkeypatch.setattr(version, "HEAD", "9999")
        return folder

    return pretend


@pytest.fixture
def stepped():
    """An empty catalog that all steps were run on."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        settings = migrate.config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
        yield connection
    engine.dispose()


def test_the_steps_lead_to_what_the_models_say(stepped):
    fresh = create_engine("sqlite://")
    Base.metadata.create_all(fresh)
    with fresh.connect() as made:
        context = MigrationContext.configure(stepped, opts={"include_name": is_in_the_models})
        assert compare_metadata(context, Base.metadata) == []
        in_the_models = {n: sql for n, sql in schema(stepped).items() if is_in_the_models(n, "table", {})}
        assert in_the_models == schema(made)
    fresh.dispose()


def test_a_new_catalog_is_what_the_steps_lead_to(stepped, path):
    with Catalog.open(path, create=True) as catalog, catalog.database.reading.connect() as new:
        assert schema(new) == schema(stepped), "run scripts/write_schema.py"
        for connection in (new, stepped):
            assert connection.exec_driver_sql("SELECT * FROM alembic_version").all() == [(version.HEAD,)]


def test_the_last_step_is_the_version_that_is_read_without_alembic():
    steps = ScriptDirectory.from_config(migrate.config())
    assert steps.get_heads() == [version.HEAD]
    assert [step.revision for step in steps.walk_revisions()] == [
        f"{number:04d}" for number in range(int(version.HEAD), 0, -1)
    ]


def test_an_older_one_is_brought_up_to_date_with_all_its_rows(catalog, path, space, root, with_next_step):
    put(catalog, space, picture(root, "a.jpg", "cat"))
    with_next_step("pass")
    Catalog.open(path).close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT place, label FROM root").fetchall() == [(b"/photos", "")]
    assert connection.execute("SELECT count(*) FROM file").fetchone() == (1,)
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
    Catalog.open(path).close()


@pytest.mark.parametrize("before", [f"{number:04}" for number in range(1, int(HEAD))])
def test_every_version_that_was_shipped_is_brought_up_to_date(before, tmp_path, path):
    old = create_engine(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    with old.connect() as connection:
        settings = migrate.config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, before)
        connection.execute(text("INSERT INTO root (path) VALUES (:path)"), {"path": b"/photos"})
        connection.execute(
            text("INSERT INTO file (root_id, path, size, mtime_ns, state) VALUES (1, :path, 1, 1, 'failed')"),
            {"path": b"a.jpg"},
        )
        connection.execute(
            text(
                "INSERT INTO content (hash, size, width, height, format, flags, shown)"
                " VALUES (:hash, 1, 1, 1, 'PNG', '[]', 1)"
            ),
            {"hash": bytes(32)},
        )
        connection.execute(
            text(
                "INSERT INTO file (root_id, path, size, mtime_ns, state, content_id)"
                " VALUES (1, :path, 1, 1, 'indexed', 1)"
            ),
            {"path": b"lisbon/tram.png"},
        )
        connection.commit()
    old.dispose()
    with Catalog.open(tmp_path / "old.sqlite3") as migrated, Catalog.open(path, create=True) as fresh:
        with migrated.read() as session:
            assert [root.path for root in roots.all_roots(session)] == [b"/photos"]
            assert set(files.files_below(session, 1)) == {b"a.jpg", b"lisbon/tram.png"}
            assert words.differences(session) == []
            assert session.scalars(select(Content.id).where(words.has("Lisbon"))).all() == [1]
        with migrated.database.reading.connect() as one, fresh.database.reading.connect() as other:
            assert schema(one) == schema(other)
            assert one.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []


# A library that the indexer made at each version: two runs over six files, one of them a copy, one no
# picture, one deleted between the runs. `sqlite3 catalog.sqlite3 .dump`, with the root's path shortened.
LIBRARIES = sorted(Path(__file__).parent.glob("schema_*.sql"))


@pytest.fixture(params=LIBRARIES, ids=lambda path: path.stem)
def shipped(request, path):
    """A library as an older version left it; gives its dump."""
    dump = request.param.read_text()
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(dump)
    return dump


def rows(path, columns):
    """All rows of each table, of the columns that are asked for."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: connection.execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY 1").fetchall()
            for table, names in columns.items()
        }


def test_a_library_of_an_older_version_keeps_every_row_and_answers(shipped, path):
    with closing(sqlite3.connect(path)) as connection:
        columns = {
            table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            for table in tables(path) - {"alembic_version", "sqlite_sequence"}
        }
    before = rows(path, columns)
    assert [len(before[table]) for table in ("root", "file", "content", "embedding")] == [1, 5, 4, 4]
    with Catalog.open(path) as catalog:
        with catalog.read() as session:
            space = spaces.active_space(session)
        live = LiveIndex(EmbeddingSource(catalog, space), path.parent / "vectors")
        found = live.search(np.eye(space.spec.dim, dtype=np.float32)[0], 10)
        assert sorted(found.ids[0].tolist()) == [2, 3, 4]
    assert rows(path, columns) == before
    assert [words for check in verify(path.parent).checks for words in check.wrong] == []
    assert optimize(path.parent).vectors == 3
    assert verify(path.parent).sound


def test_a_step_that_was_shipped_is_not_edited(shipped, path, tmp_path):
    made = create_engine(f"sqlite:///{tmp_path / 'made.sqlite3'}")
    with closing(sqlite3.connect(path)) as connection:
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    with made.connect() as connection:
        settings = migrate.config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)
        connection.commit()
        expected = schema(connection)
    made.dispose()
    old = create_engine(f"sqlite:///{path}")
    with old.connect() as connection:
        assert schema(connection) == expected
    old.dispose()


def test_a_step_that_fails_leaves_the_old_version(catalog, path, root, with_next_step):
    with_next_step("raise RuntimeError('the step failed')")
    with pytest.raises(RuntimeError, match="the step failed"):
        Catalog.open(path)
    assert "later" not in tables(path)
    with_next_step("pass")
    Catalog.open(path).close()
    assert "later" in tables(path)


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_kill_in_the_middle_leaves_the_old_version(catalog, path, root, with_next_step):
    folder = with_next_step("os.kill(os.getpid(), signal.SIGKILL)")
    code = (
        "import sys; from pathlib import Path; from searchengine.catalog import migrate, version;"
        "from searchengine.catalog.catalog import Catalog;"
        "version.HEAD = '9999'; migrate.MIGRATIONS = Path(sys.argv[2]); Catalog.open(Path(sys.argv[1]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path), str(folder)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert "later" not in tables(path)
    with_next_step("pass")
    Catalog.open(path).close()
    assert "later" in tables(path)


def test_two_that_open_it_at_once_upgrade_it_once(tmp_path):
    path = tmp_path / "catalog.sqlite3"
    code = (
        "import sys; from pathlib import Path; from searchengine.catalog.catalog import Catalog;"
        "Catalog.open(Path(sys.argv[1]), create=True).close()"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], stderr=subprocess.PIPE) for _ in range(2)
    ]
    assert [process.communicate()[1] for process in both] == [b"", b""]
    Catalog.open(path).close()
