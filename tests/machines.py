"""A Ray cluster of two machines: the second node has a network of its own, which takes root, and Linux."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_RAY = (sys.executable, "-m", "ray.scripts.scripts")

# Of this process, so that two of them don't meet.
_SPACE = f"imgsearch{os.getpid()}"
_NEAR, _FAR = f"near{os.getpid()}", f"far{os.getpid()}"
_HERE, _THERE = f"10.213.{os.getpid() % 256}.1", f"10.213.{os.getpid() % 256}.2"


def can_be_had() -> bool:
    """Whether this process may make networks."""
    if not hasattr(os, "geteuid") or os.geteuid() or not shutil.which("ip"):
        return False
    tried = ("unshare", "--net", "true")
    return not subprocess.run(tried, capture_output=True, check=False).returncode


@contextmanager
def two_machines(cpus: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """A cluster's address, and what takes the power from its second node: not even its connections end.

    Who gives the nodes a token has RAY_AUTH_TOKEN in the environment.
    """
    started: list[subprocess.Popen[bytes]] = []
    try:
        _lay_cable()
        with socket.socket() as free:
            free.bind((_HERE, 0))
            address = f"{_HERE}:{free.getsockname()[1]}"
        head = ("--head", "--port", address.rpartition(":")[2], "--include-dashboard=false")
        started.append(_node(*head, "--node-ip-address", _HERE, cpus=cpus))
        _wait_for_nodes(1, address)
        second = ("--address", address, "--node-ip-address", _THERE)
        started.append(_node(*second, cpus=cpus, within=("ip", "netns", "exec", _SPACE)))
        _wait_for_nodes(2, address)

        def cut() -> None:
            _ip(f"link set {_NEAR} down")
            _kill_all_there()

        yield address, cut
    finally:
        _kill_all_there()
        for process in reversed(started):
            process.terminate()
            process.wait()
        subprocess.run(["ip", "netns", "del", _SPACE], check=False, capture_output=True)


def _lay_cable() -> None:
    for command in (
        f"netns add {_SPACE}",
        f"link add {_NEAR} type veth peer name {_FAR} netns {_SPACE}",
        f"addr add {_HERE}/30 dev {_NEAR}",
        f"link set {_NEAR} up",
        f"-n {_SPACE} addr add {_THERE}/30 dev {_FAR}",
        f"-n {_SPACE} link set {_FAR} up",
        f"-n {_SPACE} link set lo up",
    ):
        _ip(command)


def _ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True, capture_output=True)


def _node(*arguments: str, cpus: int, within: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
    """A node that runs until it is told to end."""
    size = ("--num-cpus", str(cpus), "--disable-usage-stats", "--block")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([*within, *_RAY, "start", *arguments, *size], **quiet)


def _wait_for_nodes(count: int, address: str) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        asked = [*_RAY, "status", "--address", address]
        said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        if said.count("node_") >= count:
            return
        time.sleep(0.5)
    raise RuntimeError(f"there are no {count} nodes after two minutes: {said}")


def _kill_all_there() -> None:
    if not Path("/run/netns", _SPACE).exists():
        return
    listed = subprocess.run(["ip", "netns", "pids", _SPACE], capture_output=True, text=True, check=False)
    for pid in listed.stdout.split():
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
