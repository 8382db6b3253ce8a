from __future__ import annotations

import json
import os
import shutil
import time

import pytest

from indexer import recorded
from indexer.lock import writing
from indexer.update import Update
from searchengine.catalog import runs
from searchengine.catalog.catalog import Catalog
from searchengine.server.schemas import DuplicateGroups, Facets, Failures, LibraryStatus, ProgressNow
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


@pytest.fixture(scope="module")
def nested(tmp_path_factory):
    """Asks a server of pictures in folders, all of them below one."""
    base = tmp_path_factory.mktemp("nested")
    album = base / "pictures" / "album"
    names = ("2021/june/1.png", "2021/june/2.png", "2021/3.png", "a b/4.png", 'it"s/5.png', "6.png")
    for number, name in enumerate(names):
        paint(album / name, number)
    shutil.copy(album / "6.png", album / "a b" / "again.png")
    paint(album / os.fsdecode(b"caf\xe9") / "7.png", 7)
    Update(base / "library", model="builtin").run([base / "pictures"])
    with served(base / "library") as client:
        yield client


def folders(client, **parameters):
    return {
        each["value"]: each["count"] for each in client.get("/api/facets", params=parameters).json()["folder"]
    }


def test_folders_are_counted_with_all_that_lies_below_them(nested):
    found = folders(nested)  # "album" holds everything, which nobody has to be told
    assert found == {
        "album/2021": 3,
        "album/a b": 2,
        'album/it"s': 1,
        os.fsdecode(b"album/caf\xe9"): 1,
    }
    for folder in ("album/2021", "album/a b"):
        q = f'path:"{folder}/*"'
        assert nested.get("/api/search", params={"q": q}).json()["total"] == found[folder]
    assert folders(nested, folder="album/2021") == {"album/2021/june": 2}
    assert folders(nested, folder="album/2021/june") == {}
    assert folders(nested, folder="nowhere") == folders(nested, folder="album/2021\0") == {}


@pytest.mark.parametrize("level", ["exact", "edited"])
def test_duplicates_are_grouped(level, client, place):
    found = client.get("/api/duplicates", params={"level": level}).json()
    assert DuplicateGroups.model_validate(found)
    (group,) = found["groups"]
    assert {member["path"] for member in group["members"]} == {
        str(place.pictures / "0011.jpg"),
        str(place.pictures / "a copy.jpg"),
    }
    for member in group["members"]:
        assert client.get(member["thumbnail"]).headers["content-type"] == "image/webp"
    assert found["next"] is None


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Asks a server of five pictures with copies, and five files that are none."""
    base = tmp_path_factory.mktemp("many")
    folder = base / "pictures"
    for number in range(5):
        paint(folder / f"{number}.png", number)
        shutil.copy(folder / f"{number}.png", folder / f"{number} again.png")
        broken = folder / os.fsdecode(b"broken \xe9 %d.jpg" % number)
        broken.write_bytes(b"\xff\xd8\xff no picture %d" % number)
    Update(base / "library", model="builtin").run([folder])
    with served(base / "library") as client:
        yield client


def pages(client, path, name, **parameters):
    """All entries of a list, two at a time."""
    found, cursor = [], None
    while True:
        values = parameters | {"k": 2} | ({"cursor": cursor} if cursor else {})
        answer = client.get(path, params=values).json()
        found += answer[name]
        cursor = answer["next"]
        if cursor is None:
            assert len(found) == answer["total"]
            return found
        assert len(answer[name]) == 2


def test_duplicates_and_failures_come_in_pages(many):
    groups = pages(many, "/api/duplicates", "groups")
    assert groups == many.get("/api/duplicates").json()["groups"]
    assert [os.path.basename(group["keep"])[0] for group in groups] == [*"01234"]
    failed = pages(many, "/api/failures", "failures")
    whole = many.get("/api/failures").json()
    assert Failures.model_validate(whole)
    assert failed == whole["failures"]
    assert [os.fsencode(each["path"])[-5:] for each in failed] == [b"%d.jpg" % n for n in range(5)]
    assert all(each["reason"] for each in failed)


@pytest.mark.parametrize(
    "cursor", ["x", "=", "é", "W10", "WyJmYWlsdXJlcyIsMSwyXQ", "WyJmYWlsdXJlcyIsIlx1ZDgwMCIsIiJd", "W" * 900]
)
@pytest.mark.parametrize("path", ["/api/duplicates", "/api/failures"])
def test_what_no_page_gave_is_no_cursor(path, cursor, many, problem):
    problem(many.get(path, params={"cursor": cursor}), 400)


def test_a_cursor_belongs_to_its_level(many, problem):
    cursor = many.get("/api/duplicates", params={"k": 1}).json()["next"]
    problem(many.get("/api/duplicates", params={"cursor": cursor, "level": "edited"}), 400)


def test_paths_of_pictures_come_in_the_order_asked(many):
    results = many.get("/api/search").json()["results"]
    ids = [each["id"] for each in results][::-1]
    found = many.post("/api/paths", json={"ids": [*ids, ids[0], 999_999]}).json()["paths"]
    expected = [{name: each[name] for name in ("id", "path", "copies")} for each in results[::-1]]
    assert found == expected


def test_progress_tells_of_pictures_that_came_and_how_a_run_ended(tmp_path):
    folder, library = tmp_path / "pictures", tmp_path / "library"
    paint(folder / "one.png", 1)
    Update(library, model="builtin").run([folder])
    with served(library) as client:
        before = client.get("/api/progress").json()
        assert ProgressNow.model_validate(before)
        assert (before["images"], before["run"]["outcome"]) == (1, "done")
        assert before["run"] == client.get("/api/status").json()["last_run"]
        paint(folder / "two.png", 2)
        Update(library).run([folder])
        after = client.get("/api/progress").json()
        assert (after["images"], after["change"] > before["change"]) == (2, True)


def test_a_run_tells_how_far_it_is_while_it_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded, "INTERVAL", 0)
    folder, library = tmp_path / "pictures", tmp_path / "library"
    for number in range(3):
        paint(folder / f"{number}.png", number)
    Update(library, model="builtin").run([folder])
    (folder / "new.png").write_bytes((folder / "0.png").read_bytes()[:-20])
    seen = []
    with served(library) as client:
        look = lambda _: seen.append(client.get("/api/progress").json()["run"])  # noqa: E731
        Update(library, rehash=True, on_progress=look).run([folder])
        ended = client.get("/api/progress").json()["run"]
    assert {each["outcome"] for each in seen} == {"running"}
    told = [each["progress"] for each in seen if each["progress"]]
    indexing = [each for each in told if each["stage"] == "indexing"]
    assert {each["total"] for each in indexing} == {4}
    assert 0 in {each["done"] for each in indexing}
    assert (ended["outcome"], ended["progress"], ended["counts"]["seen"]) == ("done", None, 4)


def test_a_run_that_was_killed_is_not_said_to_go_on(tmp_path):
    folder, library = tmp_path / "pictures", tmp_path / "library"
    paint(folder / "one.png", 1)
    Update(library, model="builtin").run([folder])
    with Catalog.open(library / "catalog.sqlite3") as catalog, catalog.write() as session:
        run = runs.start_run(session)
        progress = {"stage": "indexing", "done": 1, "total": 9, "failed": 0, "rate": 0.5, "eta_s": 16}
        runs.update_run(session, run, progress)
    with served(library) as client:
        assert client.get("/api/progress").json()["run"]["outcome"] == "interrupted"
        with writing(library, "imgsearch index"):
            found = client.get("/api/progress").json()["run"]
        assert (found["outcome"], found["progress"]["total"]) == ("running", 9)


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
        end = time.monotonic() + 120
        while (answer := client.get("/healthz")).json() == {"status": "starting"}:
            assert time.monotonic() < end
            time.sleep(0.02)
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
