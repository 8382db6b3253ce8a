"""Measure what regions find, what they cost, and whether they hurt searches that don't need them.

    python scripts/eval_regions.py [--model builtin] [--count 1000] [--seed 1] [--size 960]

Two galleries of rendered scenes, saved as JPEG: in one the only thing covers less than 3 % of its picture, in
the other are held-out scenes as the model's card has them. Each is indexed as usual, asked for every
picture's description, then indexed with --regions and asked again. Prints recall, how often the region that
matched has the thing's middle in it, and the cost in time and bytes.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import machine  # noqa: E402

from data.held_out import held_out_scenes  # noqa: E402
from data.render import render  # noqa: E402
from data.scenes import Scene  # noqa: E402
from data.small_scenes import small_scenes  # noqa: E402
from indexer.update import Update  # noqa: E402
from searchengine import Library, Text  # noqa: E402

DEPTH = 10


def ask(library: Path, pairs: list[tuple[Scene, str]]) -> str:
    """Search for each scene's description; what came of it, in words."""
    found = {1: 0, 5: 0, DEPTH: 0}
    in_region = inside = 0
    with Library.open(library) as opened:
        begun = time.perf_counter()
        for number, (scene, text) in enumerate(pairs):
            for hit in opened.search(Text(text), k=DEPTH):
                if Path(hit.path).stem != f"{number:05}":
                    continue
                for k in found:
                    found[k] += hit.rank <= k
                if hit.region is not None and len(scene.placed) == 1:
                    left, top, right, bottom = hit.region
                    inside += 1
                    in_region += left < scene.placed[0].x < right and top < scene.placed[0].y < bottom
        took = (time.perf_counter() - begun) / len(pairs)
    recalls = "  ".join(f"R@{k} {count / len(pairs):.3f}" for k, count in found.items())
    where = f"  thing in the region {in_region / inside:.3f} (n {inside})" if inside else ""
    return f"{recalls}  {took * 1000:.1f} ms a search{where}"


def index(library: Path, pictures: Path, *, regions: bool | None, model: str) -> str:
    """Bring a library up to date; what it took, in words."""
    begun = time.perf_counter()
    Update(library, model=model, regions=regions).run([pictures])
    took = time.perf_counter() - begun
    with Library.open(library) as opened:
        status = opened.status()
    (space,) = status.spaces
    return (
        f"{took:.1f} s, {space.embeddings / status.images:.1f} embeddings and "
        f"{space.bytes / status.images:,.0f} bytes of vectors a picture, library {status.bytes / 1e6:.1f} MB"
    )


def main() -> None:
    """Print a paragraph for each gallery."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=960, help="longer side of the pictures, in px")
    args = parser.parse_args()
    print(machine.describe())
    galleries = {"small things": small_scenes, "held-out scenes": held_out_scenes}
    for name, draw in galleries.items():
        pairs = draw(args.count, args.seed)
        with tempfile.TemporaryDirectory() as folder:
            pictures, library = Path(folder, "pictures"), Path(folder, "library")
            pictures.mkdir()
            for number, (scene, _) in enumerate(pairs):
                render(scene, args.size).save(pictures / f"{number:05}.jpg", quality=88)
            print(f"{name}: {len(pairs)} pictures, {args.size} px")
            for said, regions in (("whole pictures", None), ("with regions", True)):
                cost = index(library, pictures, regions=regions, model=args.model)
                print(f"  {said}: {ask(library, pairs)}")
                print(f"    {'indexed' if regions is None else 'regions added'} in {cost}", flush=True)


if __name__ == "__main__":
    main()
