"""What one library exports, another takes in; and nothing gets lost on the way."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from indexer.import_files import Import
from searchengine.catalog import roots, spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.files import files_below
from searchengine.engines import CATALOG_FILE
from searchengine.errors import EmbeddingFileError, ModelMismatchError, UsageError
from searchengine.exchange.formats import FORMATS, export, opened
from searchengine.verify.library import verify
from tests.catalog.builder import DIM, picture, put, spec, unit


@pytest.fixture(autouse=True)
def no_model(monkeypatch):
    """The libraries here are of a model that nobody has."""
    monkeypatch.setattr(Import, "_measure", lambda self, catalog, space: None)


def written(library, path, format_):
    with Catalog.open(library / CATALOG_FILE) as catalog, catalog.read() as session:
        space = spaces.active_space(session)
        with path.open("wb") as file:
            export(session, space, file, format_)
    return path


def lines(library, tmp_path):
    """Everything there is, as JSON lines."""
    return written(library, tmp_path / "check.jsonl", "jsonl").read_bytes().splitlines()


@pytest.fixture(params=FORMATS)
def format_(request):
    if request.param == "parquet":
        pytest.importorskip("pyarrow")
    return request.param


@pytest.fixture
def file(full, tmp_path, format_):
    return written(full, tmp_path / f"all.{format_}", format_)


@pytest.fixture
def line_file(full, tmp_path):
    return written(full, tmp_path / "all.jsonl", "jsonl")


def test_another_library_has_everything_the_same(full, file, tmp_path):
    done = Import(tmp_path / "other").run([file])
    assert (done.pictures, done.added, done.embeddings, done.files) == (4, 4, 6, 4)
    assert lines(tmp_path / "other", tmp_path) == lines(full, tmp_path)
    assert verify(tmp_path / "other").sound


def test_importing_again_changes_nothing(line_file, tmp_path):
    Import(tmp_path / "other").run([line_file])
    before = lines(tmp_path / "other", tmp_path)
    done = Import(tmp_path / "other").run([line_file, line_file])
    assert (done.pictures, done.added, done.embeddings, done.files) == (8, 0, 0, 0)
    assert lines(tmp_path / "other", tmp_path) == before


def test_a_file_that_is_cut_off_says_so_and_the_whole_one_completes_it(full, file, tmp_path):
    whole = file.read_bytes()
    cut = tmp_path / f"cut{file.suffix}"
    for keep in (0, 1, 3, len(whole) // 2, len(whole) - 2):
        cut.write_bytes(whole[:keep])
        try:
            with pytest.raises(EmbeddingFileError, match=r"can't be imported"):
                Import(tmp_path / "other").run([cut])
        except UsageError as error:
            raise AssertionError(keep) from error
    Import(tmp_path / "other").run([file])
    assert lines(tmp_path / "other", tmp_path) == lines(full, tmp_path)


def test_another_models_embeddings_are_refused_with_the_way_out(line_file, tmp_path):
    with Catalog.open(tmp_path / "other" / CATALOG_FILE, create=True) as catalog, catalog.write() as session:
        spaces.create_space(session, spec(name="another", weights="cd" * 32))
    with pytest.raises(ModelMismatchError, match=r"test, the library's of another.*switch-model test"):
        Import(tmp_path / "other").run([line_file])
    assert len(lines(tmp_path / "other", tmp_path)) == 1
    with Catalog.open(tmp_path / "other" / CATALOG_FILE) as catalog, catalog.read() as session:
        assert roots.all_roots(session) == []


def test_what_the_library_knows_of_a_path_stays(line_file, tmp_path):
    with Catalog.open(tmp_path / "other" / CATALOG_FILE, create=True) as catalog:
        with catalog.write() as session:
            space = spaces.create_space(session, spec())
            root = roots.add_root(session, b"/photos")
        put(catalog, space, picture(root, "2021/a.jpg", "newer"))
        Import(tmp_path / "other").run([line_file])
        with catalog.read() as session:
            assert files_below(session, root.id)[b"2021/a.jpg"].size == len("2021/a.jpg")
    assert any(
        b"newer" not in line and b"/photos/2021/a.jpg" in line for line in lines(tmp_path / "other", tmp_path)
    )
    assert verify(tmp_path / "other").sound


@pytest.mark.parametrize("has", [b"/", b"/photos/2021", b"/photos"])
def test_folders_in_each_other_become_one(full, line_file, tmp_path, has):
    with Catalog.open(tmp_path / "other" / CATALOG_FILE, create=True) as catalog, catalog.write() as session:
        spaces.create_space(session, spec())
        roots.add_root(session, has)
    Import(tmp_path / "other").run([line_file])
    assert verify(tmp_path / "other").sound
    assert sorted(lines(tmp_path / "other", tmp_path)[1:]) == sorted(lines(full, tmp_path)[1:])


def test_nothing_is_made_where_the_file_is_none(tmp_path):
    odd = tmp_path / "odd.parquet"
    odd.write_bytes(b"\x89PNG")
    with pytest.raises(EmbeddingFileError, match="neither JSON lines"):
        Import(tmp_path / "other").run([odd])
    with pytest.raises(UsageError, match="No such file"):
        Import(tmp_path / "other").run([tmp_path / "none.npz"])
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ({"part": 1}, "part 0 first"),
        ({"hash": "ab"}, "64 hexadecimal"),
        ({"hash": None}, "isn't as"),
        ({"width": None}, "width"),
        ({"vector": base64.b64encode(np.ones(DIM, "<f2").tobytes()).decode()}, "unit vectors"),
        ({"vector": "AAAA"}, "not 16"),
        ({"files": [{"path": "/elsewhere/a.jpg", "size": 1, "mtime_ns": 1}]}, "below none"),
        ({"taken_at": "yesterday"}, "yesterday"),
    ],
)
def test_a_row_that_makes_no_sense_is_named(full, tmp_path, row, wrong):
    odd = tmp_path / "odd.jsonl"
    header, first, *_ = lines(full, tmp_path)
    header = json.dumps(json.loads(header) | {"rows": 1}).encode()
    odd.write_bytes(b"\n".join([header, json.dumps(json.loads(first) | row).encode()]))
    with pytest.raises(EmbeddingFileError, match=wrong):
        Import(tmp_path / "other").run([odd])


def test_a_row_needs_no_more_than_a_stranger_can_know(tmp_path):
    """Who computes embeddings elsewhere writes what there is of them."""
    values = json.loads(json.dumps(spec().to_dict())) | {"precision": "float32"}
    header = {"imgsearch": 1, "space": values, "roots": ["/photos"], "rows": None}
    vector = base64.b64encode(unit(5).astype("<f2").tobytes()).decode()
    row = {
        "hash": "ab" * 32,
        "part": 0,
        "size": 1,
        "width": 2,
        "height": 3,
        "format": "JPEG",
        "vector": vector,
    }
    path = tmp_path / "by hand.jsonl"
    path.write_text("\n".join(json.dumps(each) for each in (header, row)))
    assert Import(tmp_path / "other").run([path]).added == 1


def test_a_newer_versions_file_is_refused(full, tmp_path):
    path = tmp_path / "new.jsonl"
    header, *rest = lines(full, tmp_path)
    path.write_bytes(b"\n".join([header.replace(b'"imgsearch": 1', b'"imgsearch": 2'), *rest]))
    with pytest.raises(EmbeddingFileError, match="newer imgsearch"), opened(path):
        pass


def test_numpy_reads_the_archive(full, tmp_path):
    path = written(full, tmp_path / "all.npz", "npz")
    with np.load(path) as archive:
        vectors = archive["vectors"]
        header, *rows = map(json.loads, archive["rows.jsonl"].splitlines())
    assert vectors.shape == (6, DIM)
    assert vectors.dtype == np.float16
    assert header["rows"] == len(rows) == 6
    assert [row["part"] for row in rows] == [0, 0, 1, 2, 0, 0]
    assert [row["seconds"] for row in rows] == [None, 0.0, 2.5, 7.25, None, None]


def test_arrow_reads_typed_columns(full, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(written(full, tmp_path / "all.parquet", "parquet"))
    assert table.column("vector").type.list_size == DIM
    row = table.slice(0, 1).to_pylist()[0]
    np.testing.assert_array_equal(np.array(row["vector"], np.float16), unit(0).astype(np.float16))
    assert row["taken_at"].year == 2021
    assert row["keywords"] == ["dog", "Straße"]
    assert [file["path"] for file in row["files"]] == ["/photos/2021/a.jpg", "/mnt/old� disk/caf�.jpg"]
    assert [file["raw_path"] for file in row["files"]] == [None, b"/mnt/old\xff disk/caf\xe9.jpg"]


def test_without_the_extra_parquet_is_named(full, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"imgsearch\[parquet\]"):
        written(full, tmp_path / "all.parquet", "parquet")
    Path(tmp_path / "all.parquet").write_bytes(b"PAR1")
    with pytest.raises(UsageError, match=r"imgsearch\[parquet\]"):
        Import(tmp_path / "other").run([tmp_path / "all.parquet"])
