"""What only a server can do, and what can only befall one."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace

import numpy as np
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, event, select, text

from indexer.lock import writing
from searchengine.catalog import (
    care,
    files,
    filters,
    invariants,
    mending,
    migrate,
    narrowing,
    paths,
    record,
    removal,
    report,
    roots,
    spaces,
    words,
)
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.catalog.models import Base, Content
from searchengine.catalog.postgres.lexemes import phrase, vector
from searchengine.engines import CATALOG_VARIABLE
from searchengine.errors import LibraryBusyError, LibraryError, LibraryNotFoundError
from searchengine.images.description import Description
from searchengine.query.grammar import parse
from searchengine.vectors.live import LiveIndex
from tests.catalog.builder import picture, put, spec, unit
from tests.catalog.conftest import POSTGRES
from tests.servers import PASSWORD, postgres

pytestmark = pytest.mark.postgres

DATABASES = POSTGRES


def in_process(code, *arguments, env=None):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | (env or {}),
        text=True,
    )


# Being made.


def test_there_is_none_until_it_is_made(new_database):
    assert not Catalog.exists(new_database)
    with pytest.raises(LibraryNotFoundError, match=r"no library in postgresql.*--catalog postgresql.* index"):
        Catalog.open(new_database)
    with Catalog.open(new_database, create=True) as catalog, catalog.read() as session:
        assert report.counts(session).files == 0
    assert Catalog.exists(new_database)


def test_the_steps_lead_to_what_the_models_say(catalog):
    def is_in_the_models(name, kind, _):
        return not (kind == "table" and name == "text_index") and name != "ix_file_path_text"

    with catalog.database.reading.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_in_the_models})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("before", ["0001", "0005", "0007"])
def test_one_of_an_older_version_is_brought_up_to_date(new_database, before):
    engine = create_engine(new_database)
    with engine.begin() as connection:
        settings = migrate.config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, before)
        connection.execute(text("INSERT INTO root (path) VALUES (:path)"), {"path": b"/photos"})
        connection.execute(
            text(
                "INSERT INTO content (hash, size, width, height, format, flags, shown)"
                " VALUES (:hash, 1, 1, 1, 'PNG', '[]', true)"
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
    engine.dispose()
    with Catalog.open(new_database) as catalog, catalog.read() as session:
        assert set(files.files_below(session, 1)) == {b"lisbon/tram.png"}
        assert session.scalars(select(Content.id).where(words.has("Lisbon"))).all() == [1]


@pytest.mark.slow
def test_two_that_open_it_at_once_make_it_once(new_database):
    code = (
        "import sys; from searchengine.catalog.catalog import Catalog;"
        "Catalog.open(sys.argv[1], create=True).close()"
    )
    assert [process.communicate()[1] for process in [in_process(code, new_database) for _ in "12"]] == [
        "",
        "",
    ]
    Catalog.open(new_database).close()


@pytest.mark.parametrize("create", [False, True])
def test_somebody_else_s_database_is_left_alone(new_database, postgres_server, create):
    name = new_database.rpartition("/")[2]
    postgres_server.tell("CREATE TABLE theirs (x int)", database=name)
    with pytest.raises(LibraryError, match="has tables, but not a catalog's"):
        Catalog.open(new_database, create=create)
    engine = create_engine(new_database)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")) == 1
    engine.dispose()


def test_several_catalogs_have_schemas_of_one_database(new_database, postgres_server):
    postgres_server.tell("CREATE SCHEMA a", "CREATE SCHEMA b", database=new_database.rpartition("/")[2])
    urls = [f"{new_database}?options=-csearch_path%3D{name}" for name in "ab"]
    with Catalog.open(urls[0], create=True) as a:
        assert not Catalog.exists(urls[1])
        with Catalog.open(urls[1], create=True) as b, a.write(), b.write() as session:
            roots.add_root(session, b"/b")
        with a.read() as session:
            assert roots.all_roots(session) == []
            assert invariants.reusable_keys(session) == {}


def test_a_database_in_another_encoding_is_refused(postgres_server):
    postgres_server.tell("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(LibraryError, match=r"is in LATIN1.*--encoding=UTF8"):
        Catalog.open(postgres_server.url("latin"), create=True)


# Being searched.


def test_words_are_what_sqlites_tokeniser_makes_of_them():
    assert vector("Été 2021 Été", "x") == "'ete':1,3 '2021':2 'x':5"
    assert vector("a \ue000 b_c") == "'a':1 'b':3 'c':4"
    assert phrase("Rock'n'Roll") == "'rock' <-> 'n' <-> 'roll'"
    assert len(vector(" ".join(f"w{number}" for number in range(20_000))).split()) == 16_383
    assert vector("ß" * 2000) == f"'{'s' * 500}':1"


def test_very_many_and_very_long_words_can_be_kept_and_found(catalog, space, root):
    as_letters = str.maketrans("0123456789", "abcdefghij")
    numbers = [str(number).translate(as_letters) for number in range(9000)]
    said = Description(caption=" ".join(["y" * 3000, *numbers]))
    put(catalog, space, picture(root, "a.jpg", "one", description=said))
    with catalog.read() as session:
        assert words.differences(session) == []
        for phrase_ in ("y" * 3000, numbers[8999], " ".join(numbers[8000:8003])):
            assert session.scalars(select(Content.id).where(words.has(phrase_))).all() == [1]


def test_wrong_words_are_found_and_mended(catalog, space, root):
    put(catalog, space, picture(root, "rex.jpg", "one"), picture(root, "anna.jpg", "two"))
    with catalog.write() as session:
        session.execute(text("DELETE FROM text_index WHERE rowid = 1"))
        session.execute(text("INSERT INTO text_index (rowid, path, said) VALUES (9, 'nobody', '')"))
    with catalog.write() as session:
        assert words.differences(session) == [1, 9]
        assert words.is_damaged(session) is True
        assert mending.mend(session) == ["built the index of words anew"]
    with catalog.write() as session:
        session.execute(text("UPDATE text_index SET words = 'wrong' WHERE rowid = 2"))
        assert words.is_damaged(session) is True
        assert mending.mend(session) == ["built the index of words anew"]
        assert mending.mend(session) == []


@pytest.fixture
def many_paths(new_database):
    """A thousand files of one picture, so that looking one up is cheaper than reading all."""
    catalog = Catalog.open(new_database, create=True)
    with catalog.write() as session:
        space, root = spaces.create_space(session, spec()), roots.add_root(session, b"/photos")
    one = picture(root, "rare/one.jpg", "one")
    put(catalog, space, one)
    copies = [
        replace(one, file=replace(one.file, path=f"usual/{number}.jpg".encode())) for number in range(999)
    ]
    put(catalog, space, *copies)
    with catalog.database.reading.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE file"))
    with catalog:
        yield catalog


def test_paths_are_found_by_their_index(many_paths):
    asked = []
    event.listen(many_paths.database.reading, "before_cursor_execute", lambda *call: asked.append(call[2:4]))
    with many_paths.read() as session:
        found = session.scalars(paths.containing(session, "RARE/o*_")).all()
        assert session.scalars(paths.containing(session, "100%")).all() == []
        assert paths.containing(session, "a*b") is None
        statement, values = next(each for each in asked if "path_text" in each[0])
        plan = session.connection().exec_driver_sql(f"EXPLAIN {statement}", values).scalars().all()
    assert found == [1]
    assert "ix_file_path_text" in " ".join(plan)


def test_without_pg_trgm_paths_are_read(many_paths):
    with many_paths.write() as session:
        session.execute(text("DROP EXTENSION pg_trgm CASCADE"))
    asked = parse("path:RARE/*").filters
    with many_paths.read() as session:
        assert paths.containing(session, "rare") is None
        assert filters.passing(session, 1, filters.condition(asked)).tolist() == [1]
        assert narrowing.narrow(session, asked).contents is None
        assert paths.is_damaged(session) is None


def test_numbers_beyond_a_columns_type_are_numbers_all_the_same(catalog, space, root):
    put(catalog, space, picture(root, "a.jpg", "one"))
    with catalog.write() as session:
        session.execute(text("UPDATE content SET width = 2147483647, height = 2147483647, size = 9000000000"))
    with catalog.read() as session:
        for query, passes in {
            "mp:>1000": True,
            "width:>2147483646.5": True,
            "width:<99999999999999999999": True,
            "size:>8gb": True,
            "size:9000000000": True,
        }.items():
            which = filters.condition(parse(query).filters)
            assert (query, len(filters.passing(session, space.id, which)) == 1) == (query, passes)


def test_a_path_that_is_too_long_for_the_server_is_explained(catalog, space, root):
    name = np.random.default_rng(0).integers(97, 122, 4000, np.uint8).tobytes()
    with pytest.raises(LibraryError, match=r"more than 2,700 bytes.*--exclude"):
        put(catalog, space, picture(root, name, "one"))


def test_reading_can_not_write(catalog):
    with pytest.raises(LibraryError, match="can't be written to"), catalog.read() as session:
        session.execute(text("DELETE FROM root"))


# Being written to by several.


def test_keys_are_never_used_again(catalog, space, root):
    put(catalog, space, *(picture(root, f"{each}.jpg", each) for each in range(3)))
    with catalog.write() as session:
        removal.forget_files(session, [3])
    put(catalog, space, picture(root, "new.jpg", "new"))
    with catalog.read() as session:
        assert EmbeddingSource(catalog, space).vectors([3, 4])[0].tolist() == [4]
        assert invariants.reusable_keys(session) == {}
    with catalog.write() as session:
        session.execute(text("SELECT setval(pg_get_serial_sequence('embedding', 'id'), 2)"))
    with catalog.write() as session:
        assert invariants.reusable_keys(session) == {"embedding": 4}
        assert mending.mend(session) == ["made sure that keys of embedding aren't used again"]
    put(catalog, space, picture(root, "newer.jpg", "newer"))
    assert EmbeddingSource(catalog, space).vectors([5])[0].tolist() == [5]


def test_changes_are_numbered_in_the_order_of_commits(catalog, where, space, root):
    """A reader that has seen a number has seen all that are lower."""
    with Catalog.open(where) as other:

        def fill(to, name):
            for number in range(10):
                put(to, space, picture(root, f"{name}/{number}", (name, number)))

        threads = [
            threading.Thread(target=fill, args=pair) for pair in ((catalog, "a"), (other, "b"), (other, "c"))
        ]
        for thread in threads:
            thread.start()
        source, sequence, seen = EmbeddingSource(catalog, space), 0, []
        while any(thread.is_alive() for thread in threads) or len(seen) < 30:
            (sequence, _), ids, _ = source.changes(sequence)
            seen += ids.tolist()
        for thread in threads:
            thread.join()
    assert len(seen) == len(set(seen)) == 30


MIDWAY = """
    import os, signal, sys
    from searchengine.catalog import record, roots, spaces
    from searchengine.catalog.catalog import Catalog
    from tests.catalog.builder import picture

    catalog = Catalog.open(sys.argv[1])
    with catalog.read() as session:
        space, root = spaces.active_space(session), roots.all_roots(session)[0]
    with catalog.write() as session:
        record.record_batch(session, space.id, [picture(root, f"lost/{each}", each) for each in range(10)])
        session.flush()
        print("written", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_kill_loses_the_batch_in_flight_and_nothing_else(catalog, where, space, root, tmp_path):
    put(catalog, space, picture(root, "kept", "kept"))
    with in_process(MIDWAY, where) as process:
        assert process.stdout.readline() == "written\n"
        process.wait()
    assert process.returncode == -signal.SIGKILL
    put(catalog, space, picture(root, "next", "next"))  # its lock has ended with it
    with catalog.read() as session:
        assert files.files_below(session, root.id).keys() == {b"kept", b"next"}
        assert invariants.wrongly_shown(session) == []
    live = LiveIndex(EmbeddingSource(catalog, space), tmp_path)
    assert live.search(unit(1), 10).ids.shape == (1, 2)


HOLDER = """
    import sys, time
    from pathlib import Path
    from indexer.lock import writing
    with writing(Path(sys.argv[1]), "imgsearch index"):
        print("held", flush=True)
        time.sleep(60)
"""


def test_machines_that_share_a_catalog_take_turns(where, tmp_path, monkeypatch):
    """Each has a library folder of its own, as machines of a cluster have."""
    monkeypatch.setenv(CATALOG_VARIABLE, where)
    here, there = tmp_path / "here", tmp_path / "there"
    with in_process(HOLDER, there) as other, Catalog.open(where) as catalog:
        assert other.stdout.readline() == "held\n"
        assert catalog.is_locked("writer.lock")
        assert not catalog.is_locked("switch.lock")
        with pytest.raises(LibraryBusyError) as caught, writing(here, "imgsearch forget", patience=0.3):
            pass
        assert f"by `imgsearch index` (process {other.pid} on " in str(caught.value)
        assert re.search(r", since 20\d\d-.*stop it there", str(caught.value))
        with writing(here, "imgsearch switch-model", name="switch.lock", patience=0):
            pass
        other.kill()
        with writing(here, "imgsearch forget"):
            assert catalog.is_locked("writer.lock")
        assert not catalog.is_locked("writer.lock")


def test_what_it_takes_is_told_and_given_back(catalog, space, root):
    before = care.size(catalog)
    put(catalog, space, *(picture(root, f"{each}", each) for each in range(500)))
    assert care.size(catalog) > before
    assert catalog.database.size_elsewhere == care.size(catalog)
    care.compact(catalog)
    assert not care.rebuild_indexes(catalog)


def test_vectors_of_any_length_come_back_as_they_were(catalog, root):
    long = spec(dim=6000, weights="cd" * 32)
    with catalog.write() as session:
        space = spaces.create_space(session, long)
    vector_ = unit(1, 6000)
    put(catalog, space, replace(picture(root, "a", "a"), vectors=vector_[None]))
    assert EmbeddingSource(catalog, space).vectors([1])[1].tolist() == [vector_.astype(np.float16).tolist()]


# Being out of reach.


def test_a_server_that_is_not_there_is_named():
    pytest.importorskip("psycopg")
    with pytest.raises(
        LibraryError, match=r"//ann@127\.0\.0\.1:1/photos can't be reached: see that the server"
    ):
        Catalog.open("postgresql+psycopg://ann:s3cret@127.0.0.1:1/photos")


def test_a_database_that_is_not_there_is_named(postgres_server):
    with pytest.raises(LibraryError, match=r'can\'t be reached.*"nowhere" does not exist'):
        Catalog.open(postgres_server.url("nowhere"), create=True)


@pytest.mark.parametrize("password", [None, "wrong s3cret"])
def test_a_wrong_password_says_where_it_belongs_and_is_not_shown(
    where, postgres_server, password, monkeypatch
):
    if password:
        monkeypatch.setenv("PGPASSWORD", password)
    with pytest.raises(LibraryError, match=r"guarded@.*right password.*\$PGPASSWORD.*\.pgpass") as caught:
        Catalog.open(postgres_server.url(where.rpartition("/")[2], "guarded"))
    assert "s3cret" not in str(caught.value)


def test_a_password_is_taken_from_the_environment_a_file_or_the_url(
    where, postgres_server, monkeypatch, tmp_path
):
    from sqlalchemy import make_url

    url = postgres_server.url(where.rpartition("/")[2], "guarded")
    with_password = make_url(url).set(password=PASSWORD).render_as_string(hide_password=False)
    with Catalog.open(with_password) as catalog:
        assert catalog.name == url
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    Catalog.open(url).close()
    monkeypatch.delenv("PGPASSWORD")
    kept = tmp_path / "pgpass"
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    kept.write_text(f"127.0.0.1:{postgres_server.port}:*:guarded:{escaped}\n")
    kept.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(kept))
    Catalog.open(url).close()


def test_a_user_who_may_not_write_is_told_so(where, postgres_server, root):
    name = where.rpartition("/")[2]
    postgres_server.tell(
        "DROP ROLE IF EXISTS looker",
        "CREATE ROLE looker LOGIN",
        database=name,
    )
    postgres_server.tell("GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker", database=name)
    with Catalog.open(postgres_server.url(name, "looker")) as catalog:
        with catalog.read() as session:
            assert [each.path for each in roots.all_roots(session)] == [b"/photos"]
        with pytest.raises(LibraryError, match="doesn't let this user"), catalog.write() as session:
            roots.add_root(session, b"/more")
    postgres_server.tell("DROP OWNED BY looker", "DROP ROLE looker", database=name)


def test_a_server_that_is_restarted_is_found_again_and_a_run_is_told(tmp_path):
    with postgres() as server:
        url = server.url(server.database())
        with Catalog.open(url, create=True) as catalog:
            with catalog.write() as session:
                space = spaces.create_space(session, spec())
                root = roots.add_root(session, b"/photos")
            put(catalog, space, picture(root, "a", "a"))
            before = catalog.generation()

            def interrupted():
                with catalog.write() as session:
                    record.record_batch(session, space.id, [picture(root, "b", "b")])
                    server.stop()
                    session.execute(text("SELECT 1"))

            with pytest.raises(LibraryError, match=r"127\.0\.0\.1:\d+/.* committed is kept.*run the command"):
                interrupted()
            with pytest.raises(LibraryError, match="can't be reached"), catalog.read() as session:
                report.counts(session)
            with pytest.raises(LibraryError, match="can't be reached"):
                catalog.generation()
            server.start()
            with catalog.read() as session:
                assert report.counts(session).images == 1
            assert catalog.generation() >= before
            put(catalog, space, picture(root, "b", "b"))
            assert catalog.generation() > before


def test_a_connection_that_a_server_ends_is_made_again(catalog, postgres_server, where, root):
    catalog.generation()
    with catalog.read() as session:
        roots.all_roots(session)
    postgres_server.tell(
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"  # once it has ended
        f" WHERE datname = '{where.rpartition('/')[2]}' AND pid <> pg_backend_pid()"
    )
    catalog.generation()
    with catalog.read() as session:
        assert len(roots.all_roots(session)) == 1
