"""Measure a model on real photographs that the built-in model's training never saw.

    python scripts/eval_photos.py TARS CACHE [--model builtin] [--runtime onnx]

The held-out tenth of each set of data/photographs.py. For labelled sets: how often the label that `classify`
puts first is right, and how many of the first 10 pictures for a label's name show it (where fewer than 10 do,
of the first so many), among the set's pictures and among all. For captions: how often a caption's
own picture is first, and among the first 10. Decoded pictures are kept in CACHE.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

import machine  # noqa: E402

from data.photographs import Photos, concept, load  # noqa: E402
from searchengine.encoders import load_encoder  # noqa: E402
from searchengine.encoders.encoder import Encoder  # noqa: E402
from searchengine.encoders.preprocess import preprocess  # noqa: E402
from searchengine.understanding.prompts import TEMPLATES, label_vectors  # noqa: E402

Vectors = NDArray[np.float32]
BATCH = 64
FIRST = 10


class HeldOut:
    """One set's held-out pictures: their vectors and their texts."""

    def __init__(self, encoder: Encoder, photos: Photos) -> None:
        self.source, self.labels = photos.source, photos.labels
        numbers = np.flatnonzero(photos.held_out)
        self.texts = [photos.texts[number] for number in numbers]
        squares = [
            preprocess(Image.fromarray(photos.pixels(number)), encoder.spec.preprocessing)
            for number in numbers
        ]
        parts = [
            encoder.encode_images(np.stack(squares[at : at + BATCH])) for at in range(0, len(squares), BATCH)
        ]
        self.vectors = np.concatenate(parts)

    @property
    def concepts(self) -> NDArray[np.str_]:
        """What each picture shows; one name where sets have several for one thing."""
        return np.array([concept(text)[0] for text in self.texts])


def top1(encoder: Encoder, of: HeldOut) -> float:
    """Return how often the first of the set's labels is right."""
    names = label_vectors(encoder, of.labels, TEMPLATES)
    best = (of.vectors @ names.T).argmax(axis=1)
    return float(np.mean([of.labels[at] == text for at, text in zip(best, of.texts, strict=True)]))


def precision(encoder: Encoder, labels: list[str], vectors: Vectors, concepts: NDArray[np.str_]) -> float:
    """Return the mean share, over labels, of right pictures among the first ones for a label's name."""
    shares = []
    for label, words in zip(labels, encoder.encode_texts(labels), strict=True):
        right = concepts == concept(label)[0]
        first = np.argsort(-(vectors @ words), kind="stable")[: min(FIRST, right.sum())]
        if len(first):
            shares.append(right[first].mean())
    return float(np.mean(shares))


def recalls(encoder: Encoder, of: HeldOut) -> tuple[float, float]:
    """Return how often a caption's own picture is first, and among the first ten."""
    scores = encoder.encode_texts(of.texts) @ of.vectors.T
    ranks = (scores >= np.diagonal(scores)[:, None]).sum(axis=1)
    return float((ranks == 1).mean()), float((ranks <= FIRST).mean())


def main() -> None:
    """Print two tables, as the model card has them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tars", type=Path, help="folder with the sets' .tar files")
    parser.add_argument("cache", type=Path, help="folder for decoded pictures")
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--runtime", default="onnx", choices=("onnx", "torch"))
    args = parser.parse_args()
    print(f"{machine.describe()}\nmodel {args.model}\n")
    encoder = load_encoder(args.model, runtime=args.runtime)
    sets = [HeldOut(encoder, photos) for photos in load(args.tars, args.cache)]
    labelled = [each for each in sets if each.source.labels]
    vectors = np.concatenate([each.vectors for each in labelled])
    concepts = np.concatenate([each.concepts for each in labelled])
    print(f"| set | held out | labels | top-1 | P@10 in its set | P@10 among {len(vectors):,} |")
    print("|---|---|---|---|---|---|")
    for each in labelled:
        own = precision(encoder, each.labels, each.vectors, each.concepts)
        among = precision(encoder, each.labels, vectors, concepts)
        print(
            f"| {each.source.name} | {len(each.texts)} | {len(each.labels)} | {top1(encoder, each):.3f} "
            f"| {own:.3f} | {among:.3f} |"
        )
    print("\n| captions | held out | R@1 | R@10 |\n|---|---|---|---|")
    for each in sets:
        if not each.source.labels:
            one, ten = recalls(encoder, each)
            print(f"| {each.source.name} | {len(each.texts)} | {one:.3f} | {ten:.3f} |")


if __name__ == "__main__":
    main()
