"""A PostgreSQL server of the tests' own, on a free port, gone when they end."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import pytest

PASSWORD = "pass/wörd@:%"
"""Of the user `guarded`; others need none."""

_HBA = """
local all all trust
host all guarded 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""


class Server:
    """A server that runs.

    Attributes:
        port: On 127.0.0.1.
    """

    def __init__(self, programs: Path, data: Path, port: int, owner: str | None) -> None:
        self.port = port
        self._programs, self._data, self._owner = programs, data, owner
        self._process: subprocess.Popen | None = None
        self._numbers = count()

    def start(self) -> None:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._data,
            "hba_file": self._data / "our_hba.conf",
            "fsync": "off",
            "shared_buffers": "32MB",
            "autovacuum": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._data / "said").open("ab") as said:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *options],
                stdout=said,
                stderr=said,
                cwd=self._data,
                preexec_fn=_dying_with_us(),  # noqa: PLW1509  one call into C, made ready before
                **_as(self._owner),
            )
        while not self._answers():
            if self._process.poll() is not None:
                raise RuntimeError((self._data / "said").read_text())
            time.sleep(0.02)

    def stop(self) -> None:
        """As a power cut does: every connection ends, nothing is tidied up."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def processor_seconds(self) -> float:
        """What all its processes have used up to now (Linux)."""
        ours = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in ours) / 1e9

    def url(self, database: str, user: str = "imgsearch") -> str:
        return f"postgresql+psycopg://{user}@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """A new database; its name."""
        name = f"library{next(self._numbers)}"
        self.tell(f"CREATE DATABASE {name}")
        return name

    def tell(self, *statements: str, database: str = "postgres") -> None:
        import psycopg

        place = f"host=127.0.0.1 port={self.port} user=imgsearch dbname={database}"
        with psycopg.connect(place, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def _answers(self) -> bool:
        import psycopg

        try:
            self.tell()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def postgres() -> Iterator[Server]:
    """A server, or a test that is skipped where none can be started."""
    programs, owner = _programs(), "postgres" if os.geteuid() == 0 else None
    data = Path(tempfile.mkdtemp(prefix="imgsearch-postgres-", dir=in_memory()))
    if owner:  # PostgreSQL refuses to run as root
        shutil.chown(data, owner)
    try:
        subprocess.run(
            [
                programs / "initdb",
                *("--username", "imgsearch", "--encoding", "UTF8", "--locale", "C.UTF-8"),
                *("--auth", "trust", "--no-sync", "--no-instructions", "--pgdata", data),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=data,
            **_as(owner),
        )
        (data / "our_hba.conf").write_text(_HBA)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = Server(programs, data, port, owner)
        try:
            server.start()
            server.tell(f"CREATE ROLE guarded LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(data)


def _programs() -> Path:
    """Where the server's programs are; a distribution may keep them off the PATH."""
    found = [Path(os.path.realpath(found)) for found in [shutil.which("initdb")] if found]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    try:
        import psycopg  # noqa: F401
    except ImportError:
        _none("psycopg isn't installed: pip install 'imgsearch[postgres]'")
    if not found:
        _none("PostgreSQL isn't installed (Debian's package is postgresql)")
    return found[0].parent


def _dying_with_us() -> Callable[[], object] | None:
    """What a child has to call so that it ends with this process, also by `kill -9`; Linux alone has that."""
    if sys.platform != "linux":
        return None
    on_parents_death = 1  # PR_SET_PDEATHSIG
    return partial(ctypes.CDLL(None).prctl, on_parents_death, signal.SIGQUIT)


def in_memory() -> str | None:
    """A folder in memory that has room for a server's thousand files; None where there is none."""
    shared = "/dev/shm"
    return shared if os.path.isdir(shared) and shutil.disk_usage(shared).free > 2**30 else None


def _none(reason: str) -> None:
    if os.environ.get("IMGSEARCH_NEED_POSTGRES"):
        pytest.fail(reason)
    pytest.skip(reason)


def _as(owner: str | None) -> dict[str, object]:
    return {"user": owner, "group": owner, "extra_groups": []} if owner else {}
