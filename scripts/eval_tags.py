"""Measure how many tags of held-out scenes are right, and how many are missing.

    python scripts/eval_tags.py [--count 1000] [--seed 7]

Scenes that no training picture showed, indexed with the built-in model; right are the names of the things in
one, and of its background, as far as the default vocabulary has them.
"""

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import machine  # noqa: E402

from data.glyphs import glyphs  # noqa: E402
from data.held_out import held_out_scenes  # noqa: E402
from data.render import render  # noqa: E402
from data.scenes import Scene  # noqa: E402
from indexer.update import Update  # noqa: E402
from searchengine import Library  # noqa: E402
from searchengine.understanding.vocabulary import vocabulary  # noqa: E402

SIZE = 384  # px, the longer side
STRICTNESSES = (0.5, 0.75, 0.9, 0.95, 0.99)
PLACES = {"table": "wooden table", "brick": "brick wall", "mountains": "mountain"}


def true_of(scene: Scene) -> set[str]:
    """The words of the vocabulary that hold of a scene; a colour of its background isn't asked for."""
    known = glyphs()
    names = {known[thing].name if thing in known else thing for thing, _ in scene.counts}
    return (names | {PLACES.get(scene.background, scene.background)}) & set(vocabulary())


def main() -> None:
    """Print a line for each strictness."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    print(machine.describe())
    with tempfile.TemporaryDirectory() as folder:
        pictures, library = Path(folder, "pictures"), Path(folder, "library")
        pictures.mkdir()
        right = {}
        for number, (scene, _) in enumerate(held_out_scenes(args.count, args.seed)):
            path = pictures / f"{number:05}.jpg"
            render(scene, SIZE).save(path, quality=90)
            right[path.name] = true_of(scene)
        Update(library, model="builtin").run([pictures])
        wanted = sum(map(len, right.values()))
        print(f"{args.count} scenes, {wanted / args.count:.1f} right tags each, {len(vocabulary())} words")
        with Library.open(library) as opened:
            for strictness in STRICTNESSES:
                found = opened.tag(where="width:>0", strictness=strictness).results
                given = sum(len(each.tags) for each in found)
                hits = sum(len({t.tag for t in each.tags} & right[Path(each.path).name]) for each in found)
                print(
                    f"  strictness {strictness}: {given / args.count:.2f} tags a picture, "
                    f"precision {hits / max(given, 1):.3f}, recall {hits / wanted:.3f}"
                )


if __name__ == "__main__":
    main()
