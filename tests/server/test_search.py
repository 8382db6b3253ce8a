from __future__ import annotations

import json
import random

import pytest
from PIL import Image

from indexer.update import Update
from searchengine.server import fetcher
from searchengine.server.routes import export
from searchengine.server.schemas import SearchAnswer
from tests.server.conftest import served

WORDS = "a dog on a beach"


def ask(client, q, **parameters):
    answer = client.get("/api/search", params={"q": q, **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_words_find_their_picture(client, place):
    found = ask(client, WORDS, k=3)
    assert found["results"][0]["path"] == str(place.scenes[WORDS])
    assert found["query"] == WORDS
    assert found["total"] == len(place.scenes) + 1
    assert [each["rank"] for each in found["results"]] == [1, 2, 3]


def test_the_answer_is_the_command_lines_plus_addresses(client, place, imgsearch):
    printed = imgsearch("--library", place.library, "search", WORDS, "-k", "5", "--format", "json")
    expected, found = json.loads(printed), ask(client, WORDS, k=5)
    added = {"thumbnail", "preview", "original"}
    for result in found["results"]:
        for name in added:
            assert result.pop(name).startswith(f"/api/images/{result['id']}/{name}?v=")
    assert found["results"] == expected["results"]
    assert set(found) == set(expected) | {"next"}


def test_a_body_asks_as_an_address_does(client):
    found = client.post("/api/search", json={"q": WORDS, "k": 4}).json()
    assert found["results"] == ask(client, WORDS, k=4)["results"]


def test_pages_follow_each_other_to_the_end(client):
    whole = ask(client, WORDS, k=100)
    ids, cursor = [], None
    while True:
        page = ask(client, WORDS, k=5, **({"cursor": cursor} if cursor else {}))
        ids += [each["id"] for each in page["results"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert ids == [each["id"] for each in whole["results"]]
    assert whole["next"] is None


def test_edits_of_one_picture_are_one_result_where_that_is_asked_for(tmp_path, place):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, file in enumerate([*place.scenes.values()][:4]):
        with Image.open(file) as picture:
            picture.save(folder / f"{number}.jpg", quality=95)
            picture.save(folder / f"{number} smaller.jpg", quality=60)
    Update(tmp_path / "library", model="builtin").run([folder])
    with served(tmp_path / "library") as client:
        assert len(ask(client, WORDS)["results"]) == 8
        for sort in ("relevance", "newest"):
            whole = ask(client, WORDS, collapse=True, sort=sort)
            assert [len(each["edits"]) for each in whole["results"]] == [1] * 4
            assert whole["next"] is None
            first = ask(client, WORDS, collapse=True, sort=sort, k=3)
            rest = ask(client, WORDS, collapse=True, sort=sort, k=3, cursor=first["next"])
            assert first["results"] + rest["results"] == whole["results"]
        id_ = whole["results"][0]["id"]
        alike = client.get(f"/api/images/{id_}/similar", params={"collapse": True}).json()
        assert len(alike["results"]) == 4


def test_a_whole_answer_is_exported_as_the_command_line_prints_it(client, place, imgsearch, monkeypatch):
    monkeypatch.setattr(export, "PAGE", 7)
    for format_ in ("paths", "jsonl"):
        values = {"q": WORDS, "format": format_, "relevant": False}
        answer = client.get("/api/export", params=values)
        expected = imgsearch("--library", place.library, "search", WORDS, "--all", "--format", format_)
        assert answer.content.decode(errors="replace") == expected
        assert answer.headers["content-disposition"].startswith("attachment")
    relevant = client.get("/api/export", params={"q": WORDS, "format": "jsonl"}).content.splitlines()
    lines = [json.loads(line) for line in answer.content.splitlines()]
    assert [json.loads(line) for line in relevant] == [each for each in lines if each["relevant"]]
    assert 0 < len(relevant) < len(lines)


def test_what_is_wrong_with_an_exported_query_is_said_before_it_begins(client, problem):
    problem(client.get("/api/export", params={"q": "camra:canon"}), 400)


def test_an_empty_query_shows_all_pictures(client, place):
    found = ask(client, "", k=100)
    assert len(found["results"]) == found["total"] == len(place.scenes) + 1
    assert {each["score"] for each in found["results"]} == {None}


def test_a_picture_in_the_library_is_searched_by_its_id(client):
    first = ask(client, WORDS)["results"][0]["id"]
    by_word = ask(client, f"image:{first}")["results"]
    by_path = client.get(f"/api/images/{first}/similar").json()["results"]
    assert by_word == by_path
    assert by_word[0]["id"] == first
    assert by_word[0]["score"] == pytest.approx(1, abs=1e-3)


def test_a_picture_sent_along_finds_its_likes(client, place):
    data = place.scenes[WORDS].read_bytes()
    found = client.post("/api/search", files={"image": ("x.jpg", data)}, data={"k": "2"}).json()
    assert found["results"][0]["path"] == str(place.scenes[WORDS])
    assert len(found["results"]) == 2
    assert SearchAnswer.model_validate(found)


def test_a_query_composes_the_pictures_sent_with_words_and_ids(client, place):
    dog, owl = (place.scenes[words].read_bytes() for words in (WORDS, "an owl in the forest"))
    snow = ask(client, "a dog in the snow")["results"][0]["id"]
    found = client.post(
        "/api/search",
        data={"q": f"image:one image:two -image:{snow}^0.5"},
        files={"one": dog, "two": owl},
    ).json()
    names = {str(place.scenes[words]) for words in (WORDS, "an owl in the forest")}
    assert {each["path"] for each in found["results"][:2]} == names


def test_a_picture_on_the_web_is_fetched_only_where_that_is_allowed(client, place, problem, monkeypatch):
    asked = {"url": "https://example.org/dog.jpg", "k": 3}
    assert "--allow-fetch" in problem(client.post("/api/search", json=asked), 403)["detail"]
    data = place.scenes[WORDS].read_bytes()
    fetched = []

    def fetch(_, url):
        fetched.append(url)
        return data if "dog" in url else b""

    monkeypatch.setattr(fetcher.Fetcher, "__call__", fetch)
    with served(place.library, allow_fetch=True) as allowed:
        found = allowed.post("/api/search", json=asked).json()
        assert found["results"][0]["path"] == str(place.scenes[WORDS])
        following = allowed.post("/api/search", json={**asked, "cursor": found["next"]}).json()
        assert [hit["rank"] for hit in following["results"]] == [4, 5, 6]
        assert fetched == [asked["url"]]  # the pages that follow are of the same picture
        composed = allowed.post(
            "/api/search", json={**asked, "q": "image:url^0.1 an owl in the forest"}
        ).json()
        assert composed["results"][0]["path"] == str(place.scenes["an owl in the forest"])
        problem(allowed.post("/api/search", json={"url": "https://example.org/nothing"}), 415)
        both = {"data": {"url": asked["url"]}, "files": {"url": ("x", data)}}
        problem(allowed.post("/api/search", **both), 400)


def test_strangers_cannot_fetch_from_this_machine(place, problem):
    with served(place.library, allow_fetch=True) as allowed:
        for url in ("http://127.0.0.1:1/", "http://[::1]/", "file:///etc/passwd", "gopher://x", ""):
            assert problem(allowed.post("/api/search", json={"url": url}), 400)


@pytest.mark.parametrize(
    "reference",
    ["./0000.jpg", "/etc/passwd", "http://127.0.0.1/x.jpg", "file:///etc/passwd", "²", "other", "1" * 30],
)
def test_image_takes_neither_paths_nor_addresses(reference, client, problem):
    said = problem(client.get("/api/search", params={"q": f'image:"{reference}"'}), 400)
    assert "image" in said["detail"] or "picture" in said["detail"]


def test_a_bad_query_points_at_the_word(client, problem):
    said = problem(client.get("/api/search", params={"q": "dog camra:canon"}), 400)
    assert said["query"][said["start"] : said["end"]].startswith("camra")
    assert "camera" in said["detail"]


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"k": "0"}, 422),
        ({"k": "501"}, 422),
        ({"k": "ten"}, 422),
        ({"sort": "best"}, 422),
        ({"q": "x" * 2001}, 422),
        ({"cursor": "nonsense"}, 400),
        ({"cursor": "x" * 1001}, 422),
        ({"q": "image:99999999"}, 400),
        ({"q": "dog -dog"}, 400),
    ],
)
def test_what_cannot_be_asked_for(parameters, status, client, problem):
    problem(client.get("/api/search", params=parameters), status)


def test_a_cursor_of_another_query_is_refused(client, problem):
    cursor = ask(client, WORDS, k=2)["next"]
    problem(client.get("/api/search", params={"q": "a cat", "cursor": cursor}), 400)


def test_a_forged_cursor_is_refused_or_a_place_like_any_other(client):
    cursor = ask(client, WORDS, k=2)["next"]
    random_ = random.Random(3)
    for _ in range(150):
        letters = list(cursor)
        for _ in range(random_.randrange(1, 6)):
            letters[random_.randrange(len(letters))] = random_.choice("ABCabc019-_=%~ \0é")
        answer = client.get("/api/search", params={"q": WORDS, "cursor": "".join(letters), "k": 500})
        assert answer.status_code in (200, 400)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[]", "application/json", 422),
        (b'{"q": 3}', "application/json", 422),
        (b'{"q": "\\udcff"}', "application/json", 422),
        (b'{"k": 1e400}', "application/json", 422),
        (b'{"path": "/etc"}', "application/json", 422),
        (b"q=dog", "application/x-www-form-urlencoded", 415),
        (b"", "", 415),
        (b"", "multipart/form-data", 400),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x", 400),
    ],
)
def test_bodies_that_make_no_sense(body, kind, status, client, problem):
    problem(client.post("/api/search", content=body, headers={"content-type": kind}), status)
