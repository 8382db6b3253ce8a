"""Measure how often `describe` names what held-out scenes show: the thing, how many, and where.

    python scripts/eval_describe.py [--model builtin] [--count 500] [--seed 7] [--size 640] [--show 10]

Right is a thing that is in the scene (synonyms don't count), a number that is that of each right thing, and
a place that is one of the phrases the scene's own captions may have. Also: how many of all things are named,
and how sure it was where it was right and where it was wrong.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import machine  # noqa: E402

from data.backgrounds import BACKGROUNDS  # noqa: E402
from data.held_out import held_out_scenes  # noqa: E402
from data.render import render  # noqa: E402
from data.scenes import Scene  # noqa: E402
from indexer.update import Update  # noqa: E402
from searchengine import Library  # noqa: E402
from searchengine.understanding.compose import SIZES, Thing  # noqa: E402
from searchengine.understanding.describe import Description  # noqa: E402
from searchengine.understanding.vocabulary import places, things  # noqa: E402

MOST = 4


def said(text: str) -> tuple[dict[str, int], str]:
    """The things with their numbers, and the place, that a sentence says."""
    place = max((place for place in places() if text.endswith(place)), key=len, default="")
    rest = f" {text.removesuffix(place).strip()} ".replace(",", " ,")
    found = {}
    for thing in sorted(things(), key=len, reverse=True):
        for count in range(1, MOST + 1):
            for size in SIZES:
                phrase = f" {Thing(thing, count, size).text} "
                if phrase in rest:
                    found[thing] = count
                    rest = rest.replace(phrase, "  ")
    return found, place


def judge(scene: Scene, told: Description) -> tuple[float, ...]:
    """Whether a thing, its number and the place are right; how many of all are named, and of those right."""
    true: dict[str, int] = {}
    for (thing, _), count in scene.counts.items():
        true[thing] = true.get(thing, 0) + count
    named, place = said(told.text)
    right = [thing for thing in named if thing in true]
    counts = bool(right) and all(named[thing] == true[thing] for thing in right)
    there = place in BACKGROUNDS[scene.background].phrases
    return bool(right), counts, there, len(right) / len(true), len(right) / max(len(named), 1)


def main() -> None:
    """Print the shares, and some sentences beside the truth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--size", type=int, default=640, help="longer side of the pictures, in px")
    parser.add_argument("--show", type=int, default=10, help="sentences to print")
    args = parser.parse_args()
    print(machine.describe())
    pairs = held_out_scenes(args.count, args.seed)
    with tempfile.TemporaryDirectory() as folder:
        pictures, library = Path(folder, "pictures"), Path(folder, "library")
        pictures.mkdir()
        for number, (scene, _) in enumerate(pairs):
            render(scene, args.size).save(pictures / f"{number:05}.jpg", quality=90)
        Update(library, model=args.model).run([pictures / "00000.jpg"])
        with Library.open(library) as opened:
            begun = time.perf_counter()
            told = opened.describe([pictures]).results
            took = (time.perf_counter() - begun) / len(pairs)
    judged = np.array([judge(scene, each) for (scene, _), each in zip(pairs, told, strict=True)], float)
    thing, number, place, recall, precision = judged.mean(axis=0)
    print(f"{len(pairs)} held-out scenes, seed {args.seed}, {args.size} px; {took:.2f} s a picture")
    print(f"a thing right {thing:.3f}  its number too {number:.3f}  place right {place:.3f}")
    print(f"of all things named {recall:.3f}  of those named right {precision:.3f}")
    sure = np.array([each.parts[0].probability if each.parts else np.nan for each in told])
    for name, which in (("right", judged[:, 0] == 1), ("wrong", judged[:, 0] == 0)):
        if which.any():
            print(f"where the thing is {name}, it was given {np.nanmean(sure[which]):.2f} on average")
    for (_, text), each in list(zip(pairs, told, strict=True))[: args.show]:
        print(f"  {text!r} is said to be {each.text!r}")


if __name__ == "__main__":
    main()
