"""Every vector store there is, each where it can be had: started, restarted and killed by the tests."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from searchengine.vectors.store import open_store

REPOSITORY = Path(__file__).resolve().parents[2]


class Faiss:
    """Files in a folder."""

    def __init__(self, folder):
        self._folder = folder

    def store(self):
        return open_store("", self._folder)

    def restart(self):
        """As if another process came: nothing is remembered."""

    kill = restart


class LiteFolder:
    """A folder of Milvus Lite's, in this process."""

    def __init__(self, folder):
        self.address = f"milvus+file:{folder}"
        self._folder = folder

    def store(self):
        return open_store(self.address, self._folder)

    def restart(self):
        from milvus_lite.server_manager import server_manager_instance

        from searchengine.vectors.milvus.server import server_at

        server_at.cache_clear()
        server_manager_instance.release_all()

    kill = restart


class Server:
    """A server in a process of its own."""

    def __init__(self, command, folder):
        self._command = command
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._process = None
        self.start()

    def store(self):
        return open_store(self.address, self._folder)

    def start(self):
        command = [str(part).format(port=self._port, folder=self._folder) for part in self._command]
        with (self._folder / "said").open("ab") as said:
            self._process = subprocess.Popen(
                command, stdout=said, stderr=said, start_new_session=True, cwd=self._folder
            )
        until = time.monotonic() + 180
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            self._port = self._really_at()
            if self._answers():
                return
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"{command} doesn't answer: {(self._folder / 'said').read_text()[-2000:]}")

    def _really_at(self):
        """Its port: the genuine server takes the next one where its own isn't free again yet."""
        return self._port

    def _answers(self):
        from pymilvus import MilvusClient, MilvusException

        try:
            client = MilvusClient(self.address, timeout=2, dedicated=True)
            client.list_collections(timeout=2)
            client.close()
        except MilvusException:
            return False
        return True

    @property
    def address(self):
        return f"http://127.0.0.1:{self._port}"

    def restart(self):
        self.stop(signal.SIGINT)
        self.start()

    def kill(self):
        self.stop(signal.SIGKILL)
        self.start()

    def stop(self, how=signal.SIGKILL):
        # All of them: the genuine server is started by a script and starts others.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, how)
        self._process.wait(120)


class Genuine(Server):
    """Milvus itself."""

    def _really_at(self):
        written = self._folder / "data" / "configs" / "milvus.yaml"
        found = written.exists() and re.search(
            r"^proxy:\n(?:[ #].*\n|\n)*?  port: (\d+)", written.read_text(), re.MULTILINE
        )
        return int(found[1]) if found else self._port


def lite_server(folder):
    pytest.importorskip("milvus_lite", reason="Milvus Lite isn't installed: pip install 'imgsearch[milvus]'")
    command = [sys.executable, "-m", "milvus_lite", "server", "--host", "127.0.0.1"]
    return Server([*command, "--port", "{port}", "--data-dir", "{folder}/data"], folder)


def genuine_server(folder):
    pytest.importorskip("pymilvus", reason="pymilvus isn't installed: pip install 'imgsearch[milvus]'")
    home = Path(os.environ.get("MILVUS_HOME", REPOSITORY / ".milvus"))
    if not (home / "bin" / "milvus-server").exists():
        pytest.skip(f"no Milvus server in {home}; install one with: scripts/milvus_server --install")
    return Genuine([REPOSITORY / "scripts" / "milvus_server", "{folder}/data", "{port}"], folder)
