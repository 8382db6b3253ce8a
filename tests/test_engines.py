"""What a library lies on: said once, kept without what is secret, and never mixed up."""

from __future__ import annotations

import json
import os

import click
import pytest
from click.testing import CliRunner

from searchengine.cli import program
from searchengine.engines import (
    CATALOG_FILE,
    CATALOG_VARIABLE,
    FILE_NAME,
    VECTORS_VARIABLE,
    Engines,
    engines_of,
    record,
    recorded,
    without_secrets,
)
from searchengine.errors import LibraryError, UsageError
from searchengine.layout import Layout

URL = "postgresql+psycopg://ann@db.example:5433/photos"


@pytest.fixture(autouse=True)
def _nothing_is_said(monkeypatch):
    monkeypatch.delenv(CATALOG_VARIABLE, raising=False)
    monkeypatch.delenv(VECTORS_VARIABLE, raising=False)


def test_a_library_lies_in_its_folder_and_no_file_says_so(tmp_path):
    record(tmp_path, engines_of(tmp_path))
    assert engines_of(tmp_path) == Engines()
    assert Layout(tmp_path).catalog == tmp_path / CATALOG_FILE
    assert list(tmp_path.iterdir()) == []


def test_what_was_said_once_need_not_be_said_again(tmp_path, monkeypatch):
    monkeypatch.setenv(CATALOG_VARIABLE, URL)
    record(tmp_path, engines_of(tmp_path))
    monkeypatch.delenv(CATALOG_VARIABLE)
    assert Layout(tmp_path).catalog == URL
    assert json.loads((tmp_path / FILE_NAME).read_text()) == {"catalog": URL, "vectors": ""}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://ann:s3cret@db/photos", "postgresql+psycopg://ann@db/photos"),
        ("postgresql+psycopg://ann:s3c/r#t?@db/photos", "postgresql+psycopg://ann@db/photos"),
        (
            "postgresql://ann:%40s3cret@db/photos?sslmode=require",
            "postgresql://ann@db/photos?sslmode=require",
        ),
        ("postgresql://db/photos?user=ann&password=s3cret", "postgresql://db/photos?user=ann"),
        ("http://root:s3cret@db:19530", "http://root@db:19530"),
        ("http://db:19530?token=s3cret", "http://db:19530"),
        ("milvus+file:/data/vectors", "milvus+file:/data/vectors"),
        ("", ""),
    ],
)
def test_what_is_secret_is_neither_kept_nor_shown(tmp_path, url, shown):
    assert without_secrets(url) == shown
    record(tmp_path, Engines(vectors=url))
    assert recorded(tmp_path) == Engines(vectors=shown)


def test_a_password_comes_along_with_what_is_kept(tmp_path, monkeypatch):
    record(tmp_path, Engines(catalog=URL))
    with_password = URL.replace("ann@", "bob:s3cret@")
    monkeypatch.setenv(CATALOG_VARIABLE, with_password)
    assert Layout(tmp_path).catalog == with_password


def test_another_catalog_than_the_librarys_is_refused(tmp_path, monkeypatch):
    record(tmp_path, Engines(catalog=URL))
    monkeypatch.setenv(CATALOG_VARIABLE, URL.replace("photos", "others").replace("ann", "ann:s3cret"))
    with pytest.raises(UsageError, match=r"has its catalog in .*/photos, not in .*/others; leave") as caught:
        engines_of(tmp_path)
    assert "s3cret" not in str(caught.value)
    assert FILE_NAME in str(caught.value)  # where to say that the database has moved


def test_a_library_on_sqlite_is_not_on_postgres(tmp_path, monkeypatch):
    (tmp_path / CATALOG_FILE).touch()
    monkeypatch.setenv(CATALOG_VARIABLE, URL)
    with pytest.raises(UsageError, match=r"has its catalog in catalog\.sqlite3, not in"):
        engines_of(tmp_path)


@pytest.mark.parametrize(
    ("variable", "url", "complaint"),
    [
        (CATALOG_VARIABLE, "mysql://ann:s3cret@db/photos", "or in PostgreSQL"),
        (CATALOG_VARIABLE, "ann:s3cret@db", "can't be understood"),
        (CATALOG_VARIABLE, "postgresql://ann:s3cret@db:port/x", "can't be understood"),
        (VECTORS_VARIABLE, "qdrant://ann:s3cret@db", "no vector engine for qdrant://ann@db"),
    ],
)
def test_an_engine_that_nobody_knows_is_refused(tmp_path, monkeypatch, variable, url, complaint):
    monkeypatch.setenv(variable, url)
    with pytest.raises(UsageError, match=complaint) as caught:
        engines_of(tmp_path)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("kept", [b"", b"[1]", b'{"catalogue": ""}', b"\xff"])
def test_what_is_kept_has_to_make_sense(tmp_path, kept):
    (tmp_path / FILE_NAME).write_bytes(kept)
    with pytest.raises(LibraryError, match=r"library\.json .*put it right"):
        engines_of(tmp_path)


def test_options_say_it_for_one_command(tmp_path, monkeypatch):
    seen = []

    @click.command()
    def look():
        seen.append((os.environ.get(CATALOG_VARIABLE), os.environ.get(VECTORS_VARIABLE)))

    monkeypatch.setattr(type(program), "get_command", lambda self, ctx, name: self._with_options(look))
    run = CliRunner().invoke
    run(program, ["--catalog", URL, "status"], catch_exceptions=False)
    run(program, ["--catalog", "x", "status", "--catalog", URL, "--vectors", "y"], catch_exceptions=False)
    run(program, ["status"], catch_exceptions=False)
    assert seen == [(URL, None), (URL, "y"), ("", "")]


def test_the_help_tells_of_both():
    told = " ".join(CliRunner().invoke(program, ["--help"]).output.split())
    assert "--catalog URL" in told
    assert "$PGPASSWORD, ~/.pgpass" in told
    assert f"${VECTORS_VARIABLE}" in told
