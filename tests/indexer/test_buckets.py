"""Roots behind a URL live as folders do: in a store of fsspec's in memory, and on an S3 server."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import fsspec
import pytest

import indexer.decoding.decode
from indexer.update import Update
from indexer.upkeep.forget import forget
from indexer.upkeep.rehome import rehome
from indexer.watching.watch import Watch
from searchengine.errors import UsageError
from searchengine.images.remote import status_at
from searchengine.library import Library
from tests.indexer.in_process import InProcessPool
from tests.pictures import paint


@pytest.fixture(scope="module")
def server():
    """The address of an S3 server."""
    pytest.importorskip("s3fs", reason="s3fs isn't installed (pip install s3fs)")
    pytest.importorskip("moto", reason="moto isn't installed (pip install 'moto[server]')")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 120
    while True:
        try:
            urllib.request.urlopen(f"{address}/moto-api/data.json", timeout=60)
            break
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.1)
    yield address
    process.terminate()
    process.wait()


@pytest.fixture
def memory(monkeypatch):
    """A store that other processes don't see: decoding happens in this one."""
    monkeypatch.setattr(indexer.decoding.decode, "DecodePool", InProcessPool)
    return "memory://photos", fsspec.filesystem("memory", use_listings_cache=False)


@pytest.fixture
def s3(request, monkeypatch):
    """A bucket; decoding processes reach it by the same variables."""
    for name, value in {
        "AWS_ENDPOINT_URL": request.getfixturevalue("server"),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    store = fsspec.filesystem("s3", use_listings_cache=False)
    yield "s3://photos", store
    type(store).clear_instance_cache()


@pytest.fixture(
    params=[
        "memory",
        # botocore warns of itself.
        pytest.param("s3", marks=[pytest.mark.slow, pytest.mark.filterwarnings("ignore")]),
    ]
)
def bucket(request):
    """An empty bucket's URL and its store."""
    url, store = request.getfixturevalue(request.param)
    store.mkdir("photos")
    yield url, store
    store.rm("photos", recursive=True)


@pytest.fixture
def url(bucket):
    return bucket[0]


@pytest.fixture
def store(bucket):
    return bucket[1]


@pytest.fixture
def put(store, tmp_path):
    def put(name, seed, **options):
        store.pipe_file(f"photos/{name}", (paint(tmp_path / "made" / name, seed, **options)).read_bytes())

    return put


@pytest.fixture
def index(library, encoder, url):
    def run(*paths, **options):
        counts = Update(library, **options).run(paths or [f"{url}/album"]).to_dict()
        return {name: value for name, value in counts.items() if isinstance(value, int) and value}

    return run


def test_a_bucket_lives_as_a_folder_does(put, store, index, encoder):
    for seed in range(4):
        put(f"album/{'trip/' if seed % 2 else ''}{seed}.png", seed)
    put("elsewhere/9.png", 9)
    put("album/.hidden/8.png", 8)
    store.pipe_file("photos/album/notes.txt", b"no picture")
    store.pipe_file("photos/album/bad.jpg", b"no picture either")
    assert index() == {"seen": 5, "added": 4, "failed": 1}
    assert index() == {"seen": 5, "unchanged": 4, "failed": 1}
    assert encoder.images == 4
    put("album/0.png", 50)
    store.mv("photos/album/trip/1.png", "photos/album/moved.png")
    store.cp_file("photos/album/2.png", "photos/album/trip/copy.png")
    store.rm("photos/album/bad.jpg")
    assert index() == {"seen": 5, "added": 1, "updated": 1, "moved": 1, "removed": 1, "unchanged": 2}
    assert encoder.images == 5


def test_an_object_that_is_overwritten_within_a_second_by_one_of_its_size_is_read_again(
    store, put, index, url
):
    put("album/a.bmp", 1)
    before = status_at(f"{url}/album/a.bmp")
    assert index() == {"seen": 1, "added": 1}
    put("album/a.bmp", 2)
    after = status_at(f"{url}/album/a.bmp")
    assert (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns)
    assert after.st_size == before.st_size
    assert index() == {"seen": 1, "updated": 1}


def test_a_bucket_that_is_empty_or_gone_keeps_its_pictures(put, store, index):
    put("album/a.png", 1)
    index()
    store.rm("photos/album", recursive=True)
    assert index() == {"missing": 1}


def test_sidecars_in_a_bucket_are_read(put, store, index, library, url):
    put("album/a.jpg", 1)
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
    )
    index()
    store.pipe_file("photos/album/a.xmp", packet.encode())
    assert index() == {"seen": 1, "updated": 1}
    with Library.open(library) as opened:
        assert [hit.path for hit in opened.search("rating:4")] == [f"{url}/album/a.jpg"]


def test_thumbnails_are_made_from_a_bucket_and_never_from_other_bytes(put, store, index, library):
    put("album/a.png", 1)
    index()
    with Library.open(library) as opened:
        (hit,) = opened.search("type:png")
        assert not hit.offline
        assert opened.thumbnail(hit.id)[:4] == b"RIFF"
        shutil.rmtree(library / "thumbnails")
        put("album/a.png", 2)
        with pytest.raises(Exception, match="index again"):
            opened.thumbnail(hit.id)


def test_a_part_of_a_bucket_and_a_single_object_can_be_named(put, index, url):
    for name in ("album/a.png", "album/trip/b.png"):
        put(name, len(name))
    assert index(f"{url}/album/trip/") == {"seen": 1, "added": 1}
    assert index(f"{url}/album/a.png") == {"seen": 1, "added": 1}
    assert index(f"{url}/album") == {"seen": 2, "unchanged": 2}


def test_a_bucket_can_be_forgotten(put, index, library, url):
    put("album/a.png", 1)
    index()
    assert forget(library, [f"{url}/album/"]).files == 1


def test_a_bucket_that_was_renamed_can_be_said_to_be(put, store, index, library, url):
    put("album/a.png", 1)
    index()
    store.mv("photos/album/a.png", "photos/archive/a.png")
    assert rehome(library, f"{url}/album", f"{url}/archive/", force=True).files == 1
    with Library.open(library) as opened:
        assert [hit.path for hit in opened.search("type:png")] == [f"{url}/archive/a.png"]


def test_an_original_is_served_from_its_bucket_as_it_was_indexed_or_not_at_all(put, store, index, library):
    testclient = pytest.importorskip("starlette.testclient")
    from searchengine.server.app import application
    from searchengine.server.settings import Settings

    put("album/a.png", 1)
    index()
    with Library.open(library) as opened:
        client = testclient.TestClient(application(opened, Settings()), base_url="http://127.0.0.1")
        (hit,) = opened.search("type:png")
        answer = client.get(f"/api/images/{hit.id}/original")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        assert answer.content == store.cat_file("photos/album/a.png")
        assert answer.headers["content-disposition"] == "inline; filename*=utf-8''a.png"
        put("album/a.png", 2)
        assert client.get(f"/api/images/{hit.id}/original").status_code == 404


def test_a_bucket_cannot_be_watched_and_the_message_says_what_can_be_done(url, library):
    with pytest.raises(UsageError, match="imgsearch index"):
        Watch(library, pytest.fail, on_summary=print, tell=print).run([url])


@pytest.mark.parametrize("nowhere", ["memory://photos/nothing", "nonsense://photos"])
def test_a_url_that_leads_nowhere_is_named(nowhere, memory, library):
    with pytest.raises(UsageError, match=nowhere):
        Update(library).run([nowhere])
