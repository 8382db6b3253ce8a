"""Measure how often `classify` names what a picture shows, with different prompts.

    python scripts/eval_classify.py [--model builtin] [--photos TARS CACHE] [--count 1000] [--seed 1]

Zero-shot top-1 accuracy on held-out scenes (any of a scene's things is right) and, with --photos, on the
held-out tenth of labelled sets of photographs, for single prompts, for their mean, and for the default.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import labelled  # noqa: E402
import machine  # noqa: E402

from searchengine.encoders import load_encoder  # noqa: E402
from searchengine.understanding.prompts import TEMPLATES, label_vectors  # noqa: E402

OTHERS = ("itap of a {}", "a bad photo of the {}", "art of the {}", "a photo of the small {}")


def main() -> None:
    """Print a table: a row a set, a column a choice of prompts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="builtin")
    parser.add_argument(
        "--photos", type=Path, nargs=2, metavar=("TARS", "CACHE"), help="as eval_photos.py takes them"
    )
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    print(machine.describe())
    encoder = load_encoder(args.model, runtime="onnx")
    sets = [labelled.scenes(encoder, args.count, args.seed)]
    if args.photos:
        sets += labelled.photos(encoder, *args.photos)
    choices = {template: (template,) for template in TEMPLATES}
    choices |= {"mean of these": TEMPLATES, "mean of 4 others": OTHERS, "mean of all": TEMPLATES + OTHERS}
    for each in sets:
        names = each.names()
        print(f"{each.name}: {len(each.labels)} pictures, {len(names)} labels")
        for said, templates in choices.items():
            best = (each.vectors @ label_vectors(encoder, names, templates).T).argmax(axis=1)
            right = np.mean([names[at] in true for at, true in zip(best, each.labels, strict=True)])
            print(f"  {right:.3f}  {said}")


if __name__ == "__main__":
    main()
