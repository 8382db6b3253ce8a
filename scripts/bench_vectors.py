#!/usr/bin/env python3
"""Recall and speed of each vector engine on one library, against exact search, with filters and without.

    scripts/bench_vectors.py [--count 20000] [--queries 200] [--vectors ADDRESS]… [--work FOLDER]

Makes a library of vectors as scripts/synthetic_vectors.py has them, unless FOLDER holds one of before,
and asks texts that aren't in it. FAISS comes first; each ADDRESS is one of Milvus's, as --vectors takes
it. A filter lets a random share pass. Times are of a warm process, one query after the other, the
catalog's part included; building is from the catalog to a collection that answers.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import describe
from numpy.typing import NDArray
from synthetic_vectors import Population

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from searchengine.catalog import spaces
from searchengine.catalog.catalog import Catalog
from searchengine.catalog.embeddings import EmbeddingSource
from searchengine.layout import Layout
from searchengine.vectors.store import VectorStore, open_store

K = 10
SHARES = (None, 0.1, 0.01, 0.001)

Allowed = NDArray[np.int64] | None


def exact(source: EmbeddingSource, queries: NDArray[np.float32], allowed: Allowed) -> NDArray[np.int64]:
    """The nearest K of each query, by float32 arithmetic over all that may be in the answer: (q, K)."""
    with source.shown() as (_, _, batches):
        pairs = list(batches)
    ids = np.concatenate([each for each, _ in pairs])
    rows = np.concatenate([each for _, each in pairs]).astype(np.float32)
    if allowed is not None:
        kept = np.isin(ids, allowed)
        ids, rows = ids[kept], rows[kept]
    return ids[np.argsort(-(queries @ rows.T), axis=1, kind="stable")[:, :K]]


def measure(store: VectorStore, source: EmbeddingSource, queries: NDArray[np.float32]) -> list[str]:
    """A row of the table: seconds to build, then recall and milliseconds for each share that passes."""
    start = time.perf_counter()
    count = store.rebuild(source)
    cells = [f"{time.perf_counter() - start:.1f} s"]
    index = store.open(source)
    rng = np.random.default_rng(0)
    with source.shown() as (_, _, batches):
        all_ids = np.concatenate([ids for ids, _ in batches])
    for share in SHARES:
        allowed = None
        if share is not None:
            allowed = np.sort(rng.choice(all_ids, max(int(share * count), K), replace=False))
        right = exact(source, queries, allowed)
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
    arguments = parser.parse_args()
    work = arguments.work or Path(tempfile.mkdtemp(prefix="bench-vectors-"))
    library = work / f"library-{arguments.count}"
    if not library.exists():
        maker = Path(__file__).with_name("synthetic_library.py")
        subprocess.run([sys.executable, maker, library, "--count", str(arguments.count)], check=True)
    print(describe())
    shares = ("all", *(f"{share:.1%} pass" for share in SHARES if share))
    print(f"| {arguments.count:,} x 512 | build | {' | '.join(shares)} |")
    print("|---" * (len(shares) + 2) + "|")
    layout = Layout(library)
    with Catalog.open(layout.catalog) as catalog:
        with catalog.read() as session:
            space = spaces.active_space(session)
        source = EmbeddingSource(catalog, space)
        queries = Population(source.dim).texts(arguments.queries, seed=1)
        for address in ("", *arguments.vectors):
            store = open_store(address, layout.vectors)
            cells = measure(store, source, queries)
            print(f"| {store.open(source).status.reason} | {' | '.join(cells)} |", flush=True)
            if address:
                store.drop(source)


if __name__ == "__main__":
    main()
