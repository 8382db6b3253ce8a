#!/usr/bin/env python3
"""Load `imgsearch serve` over loopback with clients that never pause, beside the same search in process.

    scripts/synthetic_library.py LIBRARY --count 100000 --model SPEC
    scripts/bench_server.py LIBRARY [--clients 1 8 64] [--seconds 15] [-k 10] [--cached] [--minutes M]

No two queries are the same; with --cached all clients share a hundred. Every answer is read and checked.
The clients run in one process beside the server, on the same cores. With --minutes the widest load goes on
for so long, and the server's memory is printed each half minute.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit
from urllib.request import urlopen

from bench_query import WARMING, percentile
from machine import describe
from questions import questions

from searchengine import Library
from searchengine.cores import available_cores

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Load:
    """What clients saw.

    Attributes:
        seconds: From a request's first byte to its answer's last, of each.
        errors: Answers that weren't 200 with k results, and connections that broke.
        took: Seconds that all of it took.
        cpu: Seconds of processor time that whoever answered took.
    """

    seconds: list[float] = field(default_factory=list)
    errors: int = 0
    took: float = 0.0
    cpu: float = 0.0

    def figures(self) -> dict[str, float]:
        """Rate and percentiles in milliseconds."""
        ms = [each * 1000 for each in self.seconds]
        shares = {f"p{share}": round(percentile(ms, share / 100), 1) for share in (50, 95, 99)}
        return {
            "per_second": round(len(ms) / self.took, 1),
            **shares,
            "cpu_ms": round(self.cpu / len(ms) * 1000, 2),
            "errors": self.errors,
        }


async def client(address: str, queries: Iterator[str], until: float, load: Load, k: int) -> None:
    """Ask over one connection, one query after the other."""
    place = urlsplit(address)
    reader = writer = None
    while time.perf_counter() < until:
        target = f"/api/search?q={quote(next(queries))}&k={k}"
        start = time.perf_counter()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(place.hostname, place.port)
            writer.write(f"GET {target} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            body = await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            load.errors += 1
            reader = writer = None
            continue
        load.seconds.append(time.perf_counter() - start)
        if not head.startswith(b"HTTP/1.1 200") or body.count(b'"rank"') != k:
            load.errors += 1
    if writer is not None:
        writer.close()


async def run(server: Server, clients: int, seconds: float, k: int, queries: Iterator[str]) -> Load:
    """So many clients at once for so long."""
    load = Load()
    before = server.cpu()
    start = time.perf_counter()
    asking = (client(server.address, queries, start + seconds, load, k) for _ in range(clients))
    await asyncio.gather(*asking)
    load.took = time.perf_counter() - start
    load.cpu = server.cpu() - before
    return load


def in_process(library: Library, seconds: float, k: int, queries: Iterator[str]) -> Load:
    """The same from one thread, without a server."""
    load = Load()
    for _ in range(WARMING):
        library.search(next(queries))
    start, before = time.perf_counter(), time.process_time()
    while time.perf_counter() < start + seconds:
        asked = next(queries)
        begun = time.perf_counter()
        found = library.search(asked, k=k)
        load.seconds.append(time.perf_counter() - begun)
        load.errors += len(found) != k
    load.took = time.perf_counter() - start
    load.cpu = time.process_time() - before
    return load


class Server:
    """`imgsearch serve` on a free port, once it answers searches.

    Attributes:
        address: Where it listens.
    """

    def __init__(self, library: Path) -> None:
        command = [sys.executable, "-m", "searchengine", "--library", str(library), "serve", "--port", "0"]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        line = self._process.stderr.readline()
        self.address = next((word for word in line.split() if word.startswith("http://")), None)
        if self.address is None:
            sys.exit(line + self._process.stderr.read())
        while not self._is_ready():
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"{self.address}healthz") as answer:
                return answer.status == 200
        except OSError:
            return False  # 503: the model is being loaded

    def memory(self) -> float:
        """Megabytes of the process that are its own: what it has mapped from files isn't counted."""
        with open(f"/proc/{self._process.pid}/status") as file:
            return int(next(line.split()[1] for line in file if line.startswith("RssAnon"))) / 1024

    def cpu(self) -> float:
        """Seconds of processor time that it has taken."""
        with open(f"/proc/{self._process.pid}/stat") as file:
            user, system = file.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.communicate(timeout=30)


def said(name: str, figures: dict[str, float]) -> None:
    """A line of the table."""
    print(
        f"{name:14}{figures['per_second']:8.1f}/s  p50 {figures['p50']:7.1f} ms  p95 {figures['p95']:7.1f} ms"
        f"  p99 {figures['p99']:7.1f} ms  processor {figures['cpu_ms']:6.2f} ms  errors {figures['errors']}",
        flush=True,
    )


def main() -> int:
    """Measure and print; exits 1 when there was an error."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("library", type=Path)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("-k", type=int, default=10)
    parser.add_argument("--cached", action="store_true", help="ask the same hundred queries again and again")
    parser.add_argument("--minutes", type=float, default=0, help="how long to watch the memory")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()

    queries = questions()
    if arguments.cached:
        queries = itertools.cycle(list(itertools.islice(queries, 100)))
    with Library.open(arguments.library) as library:
        status = library.status()
        cores = available_cores()
        figures = {
            "machine": describe(),
            "model": status.space,
            "n": status.images,
            "d": status.dim,
            "k": arguments.k,
            "index": status.index.kind,
            "threads": cores,
        }
        print(figures["machine"])
        print(
            f"n = {status.images}, d = {status.dim}, k = {arguments.k}, {cores} threads, "
            f"model {status.space}, index {status.index.kind}"
        )
        alone = in_process(library, arguments.seconds, arguments.k, queries)
        figures["in_process"] = alone.figures()
        said("in process", figures["in_process"])

    server = Server(arguments.library)
    try:
        for clients in arguments.clients:
            load = asyncio.run(run(server, clients, arguments.seconds, arguments.k, queries))
            figures[f"clients_{clients}"] = load.figures()
            said(f"{clients} client{'s' * (clients > 1)}", figures[f"clients_{clients}"])
        if arguments.minutes:
            figures["memory_mb"] = [round(server.memory(), 1)]
            ended = time.monotonic() + arguments.minutes * 60
            print(f"memory {figures['memory_mb'][0]} MB before")
            errors = 0
            while time.monotonic() < ended:
                load = asyncio.run(run(server, max(arguments.clients), 30, arguments.k, queries))
                errors += load.errors
                figures["memory_mb"].append(round(server.memory(), 1))
                rate = load.figures()["per_second"]
                print(f"memory {figures['memory_mb'][-1]} MB, {rate}/s, errors {load.errors}", flush=True)
            half = figures["memory_mb"][len(figures["memory_mb"]) // 2 :]
            figures["memory_grew_mb"] = round(statistics.mean(half[-3:]) - half[0], 1)
            figures["memory_errors"] = errors
            print(f"in the second half it grew by {figures['memory_grew_mb']} MB")
    finally:
        server.stop()
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))
    failed = any(value["errors"] for value in figures.values() if isinstance(value, dict))
    return 1 if failed or figures.get("memory_errors") else 0


if __name__ == "__main__":
    sys.exit(main())
