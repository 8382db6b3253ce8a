#!/usr/bin/env python3
"""Measure how well duplicates are found: precision and recall by kind of edit, and the time at scale.

scripts/eval_duplicates.py [--data DIR] [--photos DIR] [--work DIR] [--per-photo 5] [--seed 0]
    [--model builtin] [--scale 25000 50000 100000] [--scale-only]

Every photo is edited `--per-photo` times, all kinds equally often, indexed by the real indexer
and grouped by the real library. Recall of a kind is the share of its edits that end in one group with their
photo; precision the share of the pairs in a group that are of one photo. Near-twins among the photos were
labelled before: `TWINS`.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from duplicate_edits import EDITS, make_edits
from machine import describe

from indexer.update import Update
from searchengine import Library
from searchengine.duplicates.grouping import stars
from searchengine.duplicates.neighbours import near_embeddings, near_hashes
from searchengine.duplicates.records import read_records
from searchengine.duplicates.similar import likeness, similar_edges, usual_cosine

if TYPE_CHECKING:
    from collections.abc import Callable

# All 149,878 pairs of the 548 photos were laid over each other by `align`; the 20 best and the 20 with the
# highest cosines were looked at. One pair is the same photo; the rest share a horizon or a mood at most.
TWINS = (("picsum-128", "picsum-456"),)

NEIGHBOURS = (5, 10, 20, 50)
SYNTHETIC_BATCH = 50_000
Result = TypeVar("Result")


def photo_of(path: str) -> str:
    """What a file is a picture of: the photo's name; twins count as one."""
    stem = Path(path).stem.split("--")[0]
    return next((first for first, second in TWINS if stem == second), stem)


def grouped(library: Path, level: str) -> tuple[dict[str, int], float]:
    """The number of its group by file name, and the seconds it took."""
    start = time.perf_counter()
    with Library.open(library) as opened:
        found = opened.duplicates(level)
    seconds = time.perf_counter() - start
    return {
        os.path.basename(member.path): number
        for number, group in enumerate(found.groups)
        for member in group.members
    }, seconds


def precision(groups: dict[str, int], truth: dict[str, str]) -> tuple[int, int]:
    """Pairs of files in a group that are of one picture, and all of them."""
    members = defaultdict(list)
    for name, group in groups.items():
        members[group].append(name)
    pairs = [pair for names in members.values() for pair in combinations(names, 2)]
    return sum(truth[one] == truth[other] for one, other in pairs), len(pairs)


def candidates(library: Path) -> tuple[dict[str, int], dict[int, set], set]:
    """Positions by file name, the pairs of the k nearest embeddings by k, and the pairs of near hashes."""
    with Library.open(library) as opened:
        space = opened._space()  # noqa: SLF001  to look at one stage alone
        with opened._catalog.read() as session:  # noqa: SLF001
            records = read_records(session, space.id, space.dim)
        from searchengine.catalog import images

        with opened._catalog.read() as session:  # noqa: SLF001
            rows = images.images(session, records.ids.tolist())
    where = {}
    for position, content in enumerate(records.ids.tolist()):
        for file in rows[content].files:
            where[os.path.basename(os.fsdecode(file.path))] = position
    by_k = {k: set(map(tuple, near_embeddings(records.vectors, k)[0].tolist())) for k in NEIGHBOURS}
    return where, by_k, set(map(tuple, near_hashes(records.hashes).tolist()))


def photos(pictures: Path, work: Path, per_photo: int, model: str, seed: int) -> None:
    """The table for synthetic edits of real photos."""
    originals = sorted(pictures.glob("*.jpg"))
    kinds = make_edits(originals, work / "edits", per_photo=per_photo, seed=seed)
    library = work / "library"
    Update(library, model=model).run([pictures, work / "edits"])
    groups, seconds = grouped(library, "edited")
    where, by_k, by_hash = candidates(library)
    truth = {file.name: photo_of(file.name) for file in [*originals, *kinds]}

    rows = defaultdict(list)
    wrong = Counter()
    for file, kind in kinds.items():
        photo = file.stem.split("--")[0] + ".jpg"
        pair = tuple(sorted((where[file.name], where[photo])))
        same = pair[0] == pair[1]
        caught = [same or pair in by_k[k] for k in NEIGHBOURS]
        hashed = same or pair in by_hash
        together = file.name in groups and groups[file.name] == groups.get(photo)
        rows[kind].append([*caught, hashed, caught[1] or hashed, together])
    members = defaultdict(list)
    for name, group in groups.items():
        members[group].append(name)
    total = Counter()
    names = {file.name: kind for file, kind in kinds.items()}
    for group in members.values():
        for one, other in combinations(group, 2):
            for kind in {names.get(one), names.get(other)} - {None}:
                total[kind] += 1
                wrong[kind] += truth[one] != truth[other]
    print(f"\n{len(originals)} photos, {len(kinds)} edits, model {model}; duplicates took {seconds:.0f} s")
    heads = [*(f"k={k}" for k in NEIGHBOURS), "hash", "10+hash", "recall", "precision"]
    print(f"{'kind':28}{'n':>6}" + "".join(f"{head:>10}" for head in heads))
    covered = [row for kind in rows if EDITS[kind][0] for row in rows[kind]]
    rest = [row for kind in rows if not EDITS[kind][0] for row in rows[kind]]
    for kind in EDITS:
        share = 1 - wrong[kind] / max(total[kind], 1)
        _print_row(kind + ("" if EDITS[kind][0] else " *"), rows[kind], f"{share:10.4f}")
    right, pairs = precision(groups, truth)
    _print_row("all that edited promises", covered, f"{right / max(pairs, 1):10.4f}")
    _print_row("the rest (*)", rest, "")
    print(f"pairs in groups: {pairs}, of one photo: {right}")
    names_at = {position: name for name, position in where.items()}
    alone = [truth[names_at[one]] == truth[names_at[other]] for one, other in by_hash]
    print(f"pairs of near hashes alone: {len(alone)}, of one photo: {np.mean(alone):.4f}")
    names = {file.stem for file in originals}
    twins = [pair for pair in TWINS if names.issuperset(pair)]
    together = sum(groups.get(a + ".jpg", -1) == groups.get(b + ".jpg", -2) for a, b in twins)
    print(f"near-twins in one group: {together} of {len(twins)}")


def _print_row(name: str, rows: list[list[bool]], last: str) -> None:
    means = np.mean(np.array(rows, float), axis=0) if rows else []
    print(f"{name:28}{len(rows):6}" + "".join(f"{mean:10.3f}" for mean in means) + last)


def folder(data: Path, work: Path, model: str) -> None:
    """The table for the labelled folder."""
    labels = {}
    for line in (data / "duplicates" / "groups.tsv").read_text().splitlines()[1:]:
        file, group, kind = line.split("\t")
        labels[file] = (group, kind)
    library = work / "folder-library"
    Update(library, model=model).run([data / "duplicates"])
    groups, seconds = grouped(library, "edited")
    truth = {file: group for file, (group, _) in labels.items()}
    right, pairs = precision(groups, truth)
    together = Counter()
    possible = Counter()
    for one, other in combinations(labels, 2):
        if truth[one] == truth[other]:
            possible[truth[one]] += 1
            together[truth[one]] += one in groups and groups[one] == groups.get(other)
    print(f"\n{len(labels)} files of {len(set(truth.values()))} pictures, labelled; took {seconds:.1f} s")
    for group, number in possible.items():
        left = [kind for file, (own, kind) in labels.items() if own == group and file not in groups]
        print(f"{group:28}{number:6} pairs, recall {together[group] / number:.3f}  left out: {left}")
    exact = right / max(pairs, 1)
    share = sum(together.values()) / sum(possible.values())
    print(f"{'all':28}{sum(possible.values()):6} pairs, recall {share:.3f}, precision {exact:.3f}")


def likes(data: Path) -> None:
    """How many pairs of unrelated photos a real model calls alike."""
    file = np.load(data / "embeddings" / "flickr8k-openclip-vitb32-val.npz")
    vectors = file["vectors"].astype(np.float32)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    pairs, cosines = near_embeddings(vectors, len(vectors))
    usual = usual_cosine(vectors)
    print(f"\n{len(pairs)} pairs of {len(vectors)} photos (ViT-B-32), usual cosine {usual:.3f}; as alike as")
    alike = likeness(cosines, usual)
    print("  ".join(f"{least:.2f}: {(alike >= least).sum()}" for least in (0.7, 0.75, 0.8, 0.85, 0.9)))


def scale(counts: list[int], dim: int = 512) -> None:
    """Time and memory of the two nets and of grouping, over synthetic vectors and hashes: see `synthetic`.

    The memory is the process's highest so far, with the vectors: give the counts in ascending order.
    """
    print(f"\nd = {dim}: seconds, those of all cores together, µs a picture of these, peak memory, and the")
    print("share of the planted pairs that is found, or is in one group")
    for count in counts:
        vectors, hashes, planted = synthetic(count, dim)
        wanted = np.arange(planted)[:, None] + np.array([0, count - planted])
        keys = wanted[:, 0] * count + wanted[:, 1]
        pairs, cosines = _timed(count, "embeddings", lambda: near_embeddings(vectors))  # noqa: B023  called now
        print(f"{np.isin(keys, pairs[:, 0] * count + pairs[:, 1]).mean():8.3f}")
        alike = similar_edges(pairs, cosines, usual_cosine(vectors))
        groups = _timed(count, "groups", lambda: stars(alike))  # noqa: B023
        group = np.arange(count)
        for centre, *others in groups:
            group[others] = centre
        print(f"{(group[wanted[:, 0]] == group[wanted[:, 1]]).mean():8.3f}")
        pairs = _timed(count, "hashes", lambda: near_hashes(hashes))  # noqa: B023
        print(f"{np.isin(keys, pairs[:, 0] * count + pairs[:, 1]).mean():8.3f}", flush=True)


def synthetic(count: int, dim: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Pictures in 500 clusters, the last tenth edits of the first: float16 vectors, hashes, their number."""
    rng = np.random.default_rng(0)
    middles = rng.standard_normal((500, dim)).astype(np.float32)
    vectors = np.empty((count, dim), np.float16)
    planted = count // 10
    for start in range(0, count - planted, SYNTHETIC_BATCH):
        batch = vectors[start : min(start + SYNTHETIC_BATCH, count - planted)]
        made = middles[rng.integers(0, 500, len(batch))]
        made += 0.8 * rng.standard_normal(made.shape, np.float32)
        batch[:] = made / np.linalg.norm(made, axis=1, keepdims=True)
    for start in range(0, planted, SYNTHETIC_BATCH):
        made = vectors[start : min(start + SYNTHETIC_BATCH, planted)].astype(np.float32)
        made += 0.3 / np.sqrt(1.64 * dim) * rng.standard_normal(made.shape, np.float32)
        at = count - planted + start
        vectors[at : at + len(made)] = made / np.linalg.norm(made, axis=1, keepdims=True)
    hashes = rng.integers(0, 256, (count, 8), dtype=np.uint8)
    flips = rng.random((planted, 64)).argpartition(6, axis=1)[:, :6]
    bits = np.unpackbits(hashes[:planted], axis=1)
    np.put_along_axis(bits, flips, 1 - np.take_along_axis(bits, flips, 1), 1)
    hashes[-planted:] = np.packbits(bits, axis=1)
    return vectors, hashes, planted


def _timed(count: int, name: str, run: Callable[[], Result]) -> Result:
    start, used = time.perf_counter(), time.process_time()
    result = run()
    seconds, used = time.perf_counter() - start, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)
    micro = used / count * 1e6
    print(f"{count:10,} {name:12}{seconds:8.1f} s {used:8.1f} s {micro:7.0f} µs {peak:7.2f} GB", end="")
    return result


def main() -> None:
    """Run what was asked for, the tables to standard output."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    repository = Path(__file__).parent.parent
    shared = Path(os.environ.get("IMGSEARCH_SHARED", repository.parent / "shared"))
    parser.add_argument("--data", type=Path, default=shared / "data")
    parser.add_argument("--work", type=Path, help="where edits and libraries are kept; default: nowhere")
    parser.add_argument("--per-photo", type=int, default=5)
    parser.add_argument("--photos", type=Path, help="folder of JPEGs to edit; default: DATA/photos")
    parser.add_argument("--seed", type=int, default=0, help="of the edits")
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--scale", type=int, nargs="*", default=[25_000, 50_000, 100_000])
    parser.add_argument("--scale-only", action="store_true", help="only time and memory")
    arguments = parser.parse_args()
    print(describe())
    if arguments.scale_only:
        scale(arguments.scale)
        return
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.work or Path(temporary)
        folder(arguments.data, work, arguments.model)
        pictures = arguments.photos or arguments.data / "photos"
        photos(pictures, work, arguments.per_photo, arguments.model, arguments.seed)
    likes(arguments.data)
    scale(arguments.scale)


if __name__ == "__main__":
    main()
