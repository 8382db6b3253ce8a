"""Roots behind a URL: the same life as a folder's, on an S3 server that the test starts."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

pytest.importorskip("s3fs", reason="s3fs isn't installed (pip install s3fs)")
pytest.importorskip("moto", reason="moto isn't installed (pip install 'moto[server]')")

from indexer.update import Update
from indexer.upkeep.forget import forget
from searchengine.errors import UsageError
from searchengine.images.remote import status_at
from searchengine.library import Library
from tests.pictures import paint

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # botocore's own


@pytest.fixture(scope="module")
def server():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{address}/moto-api/data.json", timeout=1)
            break
        except OSError:
            time.sleep(0.1)
    yield address
    process.terminate()
    process.wait()


@pytest.fixture
def bucket(server, monkeypatch):
    """An empty bucket, and its file system; decoding processes reach it by the same variables."""
    import s3fs

    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    files = s3fs.S3FileSystem(use_listings_cache=False)
    files.mkdir("photos")
    yield files
    files.rm("photos", recursive=True)
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def put(bucket, tmp_path):
    def put(name, seed, **options):
        bucket.put_file(str(paint(tmp_path / "made" / name, seed, **options)), f"photos/{name}")

    return put


@pytest.fixture
def index(library, encoder):
    def run(*paths, **options):
        counts = Update(library, **options).run(paths or ["s3://photos/album"]).to_dict()
        return {name: value for name, value in counts.items() if isinstance(value, int) and value}

    return run


def test_a_bucket_lives_as_a_folder_does(put, bucket, index, encoder):
    for seed in range(4):
        put(f"album/{'trip/' if seed % 2 else ''}{seed}.png", seed)
    put("elsewhere/9.png", 9)
    put("album/.hidden/8.png", 8)
    bucket.pipe_file("photos/album/notes.txt", b"no picture")
    bucket.pipe_file("photos/album/bad.jpg", b"no picture either")
    assert index() == {"seen": 5, "added": 4, "failed": 1}
    assert index() == {"seen": 5, "unchanged": 4, "failed": 1}
    assert encoder.images == 4
    put("album/0.png", 50)
    bucket.mv("photos/album/trip/1.png", "photos/album/moved.png")
    bucket.cp_file("photos/album/2.png", "photos/album/trip/copy.png")
    bucket.rm("photos/album/bad.jpg")
    assert index() == {"seen": 5, "added": 1, "updated": 1, "moved": 1, "removed": 1, "unchanged": 2}
    assert encoder.images == 5


def test_an_object_that_is_overwritten_within_a_second_by_one_of_its_size_is_read_again(bucket, put, index):
    put("album/a.bmp", 1)
    before = status_at("s3://photos/album/a.bmp")
    assert index() == {"seen": 1, "added": 1}
    put("album/a.bmp", 2)
    after = status_at("s3://photos/album/a.bmp")
    assert (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns)
    assert after.st_size == before.st_size
    assert index() == {"seen": 1, "updated": 1}


def test_a_bucket_that_is_empty_or_gone_keeps_its_pictures(put, bucket, index):
    put("album/a.png", 1)
    index()
    bucket.rm("photos/album", recursive=True)
    assert index() == {"missing": 1}


def test_sidecars_in_a_bucket_are_read(put, bucket, index, library):
    put("album/a.jpg", 1)
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
    )
    index()
    bucket.pipe_file("photos/album/a.xmp", packet.encode())
    assert index() == {"seen": 1, "updated": 1}
    with Library.open(library) as opened:
        assert [hit.path for hit in opened.search("rating:4")] == ["s3://photos/album/a.jpg"]


def test_thumbnails_are_made_from_a_bucket_and_never_from_other_bytes(put, bucket, index, library):
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


def test_a_part_of_a_bucket_and_a_single_object_can_be_named(put, index):
    for name in ("album/a.png", "album/trip/b.png"):
        put(name, len(name))
    assert index("s3://photos/album/trip/") == {"seen": 1, "added": 1}
    assert index("s3://photos/album/a.png") == {"seen": 1, "added": 1}
    assert index("s3://photos/album") == {"seen": 2, "unchanged": 2}


def test_a_bucket_can_be_forgotten(put, index, library):
    put("album/a.png", 1)
    index()
    assert forget(library, ["s3://photos/album/"]).files == 1


@pytest.mark.parametrize("url", ["s3://photos/nothing", "s3://nowhere/at/all", "nonsense://photos"])
def test_a_url_that_leads_nowhere_is_named(url, bucket, index):
    with pytest.raises(UsageError, match=url):
        index(url)
