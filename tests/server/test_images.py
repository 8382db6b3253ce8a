from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from indexer.update import Update
from searchengine.server.schemas import Image as ImageShape
from tests.server.conftest import served

WORDS = "a dog on a beach"


@pytest.fixture
def dog(client):
    """The first result's."""
    return client.get("/api/search", params={"q": WORDS}).json()["results"][0]


def opened(answer):
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


def test_what_is_known_of_a_picture(client, dog, place):
    found = client.get(f"/api/images/{dog['id']}").json()
    assert ImageShape.model_validate(found)
    assert found["path"] == str(place.scenes[WORDS])
    with Image.open(found["path"]) as file:
        assert (found["width"], found["height"]) == file.size
    assert found["size"] == os.path.getsize(found["path"])


def test_a_name_that_is_not_utf8_comes_as_on_the_command_line(client):
    results = client.get("/api/search", params={"q": "type:tiff"}).json()["results"]
    (odd,) = (client.get(f"/api/images/{each['id']}").json() for each in results)
    assert os.fsencode(odd["path"]).endswith(b"caf\xe9\nau lait.tif")
    original = client.get(odd["original"])
    assert original.status_code == 200
    assert "au%20lait" in original.headers["content-disposition"]


def test_thumbnails_and_previews_are_small_webp(client, dog):
    small = opened(client.get(dog["thumbnail"]))
    assert (small.format, max(small.size)) == ("WEBP", 320)
    (wide,) = client.get("/api/search", params={"q": "type:tiff"}).json()["results"]
    large = opened(client.get(wide["preview"]))
    assert (large.format, large.size) == ("WEBP", (2048, 683))


@pytest.mark.parametrize("kind", ["thumbnail", "preview", "original"])
def test_with_its_hash_a_picture_may_be_kept_for_ever(kind, client, dog):
    answer = client.get(dog[kind])
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    unversioned = dog[kind].partition("?")[0]
    for address in (unversioned, unversioned + "?v=0000000000000000", unversioned + "?v="):
        assert client.get(address).headers["cache-control"] == "private, no-cache"
    again = client.get(unversioned, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_originals_come_whole_and_in_ranges(client, dog, problem):
    data = Path(dog["path"]).read_bytes()
    whole = client.get(dog["original"])
    assert (whole.content, whole.headers["content-type"]) == (data, "image/jpeg")
    part = client.get(dog["original"], headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, data[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(data)}"
    tail = client.get(dog["original"], headers={"range": "bytes=-5"})
    assert tail.content == data[-5:]
    beyond = client.get(dog["original"], headers={"range": f"bytes={len(data)}-"})
    problem(beyond, 416)
    assert beyond.headers["content-range"] == f"bytes */{len(data)}"
    problem(client.get(dog["original"], headers={"range": "bytes=x-y"}), 400)


@pytest.mark.parametrize("path", ["/", "/api/status", "/healthz", "/page/app.js"])
def test_head_is_answered_like_get(path, client):
    asked, had = client.head(path), client.get(path)
    assert (asked.status_code, asked.headers["content-type"]) == (200, had.headers["content-type"])


def test_a_picture_on_its_own_runs_nothing(client, dog):
    for kind in ("thumbnail", "preview", "original"):
        answer = client.get(dog[kind])
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("kind", ["", "/thumbnail", "/preview", "/original", "/similar"])
@pytest.mark.parametrize(
    ("id_", "status"),
    [("0", 422), ("-1", 422), ("x", 422), ("99999", 404), ("9007199254740991", 404), ("9" * 30, 422)],
)
def test_ids_that_are_none(kind, id_, status, client, problem):
    problem(client.get(f"/api/images/{id_}{kind}"), status)


@pytest.mark.parametrize(
    "path",
    [
        "/api/images/..%2f..%2fetc%2fpasswd/original",
        "/api/images/1/original/../../../../etc/passwd",
        "/page/../app.py",
        "/page/..%2fapp.py",
        "/page/%2e%2e/app.py",
        "/page//etc/passwd",
        "/page/%00",
        "/page/" + "x" * 5000,
        "//etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_no_path_leads_out(path, client):
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.fixture
def own(tmp_path, place):
    """A library that may be changed: its folder, its pictures' folder."""
    folder = tmp_path / "pictures"
    (folder / "inner").mkdir(parents=True)
    shutil.copy(place.scenes[WORDS], folder / "inner" / "dog.jpg")
    Update(tmp_path / "library", model="builtin").run([folder])
    return tmp_path / "library", folder


def original(library):
    with served(library) as client:
        (only,) = client.get("/api/search").json()["results"]
        return client.get(only["original"])


def test_what_has_changed_since_is_not_sent(own, problem):
    library, folder = own
    file = folder / "inner" / "dog.jpg"
    assert original(library).status_code == 200
    file.write_bytes(b"a diary")
    assert "index again" in problem(original(library), 404)["detail"]
    file.unlink()
    problem(original(library), 404)


def test_a_link_put_in_a_folders_place_leads_nowhere(own, problem):
    library, folder = own
    elsewhere = folder.parent / "elsewhere"
    (folder / "inner").rename(elsewhere)
    (folder / "inner").symlink_to(elsewhere)  # the same file, size and time, but no longer below the folder
    assert (folder / "inner" / "dog.jpg").exists()
    problem(original(library), 404)


def test_without_its_file_a_picture_keeps_its_thumbnail_only(own, problem):
    library, folder = own
    with served(library) as client:
        (only,) = client.get("/api/search").json()["results"]
        assert client.get(only["thumbnail"]).status_code == 200
        (folder / "inner" / "dog.jpg").unlink()
        assert client.get(only["thumbnail"]).status_code == 200
        problem(client.get(only["preview"]), 404)
        shutil.rmtree(library / "thumbnails")
        problem(client.get(only["thumbnail"]), 404)
