#!/usr/bin/env python3
"""How searching grows with the library: made vectors, a snapshot as `optimize` takes it, texts as queries.

    scripts/bench_scale.py [--sizes 100000 300000 1000000] [--folder DIR] [--json FILE] [--plot FILE.svg]
    scripts/bench_scale.py --sizes 10000000 --folder DIR --within 8 --warming 1500

The vectors are those of scripts/synthetic_vectors.py. A snapshot that lies in the folder from an earlier run
is used again; 10,000,000 vectors of length 512 take 12 GB there. Search is tuned with texts, recall is
measured with others, against exact search over the same vectors. With `--within` texts are asked in so many
gigabytes, page cache included, beginning with nothing in it; exact search and filters are timed without.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from machine import describe
from memory_limit import forget, limited
from scale_plot import plot
from synthetic_vectors import Population

from searchengine.vectors import exact
from searchengine.vectors.engine import faiss
from searchengine.vectors.live import LiveIndex
from searchengine.vectors.snapshot import SnapshotInfo, open_snapshot, read_info, take_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

BATCH = 50_000
TUNING, ASKED, WARMING = 1, 2, 3  # seeds of texts


class Made:
    """A `VectorSource` of made vectors, that never changes."""

    def __init__(self, count: int, dim: int, texts: int) -> None:
        self.name = f"made-{count}"
        self.identity = {"population": f"{dim}"}
        self.dim = dim
        self._count = count
        self.population = Population(dim)
        self._texts = self.population.texts(texts, TUNING)

    def position(self) -> tuple[int, int]:
        """All at once."""
        return self._count, 1

    def knows(self, position: tuple[int, int]) -> bool:
        """There is only one."""
        return position == self.position()

    def changes(self, since: int) -> tuple[tuple[int, int], NDArray[np.int64], NDArray[np.bool_]]:
        """None."""
        assert since == self._count, "the snapshot is missing"
        return self.position(), np.empty(0, np.int64), np.empty(0, np.bool_)

    def vectors(self, ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
        """Asked for what changes bring."""
        assert not len(ids)
        return ids, np.empty((0, self.dim), np.float16)

    def parts(self, after: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """None."""
        del after
        return np.empty(0, np.int64), np.empty(0, np.int64)

    def texts(self) -> NDArray[np.float32]:
        """What depth is tuned with."""
        return self._texts

    @contextmanager
    def shown(self) -> Iterator[tuple[tuple[int, int], int, Iterator[tuple[Any, Any]]]]:
        """All of them."""
        yield self.position(), self._count, self._batches()

    def _batches(self) -> Iterator[tuple[Any, Any]]:
        for start in range(0, self._count, BATCH):
            count = min(BATCH, self._count - start)
            yield np.arange(start + 1, start + count + 1), self.population.images(start, count).astype("<f2")


def timed(run: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1000


def shares(found: NDArray[np.int64], right: NDArray[np.int64]) -> float:
    """Share of the right ones that were found, by rows."""
    return float(np.mean([np.isin(theirs, ours).mean() for ours, theirs in zip(found, right, strict=True)]))


def memory() -> dict[str, int]:
    """Bytes of this process at present: its own, and those of mapped files that it has touched."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return {}
    found = dict(line.split(":", 1) for line in lines)
    return {
        name: int(found[key].split()[0]) * 1024 for name, key in (("own", "RssAnon"), ("mapped", "RssFile"))
    }


class Asked(NamedTuple):
    """What came of asking one text after the other.

    Attributes:
        found: Ids (q, k).
        times: Milliseconds each.
        busy: The same of processor.
        opened: Milliseconds to open what is asked.
        own: Bytes of memory that came with it, mapped files apart.
        mapped: Bytes of mapped files that it has touched.
    """

    found: NDArray[np.int64]
    times: list[float]
    busy: list[float]
    opened: float
    own: int | None
    mapped: int | None


def ask(source: Made, folder: Path, k: int, texts: NDArray[np.float32], warming: int) -> Asked:
    """Open the index, ask it texts that aren't timed, and then these."""
    before = memory()
    start = time.perf_counter()
    live = LiveIndex(source, folder)
    opened = (time.perf_counter() - start) * 1000
    for text in source.population.texts(warming, WARMING):
        live.search(text, k)
    found, times, busy = [], [], []
    for text in texts:
        start, started = time.perf_counter(), time.process_time()
        found.append(live.search(text, k).ids[0])
        times.append((time.perf_counter() - start) * 1000)
        busy.append((time.process_time() - started) * 1000)
    used = memory()
    own, mapped = (used[each] - before[each] if used else None for each in ("own", "mapped"))
    return Asked(np.array(found), times, busy, opened, own, mapped)


def measure(source: Made, folder: Path, info: SnapshotInfo, asked: Asked, k: int) -> dict[str, Any]:
    """Everything that is told of one size."""
    texts = source.population.texts(len(asked.times), ASKED)
    live = LiveIndex(source, folder)
    segment, _ = open_snapshot(source, folder)
    right = info.count and segment.ids[exact.nearest(segment.rows, texts, k, None)[0]]
    started = time.process_time()
    scans = [timed(lambda text=text: exact.nearest(segment.rows, text[None], k, None)) for text in texts[:20]]
    scanning = (time.process_time() - started) * 1000 / len(scans)
    figures: dict[str, Any] = {
        "n": info.count,
        "d": info.dim,
        "k": k,
        "threads": faiss.omp_get_max_threads(),
        "kind": info.kind,
        "depth": info.codes.depth if info.codes else None,
        "probes": info.codes.probes if info.codes else None,
        "recall": shares(asked.found, right),
        "recall_tuned": info.recall,
        "p50_ms": statistics.median(asked.times),
        "p95_ms": float(np.quantile(asked.times, 0.95)),
        "cpu_p50_ms": statistics.median(asked.busy),
        "exact_p50_ms": statistics.median(scans),
        "exact_cpu_ms": scanning,
        "open_ms": asked.opened,
        "own_bytes": asked.own,
        "mapped_bytes": asked.mapped,
        "disk_bytes": info.size + (info.codes.size if info.codes else 0),
        "codes_bytes": info.codes.size if info.codes else 0,
        "filters": [],
    }
    for share in (0.1, 0.01):
        rng = np.random.default_rng(0)
        allowed = np.flatnonzero(rng.random(info.count) < share) + 1
        some = texts[:50]
        mask = np.isin(segment.ids, allowed)
        right = segment.ids[exact.nearest(segment.rows, some, k, mask)[0]]
        ours = [live.search(text, k, allowed=allowed).ids[0] for text in some]
        took = [timed(lambda text=text: live.search(text, k, allowed=allowed)) for text in some]  # noqa: B023
        figures["filters"].append(
            {"share": share, "recall": shares(np.array(ours), right), "p50_ms": statistics.median(took)}
        )
    return figures


def main() -> None:
    """Build, ask, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("-k", type=int, default=10)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument(
        "--texts", type=int, default=221, help="how many to tune with; as many as a library has"
    )
    parser.add_argument("--threads", type=int, help="default: all cores")
    parser.add_argument("--folder", type=Path, help="where snapshots lie; default: a temporary one")
    parser.add_argument("--warming", type=int, default=20, help="queries before those that are timed")
    parser.add_argument("--within", type=float, metavar="GB", help="memory; takes root")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--plot", type=Path, help="draw them here, as SVG")
    arguments = parser.parse_args()
    if arguments.threads:
        faiss.omp_set_num_threads(arguments.threads)
    print(describe(), f"(load {os.getloadavg()[0]:.1f})", flush=True)
    print(HEAD, flush=True)
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        for count in arguments.sizes:
            source = Made(count, arguments.dim, arguments.texts)
            info, built = read_info(source, folder), None
            if info is None or info.dim != arguments.dim:
                start = time.perf_counter()
                info = take_snapshot(source, folder)
                built = time.perf_counter() - start
            if arguments.within:
                forget(folder)
            texts = source.population.texts(arguments.queries, ASKED)
            with limited(arguments.within) if arguments.within else nullcontext():
                asked = ask(source, folder, arguments.k, texts, arguments.warming)
            row = measure(source, folder, info, asked, arguments.k) | {"build_s": built}
            rows.append(row)
            print(line(row), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": describe(), "sizes": rows}, indent=2))
    if arguments.plot:
        arguments.plot.write_text(plot(rows))


HEAD = (
    "         n    d   k threads        kind probes  depth  recall    p50 ms    p95 ms  cpu ms  exact ms"
    "   build s  open ms  B/image  own MB  mapped MB  10 % filter: recall, ms   1 %"
)


def line(row: dict[str, Any]) -> str:
    """One size, under `HEAD`."""
    built = "reused" if row["build_s"] is None else f"{row['build_s']:.0f}"
    memory = "       -          -"
    if row["own_bytes"] is not None:
        memory = f"{row['own_bytes'] / 1e6:8.0f} {row['mapped_bytes'] / 1e6:10.0f}"
    filters = "   ".join(f"{each['recall']:.3f} {each['p50_ms']:6.1f}" for each in row["filters"])
    depth, probes = row["depth"] or "-", row["probes"] or "-"
    kind = f"{row['threads']:7} {row['kind']:>11} {probes:>6} {depth:>6}"
    times = f"{row['p50_ms']:9.2f} {row['p95_ms']:9.2f} {row['cpu_p50_ms']:7.2f} {row['exact_p50_ms']:9.1f}"
    return (
        f"{row['n']:10,} {row['d']:4} {row['k']:3} {kind} "
        f"{row['recall']:7.3f} {times} {built:>9} {row['open_ms']:8.0f} "
        f"{row['disk_bytes'] / row['n']:8.0f}{memory}  {filters}"
    )


if __name__ == "__main__":
    main()
