#!/usr/bin/env python3
"""Recall and speed of each vector engine on one library, against exact search, with filters and without.

    scripts/bench_vectors.py [--count 20000] [--queries 200] [--vectors ADDRESS]… [--work FOLDER]
    scripts/bench_vectors.py --library FOLDER

Makes a library of vectors as scripts/synthetic_vectors.py has them, unless FOLDER holds one of before,
and asks texts that aren't in it. FAISS comes first; each ADDRESS is one of Milvus's, as --vectors takes
it. A filter lets a random share pass. Times are of a warm process, one query after the other, the
catalog's part included; building is from the catalog to a collection that answers. A library that
scripts/synthetic_library.py made, or a copy of one, is measured as it is, on the engines that it has.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from machine import describe
from synthetic_vectors import Population

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from searchengine.catalog import spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.layout import Layout
from searchengine.vectors.store import open_store

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.vectors.store import VectorStore

K = 10
SHARES = (None, 0.1, 0.01, 0.001)

# Queries compared with everything at a time.
TOGETHER = 16


def exact(
    ids: NDArray[np.int64], rows: NDArray[np.float32], queries: NDArray[np.float32]
) -> NDArray[np.int64]:
    """The nearest K of each query, in no order, by float32 arithmetic over all rows: (q, K)."""
    best = [
        np.argpartition(-(some @ rows.T), K - 1, axis=1)[:, :K]
        for some in np.array_split(queries, max(len(queries) // TOGETHER, 1))
    ]
    return ids[np.concatenate(best)]


def measure(store: VectorStore, source: EmbeddingSource, queries: NDArray[np.float32]) -> list[str]:
    """Cells of the table: recall and milliseconds for each share that passes."""
    index = store.open(source)
    with source.shown() as (_, count, batches):
        pairs = list(batches)
    ids = np.concatenate([each for each, _ in pairs])
    rows = np.concatenate([each for _, each in pairs]).astype(np.float32)
    del pairs
    rng = np.random.default_rng(0)
    cells = []
    for share in SHARES:
        if share is None:
            allowed, right = None, exact(ids, rows, queries)
        else:
            passing = np.sort(rng.choice(len(ids), max(int(share * count), K), replace=False))
            allowed, right = ids[passing], exact(ids[passing], rows[passing], queries)
        index.search(queries[0], K, allowed=allowed)
        found, took = 0, []
        for query, best in zip(queries, right, strict=True):
            start = time.perf_counter()
            hits = index.search(query, K, allowed=allowed)
            took.append(1000 * (time.perf_counter() - start))
            if hits.ids.shape[1] != K:
                raise SystemExit(f"{hits.ids.shape[1]} hits, not {K}")
            found += len(np.intersect1d(hits.ids[0], best))
        low, high = np.quantile(took, [0.5, 0.95])
        cells.append(f"{found / right.size:.4f} · {low:.1f} / {high:.1f} ms")
    return cells


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--vectors", action="append", default=[], metavar="ADDRESS")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--library", type=Path, help="measure this one as it is")
    arguments = parser.parse_args()
    work = arguments.work or Path(tempfile.mkdtemp(prefix="bench-vectors-"))
    library = arguments.library or work / f"library-{arguments.count}"
    if not library.exists():
        maker = Path(__file__).with_name("synthetic_library.py")
        subprocess.run([sys.executable, maker, library, "--count", str(arguments.count)], check=True)
    print(describe())
    layout = Layout(library)
    with Catalog.open(layout.catalog) as catalog:
        with catalog.read() as session:
            space = spaces.active_space(session)
        source = EmbeddingSource(catalog, space)
        with source.shown() as (_, count, _):
            pass
        shares = ("all", *(f"{share:.1%} pass" for share in SHARES if share))
        print(f"| {count:,} x {source.dim} | build | {' | '.join(shares)} |")
        print("|---" * (len(shares) + 2) + "|")
        queries = Population(source.dim).texts(arguments.queries, seed=1)
        if arguments.library:
            report(layout.vector_store, source, queries, "as it was")
            return
        for address in ("", *arguments.vectors):
            store = open_store(address, layout.vectors)
            start = time.perf_counter()
            store.rebuild(source)
            report(store, source, queries, f"{time.perf_counter() - start:.1f} s")
            if address:
                store.drop(source)


def report(store: VectorStore, source: EmbeddingSource, queries: NDArray[np.float32], built: str) -> None:
    """Print a row."""
    cells = measure(store, source, queries)
    print(f"| {store.open(source).status.reason} | {built} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
