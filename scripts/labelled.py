"""Labelled pictures to measure on: rendered scenes, and the shared sets of real photographs.

A set is pictures' embeddings and, for each, the set of labels that are true of it.
"""

import io
import tarfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from data.glyphs import glyphs
from data.held_out import held_out_scenes
from data.render import render
from searchengine.encoders.encoder import Encoder
from searchengine.encoders.preprocess import preprocess

Vectors = NDArray[np.float32]

SCENE_SIZE = 320  # px, the longer side
BATCH = 64


@dataclass(frozen=True)
class LabelledSet:
    """Embeddings (n, dim) of length 1, and what is true of each picture."""

    name: str
    vectors: Vectors
    labels: list[frozenset[str]]

    def names(self, least: int = 1) -> list[str]:
        """Every label that at least so many pictures have, in the order of the alphabet."""
        counts = Counter(label for each in self.labels for label in each)
        return sorted(label for label, count in counts.items() if count >= least)


def scenes(encoder: Encoder, count: int, seed: int) -> LabelledSet:
    """Held-out scenes by the things in them."""
    drawn = [scene for scene, _ in held_out_scenes(count, seed)]
    known = glyphs()
    labels = [
        frozenset(
            known[thing].name if thing in known else f"{colour} {thing}" for thing, colour in scene.counts
        )
        for scene in drawn
    ]
    return LabelledSet("scenes", _embed(encoder, (render(each, SCENE_SIZE) for each in drawn)), labels)


def photos(encoder: Encoder, tar: Path, count: int, seed: int) -> LabelledSet:
    """Pictures of one of the shared sets, drawn at random, by the label beside each."""
    with tarfile.open(tar) as archive:
        names = sorted(name for name in archive.getnames() if name.endswith(".jpg"))
        drawn = sorted(Random(seed).sample(names, min(count, len(names))))

        def read(name: str) -> bytes:
            file = archive.extractfile(name)
            assert file is not None
            return file.read()

        labels = [frozenset([read(name[:-3] + "txt").decode().strip()]) for name in drawn]
        pictures = (Image.open(io.BytesIO(read(name))).convert("RGB") for name in drawn)
        return LabelledSet(tar.stem, _embed(encoder, pictures), labels)


def average_precision(scores: Vectors, right: NDArray[np.bool_]) -> float:
    """Mean of the precision at each right picture's rank, best score first."""
    order = right[np.argsort(-scores, kind="stable")]
    return float((np.cumsum(order)[order] / (np.flatnonzero(order) + 1)).mean())


def _embed(encoder: Encoder, pictures) -> Vectors:  # noqa: ANN001  an iterator of pictures
    parts, batch = [], []
    for picture in pictures:
        batch.append(preprocess(picture, encoder.spec.preprocessing))
        if len(batch) == BATCH:
            parts.append(encoder.encode_images(np.stack(batch)))
            batch = []
    if batch:
        parts.append(encoder.encode_images(np.stack(batch)))
    return np.concatenate(parts)
