"""All of it with the catalog on PostgreSQL: every command as a user calls it, one after the other."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest
from click.testing import CliRunner
from sqlalchemy import make_url

from data.render import render
from data.scenes import Placed, Scene
from indexer.import_files import Import
from indexer.update import Update
from searchengine import Library
from searchengine.cli import program
from searchengine.engines import CATALOG_VARIABLE, FILE_NAME
from tests.collection import Collection
from tests.images.made import xmp
from tests.pictures import paint_scenes
from tests.servers import PASSWORD
from tests.vectors import engines

pytestmark = pytest.mark.postgres

DOG, SNOW, CAT = "a dog on a beach", "a dog in the snow", "a cat on a wooden table"


class Guarded(Collection):
    """One whose catalog is on a server that asks for a password, which no output may show."""

    def __init__(self, folder, url):
        super().__init__(folder)
        self.url = url

    def run(self, *words, code=0):
        done = super().run(*words, code=code)
        assert PASSWORD not in done.output
        return done


MILVUS = [pytest.mark.milvus, pytest.mark.slow]


@pytest.fixture(
    scope="module",
    params=["faiss", pytest.param("lite server", marks=MILVUS), pytest.param("server", marks=MILVUS)],
)
def vectors(request, tmp_path_factory):
    """Where the vectors are: a URL, or nothing for the library's folder."""
    if request.param == "faiss":
        yield ""
        return
    make = engines.lite_server if request.param == "lite server" else engines.genuine_server
    server = make(tmp_path_factory.mktemp("milvus"))
    yield server.address
    server.stop()


@pytest.fixture(scope="module")
def place(vectors, postgres_server, tmp_path_factory):
    patch = pytest.MonkeyPatch()
    url = postgres_server.url(postgres_server.database(), "guarded")
    made = Guarded(tmp_path_factory.mktemp("postgres"), url)
    with_password = make_url(url).set(password=PASSWORD).render_as_string(hide_password=False)
    where = ["--catalog", with_password, *(["--vectors", vectors] if vectors else [])]
    counts = made.index("--model", "builtin", *where)
    assert (counts["added"], counts["failed"]) == (12, 0)
    patch.setenv("PGPASSWORD", PASSWORD)
    yield made
    patch.undo()


def test_the_library_knows_where_its_catalog_is_but_not_the_password(place, monkeypatch):
    kept = (place.library / FILE_NAME).read_text()
    assert json.loads(kept)["catalog"] == place.url
    assert list(place.library.rglob("*.sqlite3*")) == []
    monkeypatch.delenv("PGPASSWORD")
    assert "give it in $PGPASSWORD" in place.run("search", "dog", code=1).stderr
    monkeypatch.setenv(CATALOG_VARIABLE, place.url.replace("guarded@", "imgsearch@"))
    assert place.found(DOG)[0] == place.name(DOG)  # another user, of whom no password is asked


def test_searching_finds_what_is_asked_for(place):
    for words in (DOG, SNOW, CAT):
        assert place.found(words, "-k", "1") == [place.name(words)]
    assert place.found("image:" + str(place.scenes[CAT]), "-k", "1") == [place.name(CAT)]
    similar = place.run("similar", place.scenes[DOG], "-k", "1", "--format", "json").stdout
    assert [os.path.basename(each["path"]) for each in json.loads(similar)["results"]] == [place.name(DOG)]
    assert place.found("type:png") == []
    assert len(place.found("width:>600", "-type:png", "path:00*", "-k", "100")) == 12
    assert place.found("name:0003.*") == ["0003.jpg"]
    assert place.found('"0003"') == ["0003.jpg"]
    assert "error" in place.run("search", '"!!"', code=2).stderr.lower()


def test_classifying_tagging_and_clustering_read_it_too(place):
    said = place.run("classify", "--where", "name:0000*", "--labels", "dog,car", "--format", "json").stdout
    assert json.loads(said)[0]["labels"][0]["label"] == "dog"
    assert "pictures" in place.run("cluster", "--count", "2").stdout


def test_the_python_library_opens_it(place):
    with Library.open(place.library) as library:
        assert os.path.basename(library.search(DOG, k=1)[0].path) == place.name(DOG)
        assert library.status().catalog == place.url
        assert library.facets()["type"] == {"jpeg": 12}
        assert library.facets("nowhere")["folder"] == {}


def test_status_verify_and_optimize(place):
    status = json.loads(place.run("status", "--json").stdout)
    assert (status["images"], status["catalog"]) == (12, place.url)
    assert status["bytes"] > 500_000
    assert place.url in "".join(place.run("status").stdout.split())
    report = json.loads(place.run("verify", "--json").stdout)
    assert report["sound"]
    place.run("optimize")
    assert json.loads(place.run("verify", "--repair", "--json").stdout)["sound"]


def test_a_collection_lives(place):
    """Unchanged, added, described, moved, copied, changed, deleted, failed, forgotten, re-homed."""
    photos, dog = place.photos, place.scenes[DOG]
    assert place.index()["unchanged"] == 12
    beside = photos / "0000.xmp"
    beside.write_text(xmp(keywords=["rex"], rating=5))
    place.index()
    assert (
        place.found("rex", "-k", "1") == place.found("keyword:rex") == place.found("rating:5") == ["0000.jpg"]
    )
    beside.unlink()
    (photos / "trip").mkdir()
    moved = shutil.move(dog, photos / "trip" / "Été in Lisbon.jpg")
    assert place.index()["moved"] == 1
    assert place.found('"ete in lisbon"') == place.found("path:TRIP/*") == ["trip/Été in Lisbon.jpg"]
    assert place.found("keyword:rex") == []
    shutil.copy(moved, photos / "copy.jpg")
    (photos / "bad.jpg").write_bytes(b"no picture")
    counts = json.loads(place.run("index", photos, "--json", code=3).stdout)
    assert (counts["added"], counts["failed"]) == (1, 1)
    assert "bad.jpg" in place.run("failures").stdout
    groups = json.loads(place.run("duplicates", "--format", "json").stdout)
    assert {os.path.basename(each["path"]) for each in groups[0]["members"]} == {
        "copy.jpg",
        "Été in Lisbon.jpg",
    }
    (photos / "bad.jpg").unlink()
    changed = Scene(
        "sea", 99, 4 / 3, (Placed("cat", None, "large", 0.5, 0.5, 0.5, angle=0.0, flipped=False),)
    )
    render(changed, 320).save(photos / "copy.jpg")
    counts = place.index()
    assert (counts["updated"], counts["removed"]) == (1, 1)
    (photos / "copy.jpg").unlink()
    assert place.index()["removed"] == 1
    place.run("forget", photos / "trip")
    assert place.found("path:trip*") == []
    new = photos.with_name("moved photos")
    photos.rename(new)
    place.run("roots", "move", photos, new)
    place.photos = new
    assert str(new) in place.run("roots").stdout
    counts = place.index()
    assert (counts["unchanged"], counts["added"]) == (11, 1)  # the forgotten one is there still
    assert json.loads(place.run("verify", "--json").stdout)["sound"]


def test_labels_are_taught(place):
    file = place.photos / place.name(SNOW)
    place.run("label", "add", "winter", file)
    place.run("label", "add", "winter", "--not", place.photos / place.name(CAT))
    assert file.name in place.found("label:winter", "-k", "3")
    assert "winter" in place.run("label", "list").stdout
    place.run("label", "suggest", "winter")
    assert place.run("label", "remove", "winter").exit_code == 0


def test_it_is_searched_while_it_is_indexed_and_no_half_batch_is_seen(place, tmp_path):
    """A reader that has it open all the time: first the old state, then whole batches."""
    more = tmp_path / "more"
    more.mkdir()
    paint_scenes(more)
    for number, path in enumerate(sorted(more.iterdir())):
        with path.open("ab") as file:  # other bytes, so other pictures
            file.write(bytes([number]))
    with Library.open(place.library) as library:
        before = library.status().images
        run = threading.Thread(target=lambda: Update(place.library).run([more]))
        run.start()
        seen = []
        while run.is_alive():
            found = library.search("dog", k=None)
            seen.append((found.total, len(found)))
        run.join()
        assert library.search("dog", k=None).total == before + 12
    assert {total for total, count in seen if total != count} == set()
    assert {total for total, _ in seen} <= {before, before + 12}  # twelve are one batch
    place.run("forget", more)


def test_it_moves_to_sqlite_and_loses_nothing(place, tmp_path):
    there, back = tmp_path / "there.jsonl", tmp_path / "back.jsonl"
    place.run("export", "-o", there)
    Import(tmp_path / "library").run([there])
    CliRunner().invoke(program, ["--library", str(tmp_path / "library"), "export", "-o", str(back)])
    assert there.read_bytes() == back.read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_run_that_is_killed_goes_on_where_it_was(place, tmp_path):
    from tests.pictures import paint

    for seed in range(100):
        paint(tmp_path / "many" / f"{seed}.jpg", seed, size=(1600, 1200))
    with Library.open(place.library) as library:
        before = library.progress().images
    command = [sys.executable, "-m", "searchengine", "--library", place.library]
    with (
        Library.open(place.library) as library,
        subprocess.Popen([*command, "index", tmp_path / "many"], stderr=subprocess.DEVNULL) as process,
    ):
        while library.progress().images < before + 32:
            assert process.poll() is None
            time.sleep(0.01)
        assert library.progress().run.outcome == "running"
        process.send_signal(signal.SIGKILL)
    assert json.loads(place.run("status", "--json").stdout)["last_run"]["outcome"] == "interrupted"
    assert json.loads(place.run("verify", "--json").stdout)["sound"]
    counts = json.loads(place.run("index", tmp_path / "many", "--json").stdout)
    assert counts["added"] + counts["unchanged"] == 100
    assert counts["unchanged"] >= 32
    place.run("forget", tmp_path / "many")


def test_it_is_served_and_watched(place):
    from tests.server.conftest import server_process

    httpx = pytest.importorskip("httpx2")
    command = [sys.executable, "-m", "searchengine", "--library", place.library]
    new = place.photos / "new one.jpg"
    with server_process(place.library) as (address, _):
        answer = httpx.get(f"{address}/api/search", params={"q": CAT, "k": 1}).json()
        assert os.path.basename(answer["results"][0]["path"]) == place.name(CAT)
        watching = subprocess.Popen(
            [*command, "watch", place.photos], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            assert "12 unchanged" in watching.stdout.readline()
            render(Scene("city", 5, 4 / 3, ()), 320).save(new)
            assert "1 added" in watching.stdout.readline()
            answer = httpx.get(f"{address}/api/search", params={"q": '"new one"'}).json()
            assert [os.path.basename(each["path"]) for each in answer["results"]] == [new.name]
            assert httpx.get(f"{address}/healthz").status_code == 200
        finally:
            watching.send_signal(signal.SIGINT)
            watching.communicate()
    new.unlink()
    assert place.index()["removed"] == 1
