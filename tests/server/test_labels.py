"""Labels over HTTP: taught by who shows the token, and answered from then on."""

from __future__ import annotations

import shutil

import pytest
from starlette.testclient import TestClient

from indexer.lock import writing
from searchengine import Library
from searchengine.catalog.catalog import Catalog
from searchengine.layout import Layout
from searchengine.running import Announcement, Running
from searchengine.server.app import application
from searchengine.server.schemas import Label, LabelExamples, LabelList, LabelSuggestion
from searchengine.server.settings import Settings
from tests.server.conftest import served

TOKEN = "correct horse battery staple"
SIGNED = {"authorization": f"Bearer {TOKEN}"}
SNOW = ("a dog in the snow", "two foxes in the snow")
BEACH = "a dog on a beach"
WINTER = {
    "name": "winter",
    "positives": 2,
    "negatives": 0,
    "learned": True,
    "recognised": 0,
    "told_apart": 0,
}


@pytest.fixture
def folder(place, tmp_path):
    """A library that may be changed."""
    return shutil.copytree(place.library, tmp_path / "library")


@pytest.fixture
def teaching(folder):
    """Asks a server of it as one who knows the token."""
    with served(folder, token=TOKEN) as client:
        client.headers.update(SIGNED)
        yield client


@pytest.fixture
def ids(client, place):
    """The pictures' ids by what they show."""
    hits = client.get("/api/search", params={"k": 500}).json()["results"]
    by_path = {path: hit["id"] for hit in hits for path in [hit["path"], *hit["copies"]]}
    return {words: by_path[str(path)] for words, path in place.scenes.items()}


def found(client, q):
    answer = client.get("/api/search", params={"q": q, "k": 500})
    assert answer.status_code == 200, answer.text
    return {hit["id"] for hit in answer.json()["results"]}


def test_what_is_taught_is_found_by_the_same_server(teaching, ids, problem):
    problem(teaching.get("/api/search", params={"q": "label:winter"}), 400)
    snow = [ids[each] for each in SNOW]
    answer = teaching.post("/api/labels/Winter/examples", json={"ids": snow})
    assert answer.json() == WINTER
    Label.model_validate_json(answer.content, strict=True)
    assert set(snow) <= found(teaching, "label:winter")
    teaching.post("/api/labels/winter/examples", json={"ids": [ids[BEACH]], "shows": False})
    assert ids[BEACH] not in found(teaching, "label:winter")
    teaching.post("/api/labels/winter/examples", json={"ids": [ids[BEACH]], "shows": True})
    assert ids[BEACH] in found(teaching, "label:winter")
    said = teaching.get(f"/api/images/{ids[BEACH]}").json()["labels"]
    assert said == [{"name": "winter", "shows": True}]

    listed = teaching.get("/api/labels")
    LabelList.model_validate_json(listed.content, strict=True)
    (label,) = listed.json()["labels"]
    assert (label["positives"], len(label["thumbnails"])) == (3, 3)
    assert teaching.get(label["thumbnails"][0]).headers["content-type"] == "image/webp"

    assert teaching.delete(f"/api/labels/winter/examples/{ids[BEACH]}").status_code == 204
    assert teaching.get("/api/labels").json()["labels"][0]["positives"] == 2
    assert teaching.delete("/api/labels/winter").status_code == 204
    assert teaching.get("/api/labels").json() == {"writable": True, "labels": []}
    problem(teaching.get("/api/search", params={"q": "label:winter"}), 400)


def test_what_to_label_next_is_new_and_the_examples_come_in_pages(teaching, ids):
    snow = [ids[each] for each in SNOW]
    teaching.post("/api/labels/winter/examples", json={"ids": snow})
    teaching.post("/api/labels/winter/examples", json={"ids": [ids[BEACH]], "shows": False})
    suggested = teaching.get("/api/labels/winter/suggest", params={"k": 5}).json()
    assert len(suggested) == 5
    assert all(LabelSuggestion.model_validate(each, strict=True) for each in suggested)
    assert not {each["id"] for each in suggested} & {*snow, ids[BEACH]}
    doubts = [abs(each["probability"] - 0.5) for each in suggested]
    assert doubts == sorted(doubts)

    pages, cursor = [], None
    while True:
        given = {"k": 1} | ({"cursor": cursor} if cursor else {})
        page = teaching.get("/api/labels/winter/examples", params=given).json()
        assert LabelExamples.model_validate(page, strict=True)
        pages += page["examples"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [(each["id"], each["shows"]) for each in pages] == [
        *((each, True) for each in sorted(snow)),
        (ids[BEACH], False),
    ]


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ("GET /api/labels/nobody/suggest", 404, "no label is called nobody"),
        ("GET /api/labels/nobody/examples", 404, "no label is called nobody"),
        ("DELETE /api/labels/nobody", 404, "no label is called nobody"),
        ("DELETE /api/labels/nobody/examples/1", 404, "no label is called nobody"),
        ("POST /api/labels/nobody/train", 404, "no label is called nobody"),
        ("GET /api/labels/rex/examples?cursor=WyJleGFtcGxlcyByZXgiLCJ4IiwiMSJd", 400, "cursor"),
        ("DELETE /api/labels/rex/examples/4711", 404, "no picture 4711"),
        ("DELETE /api/labels/rex/examples/2", 404, "picture 2 is no example of rex"),
    ],
)
def test_what_cannot_be_asked_of_labels_is_a_problem(asked, status, said, teaching, problem):
    teaching.post("/api/labels/rex/examples", json={"ids": [1]})
    assert said in problem(teaching.request(*asked.split()), status)["detail"]


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"ids": [4711]}, 400, "4711 isn't in the library"),
        ({"ids": [1], "shows": False}, 400, "has no picture that shows it yet"),
        ({"ids": []}, 422, "at least 1"),
        ({"ids": [1], "show": True}, 422, "show"),
    ],
)
def test_what_cannot_be_taught_is_a_problem(given, status, said, teaching, problem):
    assert said in problem(teaching.post("/api/labels/rex/examples", json=given), status)["detail"]
    assert teaching.get("/api/labels").json()["labels"] == []


def test_a_name_may_hold_anything_that_can_be_printed(teaching):
    for name, written in (("cat/dog", "cat%2Fdog"), ("a b:c", "a%20b%3Ac"), ("größe?", "gr%C3%B6%C3%9Fe%3F")):
        answer = teaching.post(f"/api/labels/{written}/examples", json={"ids": [1]})
        assert answer.json()["name"] == name
        assert teaching.get(f"/api/labels/{written}/examples").json()["label"]["name"] == name
        assert 1 in found(teaching, f'label:"{name}"')
        assert teaching.delete(f"/api/labels/{written}/examples/1").status_code == 204
    assert teaching.get("/api/labels").json()["labels"] == []


def test_labels_are_counted_by_how_many_pictures_a_search_finds(teaching, ids):
    teaching.post("/api/labels/winter/examples", json={"ids": [ids[each] for each in SNOW]})
    teaching.post("/api/labels/rex/examples", json={"ids": [ids[BEACH]]})
    facets = teaching.get("/api/facets").json()["label"]
    assert {each["value"]: each["count"] for each in facets} == {
        name: len(found(teaching, f"label:{name}")) for name in ("rex", "winter")
    }
    teaching.delete("/api/labels/rex")
    assert [each["value"] for each in teaching.get("/api/facets").json()["label"]] == ["winter"]


def test_what_examples_have_left_behind_is_learned_anew(teaching, folder, ids):
    teaching.post("/api/labels/winter/examples", json={"ids": [ids[each] for each in SNOW]})
    answer = teaching.post("/api/labels/winter/train")
    assert answer.json() == WINTER


def test_a_label_gets_another_name(teaching, ids, problem):
    snow = [ids[each] for each in SNOW]
    for name, pictures in (("wintr", snow), ("beach", [ids[BEACH]])):
        teaching.post(f"/api/labels/{name}/examples", json={"ids": pictures})
    answer = teaching.patch("/api/labels/wintr", json={"name": " Winter "})
    assert answer.json() == WINTER
    assert set(snow) <= found(teaching, "label:winter")
    problem(teaching.get("/api/search", params={"q": "label:wintr"}), 400)
    problem(teaching.patch("/api/labels/wintr", json={"name": "winter"}), 404)
    said = problem(teaching.patch("/api/labels/winter", json={"name": "Beach"}), 400)["detail"]
    assert "there is a label beach already" in said
    assert teaching.patch("/api/labels/winter", json={"name": "winter"}).status_code == 200


WRITES = [
    ("PATCH", "/api/labels/rex"),
    ("POST", "/api/labels/rex/examples"),
    ("POST", "/api/labels/rex/train"),
    ("DELETE", "/api/labels/rex/examples/1"),
    ("DELETE", "/api/labels/rex"),
]


BODIES = {
    ("PATCH", "/api/labels/rex"): {"name": "max"},
    ("POST", "/api/labels/rex/examples"): {"ids": [1]},
}


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_nobody_teaches_a_server_without_a_token(method, path, client, problem):
    body = BODIES.get((method, path))
    said = problem(client.request(method, path, json=body), 403)["detail"]
    assert "IMGSEARCH_TOKEN" in said
    assert "imgsearch label" in said
    assert client.get("/api/labels").json() == {"writable": False, "labels": []}


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_nobody_teaches_without_showing_the_token(method, path, folder, problem):
    with Library.open(folder) as opened:
        announcement = Announcement(folder, Running.this("http://127.0.0.1:8420"))
        app = application(opened, Settings(token=TOKEN), announcement=announcement)
        with TestClient(app, base_url="http://127.0.0.1:8420") as client:
            body = BODIES.get((method, path))
            problem(client.request(method, path, json=body), 401)
            key = {"authorization": f"Bearer {announcement.running.key}"}
            assert client.get("/api/labels", headers=key).status_code == 200
            problem(client.request(method, path, json=body, headers=key), 403)
            # A cookie is sent along with what other sites have a browser ask; it can't ask in JSON unasked.
            assert client.post("/api/session", json={"token": TOKEN}).status_code == 204
            foreign = {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}
            problem(client.request(method, path, json=body, headers=foreign), 403)
            if method == "POST" and body:
                plain = {"content-type": "text/plain"}
                problem(client.post(path, content=b'{"ids": [1]}', headers=plain), 422)
                assert client.post(path, json=body).status_code == 200
        assert [each.name for each in opened.labels()] == (["rex"] if "ids" in (body or {}) else [])


def test_who_teaches_waits_a_moment_and_is_told_who_writes(folder, problem):
    with (
        Library.open(folder, patience=0.2) as opened,
        Catalog.open(Layout(folder).catalog) as catalog,
    ):
        app = application(opened, Settings(token=TOKEN))
        with TestClient(app, base_url="http://127.0.0.1:8420", headers=SIGNED) as client:
            asked = {"url": "/api/labels/rex/examples", "json": {"ids": [1]}}
            with writing(folder, "imgsearch index"):
                assert client.post(**asked).status_code == 200  # between two batches
                with catalog.write():
                    answer = client.post(**asked)
                    assert "`imgsearch index` (process " in problem(answer, 503)["detail"]
                    assert answer.headers["retry-after"]
            with catalog.write():
                assert "another process" in problem(client.post(**asked), 503)["detail"]
            assert client.post(**asked).status_code == 200
