"""What compose.yaml starts, started on this machine: its very commands, with its environment, in its order.

Only the names of machines are replaced by addresses, and its folders by those of the test. With
IMGSEARCH_IMAGE the programs are those of that folder, which may be a virtual environment made as the
Dockerfile makes it; else those beside this Python.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from tests.pictures import paint_scenes
from tests.servers import PASSWORD
from tests.vectors import engines

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.milvus,
    pytest.mark.ray,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray isn't installed (pip install 'imgsearch[ray]')"),
]

COMPOSE = Path(__file__).parent.parent / "deploy" / "compose.yaml"
PROGRAMS = Path(os.environ.get("IMGSEARCH_IMAGE", Path(sys.executable).parent))
PATIENCE = 180.0


class Deployment:
    """The services of compose.yaml, as processes of this machine."""

    def __init__(self, environment, replaced):
        self._services = yaml.safe_load(COMPOSE.read_text())["services"]
        self._environment = environment
        self._replaced = replaced
        self._running = []

    def words(self, words):
        return [self._here(str(word)) for word in words]

    def _here(self, word):
        for name, address in self._replaced.items():
            word = word.replace(name, address)
        return re.sub(r"\$\{(\w+):-([^}]*)\}", r"\2", word)

    def _surroundings(self, name):
        """Variables as in a container: none of this machine's but what finds the programs and the code."""
        service = self._services[name]["environment"]
        ours = {key: self._here(value) for key, value in service.items() if not value.startswith("${")}
        return ours | self._environment

    def command(self, name):
        """What a service runs; the image's own entrypoint is `imgsearch`."""
        service = self._services[name]
        program, *rest = self.words([*service.get("entrypoint", ["imgsearch"]), *service["command"]])
        return [str(PROGRAMS / program), *rest]

    def start(self, name, *more):
        self._running.append(
            subprocess.Popen(
                [*self.command(name), *more],
                env=self._surroundings(name),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )

    def run(self, name, *more):
        """A service that ends."""
        return subprocess.run(
            [*self.command(name), *more],
            env=self._surroundings(name),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def wait_until_healthy(self, name):
        kind, program, *rest = self.words(self._services[name]["healthcheck"]["test"])
        assert kind == "CMD"
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            assert [process.poll() for process in self._running] == [None] * len(self._running)
            asked = subprocess.run(
                [PROGRAMS / program, *rest], env=self._surroundings(name), capture_output=True, check=False
            )
            if asked.returncode == 0:
                return
            time.sleep(0.5)
        pytest.fail(f"{name} isn't healthy after {PATIENCE:g} s: {asked.stderr.decode()[-500:]}")

    def stop(self):
        for process in reversed(self._running):
            process.terminate()
        for process in self._running:
            process.wait(60)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [str(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture
def milvus(tmp_path):
    server = engines.lite_server(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def deployment(postgres_server, milvus, tmp_path):
    gcs, client, page = free_ports(3)
    catalog = postgres_server.url(postgres_server.database(), "guarded").partition("://")[2]
    session = tempfile.mkdtemp(prefix="ray", dir="/tmp")  # Ray's own files: their paths must be short
    made = Deployment(
        {
            "PATH": f"{PROGRAMS}:/usr/bin:/bin",
            **({} if "IMGSEARCH_IMAGE" in os.environ else {"PYTHONPATH": str(COMPOSE.parent.parent)}),
            "HOME": session,
            "RAY_TMPDIR": session,
            "IMGSEARCH_LIBRARY": str(tmp_path / "library"),
            "IMGSEARCH_CACHE": str(tmp_path / "cache"),
            "IMGSEARCH_TOKEN": secrets.token_urlsafe(),
            "RAY_AUTH_TOKEN": secrets.token_urlsafe(),
            "PGPASSWORD": PASSWORD,
        },
        {
            "imgsearch@postgres:5432/imgsearch": catalog,
            "http://milvus:19530": milvus.address,
            "ray-head:10001": f"127.0.0.1:{client}",
            "ray-head:6379": f"127.0.0.1:{gcs}",
            "127.0.0.1:6379": f"127.0.0.1:{gcs}",
            "127.0.0.1:8420": f"127.0.0.1:{page}",
            "--port=6379": f"--port={gcs}",
            "--ray-client-server-port=10001": f"--ray-client-server-port={client}",
            "/photos": str(tmp_path / "photos"),
        },
    )
    made.page, made.library = page, tmp_path / "library"
    yield made
    made.stop()
    shutil.rmtree(session)


def test_what_compose_starts_indexes_and_serves(deployment, tmp_path):
    (tmp_path / "photos").mkdir()
    scenes = paint_scenes(tmp_path / "photos")
    deployment.start("ray-head")
    deployment.wait_until_healthy("ray-head")
    deployment.start("ray-worker")
    done = deployment.run("index", "--model", "builtin", "--json")  # the default model is a download
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["added"] == len(scenes)
    assert list(deployment.library.rglob("*.sqlite3")) == []
    deployment.start("server", "--port", deployment.page)
    deployment.wait_until_healthy("server")
    words = "a dog on a beach"
    asked = urllib.request.Request(
        f"http://127.0.0.1:{deployment.page}/api/search?k=1&q={words.replace(' ', '%20')}",
        headers={"Authorization": f"Bearer {deployment._environment['IMGSEARCH_TOKEN']}"},
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        (found,) = json.loads(answer.read())["results"]
    assert found["path"] == str(scenes[words])
