#!/usr/bin/env python3
"""What a library of n pictures takes: processor time, disk, memory, money; the tables of docs/scale.md.

    scripts/sizing.py [--images 1e6 1e8 1e9 5e9] [--dim 512]

Arithmetic on constants, each with where it is from: measured by a script of this repository, or published.
"""

from __future__ import annotations

import argparse

# scripts/bench_index.py: bytes of a picture in the catalog besides its vector's float16.
CATALOG_ROW = 619
# scripts/soak_move.py, a million pictures imported into PostgreSQL 15: the same, its indexes included.
POSTGRES_ROW = 1437
# scripts/bench_scale.py: beside a vector's float16 in the snapshot; a code's bytes are a quarter of the
# dimension and 12.
SNAPSHOT_ID, CODE_EXTRA = 8, 12
# scripts/bench_index.py: seconds of one core. A 12-megapixel JPEG and a web-sized one of 0.1; ViT-B-32-256 in
# bfloat16.
DECODE_PHOTO, DECODE_SMALL, TOWER = 0.019, 0.003, 0.031
# Published: clip-retrieval's README, ViT-B/32 on an RTX 3080.
GPU_A_SECOND = 1500
# scripts/bench_scale.py: processor seconds of a query over the codes of so many images; beyond the last, as
# though it took the same share of them.
CODES_QUERY = {1e6: 0.0064, 1e7: 0.031}
# 60 of the photographs that the benchmarks use, WebP of 320 pixels.
THUMBNAIL = 11_000
# scripts/bench_ray.py, SQLite: the one writer commits a picture in a third of a millisecond.
COMMITS_A_SECOND = 3000
# Bytes of a known file that a run holds (`FileRow`, `Entry`; tracemalloc).
KNOWN_FILE = 584
# Published: HNSW takes 1.1 (4 d + 8 M) bytes of memory a vector (OpenSearch's documentation); M = 16.
HNSW_M = 16
# Published: Milvus's DiskANN keeps in memory an eighth of the float32 vectors' bytes as codes and a tenth as
# cache, by default; a node (vector and 56 neighbours) takes whole 4 kB sectors of an NVMe disk.
DISKANN_SHARE, DISKANN_DEGREE, SECTOR = 0.125 + 0.1, 56, 4096
# Published prices in dollars, us-east-1, June 2026: m7g.large (2 vCPU, 8 GB) 0.0816 an hour, g5.xlarge (one
# A10G) 1.006 an hour.
CORE_HOUR, GPU_HOUR, MEMORY_GB_HOUR = 0.0816 / 2, 1.006, 0.0816 / 8
DISK_GB_MONTH = 0.08  # gp3, published
HOURS = 730


def number(value: float) -> str:
    """Two digits that count, with thousands."""
    if value >= 100:
        return f"{round(value, 1 - len(str(int(value))) + 1):,.0f}"
    return f"{value:.2g}"


def size(bytes_: float) -> str:
    """Bytes as GB or TB."""
    return f"{number(bytes_ / 1e12)} TB" if bytes_ >= 1e12 else f"{number(bytes_ / 1e9)} GB"


def named(images: float) -> str:
    """1 M, 5 B."""
    return f"{images / 1e9:g} B" if images >= 1e9 else f"{images / 1e6:g} M"


def codes_query(images: float) -> float:
    """Processor seconds of a query, by the nearest number of images that was measured."""
    measured = max((n for n in CODES_QUERY if n <= images), default=min(CODES_QUERY))
    return CODES_QUERY[measured] * images / measured


def rows(images: list[float], dim: int) -> list[tuple[str, list[str]]]:
    """The table: what a row is about, and what it says for each number of images."""
    embed = DECODE_PHOTO + TOWER
    hnsw = 1.1 * (4 * dim + 8 * HNSW_M)
    node = 4 * dim + 4 * (DISKANN_DEGREE + 1)
    sectors = -(-node // SECTOR) * SECTOR
    return [
        ("**embedding**", ["" for _ in images]),
        ("core hours, 12-megapixel photos", [number(n * embed / 3600) for n in images]),
        ("days with 64 cores", [number(n * embed / 64 / 86400) for n in images]),
        (
            "GPU hours, and cores a GPU keeps busy decoding photos (small pictures)",
            [
                f"{number(n / GPU_A_SECOND / 3600)}, "
                f"{GPU_A_SECOND * DECODE_PHOTO:.0f} ({GPU_A_SECOND * DECODE_SMALL:.0f})"
                for n in images
            ],
        ),
        (
            "dollars, once: cores (GPUs, small pictures)",
            [
                f"{number(n * embed / 3600 * CORE_HOUR)} "
                f"({number(n / GPU_A_SECOND / 3600 * (GPU_HOUR + GPU_A_SECOND * DECODE_SMALL * CORE_HOUR))})"
                for n in images
            ],
        ),
        (
            "days of one writer, at 3,000 pictures a second",
            [number(n / COMMITS_A_SECOND / 86400) for n in images],
        ),
        ("memory of a run over all files at once", [size(n * KNOWN_FILE) for n in images]),
        ("**disk**", ["" for _ in images]),
        ("catalog", [size(n * (CATALOG_ROW + 2 * dim)) for n in images]),
        ("catalog on PostgreSQL", [size(n * (POSTGRES_ROW + 2 * dim)) for n in images]),
        (
            "snapshot and codes (FAISS)",
            [size(n * (2 * dim + SNAPSHOT_ID + dim // 4 + CODE_EXTRA)) for n in images],
        ),
        ("HNSW (Milvus), as in memory", [size(n * hnsw) for n in images]),
        ("DiskANN (Milvus), NVMe", [size(n * sectors) for n in images]),
        ("thumbnails, if all are looked at", [size(n * THUMBNAIL) for n in images]),
        ("**memory**", ["" for _ in images]),
        ("FAISS: codes", [size(n * (dim // 4 + CODE_EXTRA)) for n in images]),
        ("HNSW", [size(n * hnsw) for n in images]),
        ("DiskANN", [size(n * DISKANN_SHARE * 4 * dim) for n in images]),
        ("**one query**", ["" for _ in images]),
        ("FAISS, codes of all: processor", [f"{number(codes_query(n))} s" for n in images]),
        ("**dollars a month**", ["" for _ in images]),
        (
            "FAISS",
            [
                number(
                    n * (dim // 4 + CODE_EXTRA) / 1e9 * MEMORY_GB_HOUR * HOURS
                    + n * (3 * dim + CATALOG_ROW + 2 * dim) / 1e9 * DISK_GB_MONTH
                )
                for n in images
            ],
        ),
        (
            "HNSW",
            [
                number(
                    n * hnsw / 1e9 * MEMORY_GB_HOUR * HOURS
                    + n * (hnsw + CATALOG_ROW + 2 * dim) / 1e9 * DISK_GB_MONTH
                )
                for n in images
            ],
        ),
        (
            "DiskANN",
            [
                number(
                    n * DISKANN_SHARE * 4 * dim / 1e9 * MEMORY_GB_HOUR * HOURS
                    + n * (sectors + CATALOG_ROW + 2 * dim) / 1e9 * DISK_GB_MONTH
                )
                for n in images
            ],
        ),
    ]


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=float, nargs="+", default=[1e6, 1e8, 1e9, 5e9])
    parser.add_argument("--dim", type=int, default=512)
    arguments = parser.parse_args()
    print(f"| d = {arguments.dim} | " + " | ".join(named(n) for n in arguments.images) + " |")
    print("|---" * (1 + len(arguments.images)) + "|")
    for name, cells in rows(arguments.images, arguments.dim):
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
