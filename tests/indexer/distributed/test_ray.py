"""Ray itself: on this machine, on a cluster of two nodes, and with one of them killed half-way."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from importlib.util import find_spec

import pytest

from searchengine.verify.library import verify
from tests import machines
from tests.pictures import paint

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray isn't installed (pip install 'imgsearch[ray]')"),
]

# A process of its own: Ray leaves files open and warnings behind wherever it was imported.
TWO_NODES = """
import sys
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
second = cluster.add_node(num_cpus=2)
print("address", cluster.address, flush=True)
if sys.stdin.readline():
    cluster.remove_node(second, allow_graceful=False)
    sys.stdin.readline()
cluster.shutdown()
"""


def start(library, *arguments, **environment):
    """`imgsearch index` as a process of its own, as a user's shell starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "searchengine", "--library", library, "index", "--json", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.getcwd()} | environment,
        text=True,
    )


def finish(process, *, seconds=300):
    out, err = process.communicate(timeout=seconds)
    return process.returncode, json.loads(out) if out else None, err


def embedded(library):
    """How many embeddings are committed; a reader doesn't disturb the run."""
    try:
        with closing(sqlite3.connect(f"file:{library}/catalog.sqlite3?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT count(*), count(DISTINCT content_id) FROM embedding").fetchone()
    except sqlite3.OperationalError:
        return 0, 0


@pytest.fixture
def pictures(tmp_path):
    def make(count):
        for seed in range(count):
            paint(tmp_path / "pictures" / f"{seed % 20:02}" / f"{seed}.png", seed)
        return tmp_path / "pictures"

    return make


@pytest.fixture(params=["processes", "machines"])
def two_nodes(request, monkeypatch):
    """A cluster of two nodes of two CPUs: its address, and what kills the second at once."""
    with two_processes() if request.param == "processes" else two_machines(monkeypatch) as cluster:
        yield cluster


@contextmanager
def two_machines(monkeypatch):
    if not machines.can_be_had():
        pytest.skip("a network for the second node can be made by root alone, on Linux")
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    with machines.two_machines(cpus=2) as cluster:
        yield cluster


@contextmanager
def two_processes():
    process = subprocess.Popen(
        [sys.executable, "-c", TWO_NODES],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )

    def kill():
        process.stdin.write("kill\n")
        process.stdin.flush()

    address = next(line.split()[1] for line in process.stdout if line.startswith("address"))
    yield address, kill
    process.communicate(timeout=60)


def test_on_this_machine_ray_makes_the_library_that_index_makes(pictures, tmp_path):
    folder = pictures(40)
    (folder / "bad.jpg").write_bytes(b"this is no picture")
    code, counts, said = finish(start(tmp_path / "library", folder, "--model", "builtin", "--ray", "local"))
    assert (code, counts["added"], counts["failed"]) == (3, 40, 1), said
    code, _, _ = finish(start(tmp_path / "alone", folder, "--model", "builtin"))
    assert code == 3
    vectors = []
    for library in ("library", "alone"):
        with closing(sqlite3.connect(tmp_path / library / "catalog.sqlite3")) as connection:
            rows = connection.execute(
                "SELECT hash, vector FROM embedding JOIN content ON content.id = content_id"
            )
            vectors.append(dict(rows.fetchall()))
    assert vectors[0].keys() == vectors[1].keys()
    assert verify(tmp_path / "library").sound


def test_a_node_that_is_killed_half_way_loses_and_doubles_nothing(pictures, two_nodes, tmp_path):
    folder, (address, kill) = pictures(2000), two_nodes
    library = tmp_path / "library"
    run = start(library, folder, "--model", "builtin", "--ray", address)
    until = time.monotonic() + 200
    while embedded(library)[0] < 500 and run.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    before = embedded(library)[0]
    assert 500 <= before < 2000
    kill()
    code, counts, said = finish(run)
    assert (code, counts["added"], counts["failed"]) == (0, 2000, 0), said
    assert embedded(library) == (2000, 2000)
    assert verify(library).sound
    assert not list((library / "shards").rglob("*.parquet"))


@pytest.fixture
def session():
    """A folder for Ray's own files: its name stands in its processes' command lines, and must be short."""
    folder = tempfile.mkdtemp(prefix="ray", dir="/tmp")
    yield folder
    shutil.rmtree(folder)


def processes_of(session):
    lines = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in lines.splitlines() if session in line]


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to send")
def test_ctrl_c_keeps_what_is_done_and_leaves_no_process_behind(pictures, tmp_path, session):
    folder, library = pictures(2000), tmp_path / "library"
    run = start(library, folder, "--model", "builtin", "--ray", "local", RAY_TMPDIR=session)
    until = time.monotonic() + 200
    while not embedded(library)[0] and run.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    assert processes_of(session)
    run.send_signal(signal.SIGINT)
    code, counts, said = finish(run, seconds=60)
    until = time.monotonic() + 30
    while (left := processes_of(session)) and time.monotonic() < until:
        time.sleep(0.2)
    assert not left
    assert code == 130, said
    assert 0 < counts["added"] == embedded(library)[0] < 2000
    code, counts, said = finish(start(library, folder, "--ray", "local"))
    assert (code, counts["seen"]) == (0, 2000), said
    assert embedded(library) == (2000, 2000)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1:9", "can't be joined"),
        ("auto", "can't be joined"),
        ("ray://127.0.0.1:9", "can't be joined"),
    ],
)
def test_a_cluster_that_is_not_there_is_an_error_that_says_what_to_do(address, said, pictures, tmp_path):
    run = start(tmp_path / "library", pictures(1), "--model", "builtin", "--ray", address, RAY_ADDRESS="")
    code, _, message = finish(run, seconds=120)
    assert code == 1
    assert said in message
    assert "--ray local" in message
    assert "Traceback" not in message
