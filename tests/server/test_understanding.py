"""Labels and groups over HTTP."""

from __future__ import annotations

import pytest

from searchengine.server.schemas import PictureDescription, PictureObjects


@pytest.fixture
def ids(client):
    return [hit["id"] for hit in client.get("/api/search", params={"k": 3}).json()["results"]]


def test_pictures_are_classified_by_their_ids(client, ids):
    answer = client.post("/api/classify", json={"ids": ids, "labels": ["dog", "cat"]})
    assert answer.status_code == 200
    found = answer.json()
    assert len(found) == len(ids)
    for each in found:
        assert {label["label"] for label in each["labels"]} == {"dog", "cat"}
        assert sum(label["probability"] for label in each["labels"]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"labels": ["dog"]}, "one alone always has probability 1"),
        ({"labels": ["dog", "dog"]}, "stands there twice"),
        ({"ids": [4711]}, "no picture 4711"),
        ({"templates": ["a photo"]}, "has no {}"),
    ],
)
def test_what_cannot_be_asked_is_a_problem(change, said, client, ids):
    answer = client.post("/api/classify", json={"ids": ids, "labels": ["dog", "cat"], **change})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_the_groups_have_names_and_examples(client):
    found = client.get("/api/clusters", params={"count": 2}).json()
    total = client.get("/api/search").json()["total"]
    assert sum(each["size"] for each in found) == total
    for each in found:
        assert each["name"] == each["phrases"][0]
        assert client.get(each["examples"][0]["thumbnail"]).status_code == 200
    assert client.get("/api/clusters", params={"count": 2}).json() == found
    assert client.get("/api/clusters", params={"count": 999}).status_code == 400


def test_judged_results_rank_the_others_anew(client, ids):
    asked = {"q": "a dog", "k": 3, "more": [ids[2]], "less": [ids[0]]}
    found = client.post("/api/search", json=asked).json()["results"]
    assert found[0]["id"] == ids[2]
    assert client.post("/api/search", json={**asked, "more": [4711]}).status_code == 400


def test_what_is_where_and_in_words(client, place):
    (hit,) = client.get("/api/search", params={"q": "a sailboat at sea", "k": 1}).json()["results"]
    asked = {"ids": [hit["id"]], "labels": ["sailboat", "bicycle"], "least": 0.1}
    answer = client.post("/api/objects", json=asked)
    (found,) = answer.json()
    PictureObjects.model_validate_json(answer.content[1:-1], strict=True)
    assert found["path"] == hit["path"]
    assert {each["label"] for each in found["objects"]} == {"sailboat"}
    assert all(len(each["box"]) == 4 for each in found["objects"])
    answer = client.post("/api/describe", json={"ids": [hit["id"]]})
    (said,) = answer.json()
    PictureDescription.model_validate_json(answer.content[1:-1], strict=True)
    assert (said["id"], said["method"]) == (hit["id"], "composed")
    assert said["text"].endswith("at sea")


def test_only_a_few_pictures_are_looked_at_closely_at_a_time(client, ids):
    assert client.post("/api/describe", json={"ids": ids * 10}).status_code == 422
    assert client.post("/api/objects", json={"ids": [4711]}).status_code == 400
