"""Labelled pictures to measure on: held-out rendered scenes, and held-out photographs.

A set is pictures' embeddings and, for each, the set of labels that are true of it.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from data import photographs
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


def photos(encoder: Encoder, tars: Path, cache: Path) -> list[LabelledSet]:
    """The labelled sets of photographs, as far as they are held out from training.

    Args:
        encoder: Embeds them.
        tars: Folder with the sets.
        cache: Folder for decoded pictures.
    """
    found = []
    for each in photographs.load(tars, cache):
        if each.source.labels and not each.source.rare:
            numbers = np.flatnonzero(each.held_out).tolist()
            pictures = (Image.fromarray(each.pixels(number)) for number in numbers)
            labels = [frozenset([each.texts[number]]) for number in numbers]
            found.append(LabelledSet(each.source.name, _embed(encoder, pictures), labels))
    return found


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
