"""Measure how many things in held-out scenes `objects` finds, and how many of what it finds are there.

    python scripts/eval_objects.py [--model builtin] [--count 200] [--seed 11] [--size 640]

A thing is found when a box of its name overlaps its own by at least 0.3 (or 0.5) as intersection over union;
each counts once. Things that the default vocabulary has no name for count as missed.
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
from data.scenes import Box, Scene  # noqa: E402
from indexer.update import Update  # noqa: E402
from searchengine import Library  # noqa: E402
from searchengine.understanding.recognize import Object  # noqa: E402

LEAST = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
OVERLAPS = (0.3, 0.5)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    across = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    down = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return across * down / (area - across * down)


def right(scene: Scene, objects: tuple[Object, ...], least: float) -> int:
    """How many of the scene's things are found, with boxes that overlap theirs by at least so much."""
    left = [(placed.thing, scene.box(placed)) for placed in scene.placed]
    count = 0
    for each in objects:
        fitting = [one for one in left if one[0] == each.label and overlap(one[1], each.box) >= least]
        if fitting:
            left.remove(max(fitting, key=lambda one: overlap(one[1], each.box)))
            count += 1
    return count


def main() -> None:
    """Print a line for each least score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--size", type=int, default=640, help="longer side of the pictures, in px")
    args = parser.parse_args()
    print(machine.describe())
    scenes = [scene for scene, _ in held_out_scenes(args.count, args.seed)]
    with tempfile.TemporaryDirectory() as folder:
        pictures, library = Path(folder, "pictures"), Path(folder, "library")
        pictures.mkdir()
        for number, scene in enumerate(scenes):
            render(scene, args.size).save(pictures / f"{number:05}.jpg", quality=90)
        Update(library, model=args.model).run([pictures / "00000.jpg"])
        with Library.open(library) as opened:
            begun = time.perf_counter()
            found = [each.objects for each in opened.objects([pictures], least=min(LEAST)).results]
            took = (time.perf_counter() - begun) / len(scenes)
    there = sum(len(scene.placed) for scene in scenes)
    print(f"{len(scenes)} scenes with {there} things, {args.size} px; {took:.2f} s a picture")
    for least in LEAST:
        sure = [tuple(each for each in objects if each.score >= least) for objects in found]
        given = sum(map(len, sure))
        said = []
        for share in OVERLAPS:
            hits = sum(right(scene, objects, share) for scene, objects in zip(scenes, sure, strict=True))
            said.append(f"IoU {share}: precision {hits / max(given, 1):.3f}, recall {hits / there:.3f}")
        print(f"  score >= {least}: {given / len(scenes):.2f} objects a picture; {'; '.join(said)}")


if __name__ == "__main__":
    main()
