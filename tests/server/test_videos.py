from __future__ import annotations

import io

import pytest
from PIL import Image

from indexer.update import Update
from searchengine.server.schemas import Image as ImageShape
from searchengine.server.schemas import SearchAnswer
from tests.films import film
from tests.server.conftest import served

pytest.importorskip("av")

SHOWN = ("a sailboat at sea", "a rocket in space")


@pytest.fixture(scope="module")
def client(scenes, tmp_path_factory):
    """Asks a server of one video, in which two scenes are shown for five seconds each."""
    place = tmp_path_factory.mktemp("videos")
    (place / "films").mkdir()
    shots = [(Image.open(scenes[words]).convert("RGB").resize((320, 240)), 5) for words in SHOWN]
    (place / "films" / "holiday.mp4").write_bytes(film(*shots))
    Update(place / "library", model="builtin").run([place / "films"])
    with served(place / "library") as client:
        yield client


def test_a_video_shows_the_frame_that_was_found(client):
    seen = []
    for words in SHOWN:
        answer = client.get("/api/search", params={"q": words}).json()
        assert SearchAnswer.model_validate(answer)
        (video,) = answer["results"]
        for kind in ("thumbnail", "preview"):
            small = client.get(video[kind])
            assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
            seen.append(small.content)
            assert "immutable" in small.headers["cache-control"]
        assert video["time"] in client.get(f"/api/images/{video['id']}").json()["frames"]
    assert len(set(seen)) == len(SHOWN)  # so small a film has previews like its thumbnails
    assert Image.open(io.BytesIO(seen[1])).size == (320, 240)


def test_only_frames_that_can_be_found_are_made_small(client, problem):
    (video,) = client.get("/api/search").json()["results"]
    assert ImageShape.model_validate(client.get(f"/api/images/{video['id']}").json())
    for time in ("1.2345", "-1", "nan", "inf", "1e300"):
        problem(client.get(f"/api/images/{video['id']}/thumbnail", params={"t": time}), 404)


def test_the_video_itself_comes_in_ranges(client):
    (video,) = client.get("/api/search").json()["results"]
    part = client.get(video["original"], headers={"range": "bytes=4-7"})
    assert (part.status_code, part.content, part.headers["content-type"]) == (206, b"ftyp", "video/mp4")
