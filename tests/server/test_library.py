from __future__ import annotations

import json

import pytest

from indexer.update import Update
from searchengine.server.schemas import DuplicateGroups, Facets, LibraryStatus
from tests.pictures import paint
from tests.server.conftest import served


def test_status_is_the_command_lines(client, place, imgsearch):
    found = client.get("/api/status").json()
    assert LibraryStatus.model_validate(found)
    done = json.loads(imgsearch("--library", place.library, "status", "--json"))
    changing = {"bytes"}
    assert {k: v for k, v in found.items() if k not in changing} == {
        k: v for k, v in done.items() if k not in changing
    }


def test_facets_count_what_can_be_filtered_by(client, place):
    found = client.get("/api/facets").json()
    assert Facets.model_validate(found)
    assert found["type"] == [{"value": "jpeg", "count": len(place.scenes)}, {"value": "tiff", "count": 1}]
    for each in found["type"]:
        q = f"type:{each['value']}"
        assert client.get("/api/search", params={"q": q}).json()["total"] == each["count"]


@pytest.mark.parametrize("level", ["exact", "edited"])
def test_duplicates_are_grouped(level, client, place):
    found = client.get("/api/duplicates", params={"level": level}).json()
    assert DuplicateGroups.model_validate(found)
    (group,) = found["groups"]
    assert {member["path"] for member in group["members"]} == {
        str(place.pictures / "0011.jpg"),
        str(place.pictures / "a copy.jpg"),
    }
    assert client.get("/api/duplicates", params={"level": level, "offset": 1}).json()["groups"] == []


def test_new_pictures_appear_without_a_restart(tmp_path):
    folder, library = tmp_path / "pictures", tmp_path / "library"
    paint(folder / "one.png", 1)
    Update(library, model="builtin").run([folder])
    with served(library) as client:
        assert client.get("/api/search").json()["total"] == 1
        assert client.get("/api/duplicates").json()["total"] == 0
        paint(folder / "two.png", 2)
        (folder / "one again.png").write_bytes((folder / "one.png").read_bytes())
        Update(library).run([folder])
        assert client.get("/api/search", params={"q": "noise"}).json()["total"] == 2
        assert client.get("/api/duplicates").json()["total"] == 1
        (folder / "two.png").unlink()
        Update(library).run([folder])
        assert client.get("/api/search", params={"q": "noise"}).json()["total"] == 1


def test_health_is_whether_searches_are_answered(tmp_path):
    folder, library = tmp_path / "pictures", tmp_path / "library"
    paint(folder / "one.png", 1)
    Update(library, model="builtin").run([folder])
    with served(library) as client:
        for _ in range(100):
            answer = client.get("/healthz")
            if answer.json() != {"status": "starting"}:
                break
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        (library / "catalog.sqlite3").write_bytes(b"x" * 100_000)
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()) == (503, {"status": "unavailable"})


def test_metrics_count_requests_by_route_and_a_searchs_time_by_stage(client):
    client.get("/api/search", params={"q": "something secret"})
    client.get("/something/secret")
    client.request("SECRET", "/api/search")
    text = client.get("/metrics").text
    assert 'imgsearch_request_seconds_count{method="GET",route="/api/search",status="200"}' in text
    for stage in ("wait", "search", "encode", "rank", "write"):
        assert f'imgsearch_search_stage_seconds_count{{stage="{stage}"}}' in text
    assert "secret" not in text.lower()
