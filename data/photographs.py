"""Real photographs to train on and to measure on: labelled and captioned sets, decoded once.

A set is a WebDataset tar: `key.jpg` beside `key.txt`, which holds a label or a caption. A tenth of each set
is held out from training, by a checksum of the key; pictures that look alike are on one side together.
"""

import functools
import io
import json
import os
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from data.captions import with_article
from searchengine.images.hashes import perceptual_hash

HELD_OUT_ONE_IN = 10
ALIKE = 6  # of a perceptual hash's 64 bits differ at most
SMALLEST_CROP = 0.6  # of a side
WHOLE_SHARE = 0.25  # of the pictures of a batch aren't cropped


@dataclass(frozen=True)
class Source:
    """A set of photographs, and how many of them a batch holds.

    Its texts are labels or else captions. Labels that are `rare` are too many to be rivals in every batch.
    """

    name: str
    share: int
    labels: bool = True
    rare: bool = False


SOURCES = (
    Source("caltech101", 28),
    Source("cifar10-train", 32),
    Source("intel-scenes", 9),
    Source("clothing-small", 9),
    Source("vi-sports", 7),
    Source("imagen-1000", 2, rare=True),
    Source("coco-train-2k", 6, labels=False),
    Source("flowers102", 3, labels=False),
)
# What else a label is called. Labels of two sets that share a name are one concept.
ALSO = {
    "airplanes": ("airplane", "plane", "airplanes"),
    "airplane": ("airplane", "plane", "airplanes"),
    "automobile": ("car", "automobile", "car side"),
    "car side": ("car", "automobile", "car side"),
    "motorbikes": ("motorbike", "motorcycle", "motorbikes"),
    "faces": ("face", "person's face", "faces"),
    "faces easy": ("close-up of a face", "faces easy"),
    "leopards": ("leopard", "leopards"),
    "water lilly": ("water lily", "water lilly"),
    "mountains": ("mountain", "mountains"),
    "forests": ("forest", "forests"),
    "buildings": ("building", "buildings"),
    "sea": ("sea", "ocean"),
    "outwear": ("coat", "jacket", "outwear"),
    "longsleeve": ("long-sleeved shirt", "longsleeve"),
    "pants": ("pants", "trousers"),
    "t-shirt": ("t-shirt", "tee shirt"),
    "soccer": ("soccer", "football match"),
    "equestrianism": ("equestrianism", "horse riding"),
    "athletics": ("athletics", "running"),
}
TEMPLATES = (
    "{}",
    "{}",
    "a photo of a {}",
    "a photo of a {}",
    "a picture of a {}",
    "a photo of {}",
    "a picture of {}",
    "a photo of the {}",
    "an image of a {}",
    "a {}",
)


@dataclass(frozen=True)
class Photos:
    """One set, decoded: texts, which are held out, and each picture's pixels."""

    source: Source
    texts: list[str]
    held_out: NDArray[np.bool_]
    _pixels: NDArray[np.uint8]  # all pictures' bytes, one after the other; a mapped file
    _shapes: NDArray[np.int64]  # (n, 3): where it begins, height, width

    def __len__(self) -> int:
        return len(self.texts)

    def pixels(self, number: int) -> NDArray[np.uint8]:
        """Return picture `number`, uint8 (height, width, 3)."""
        begin, height, width = self._shapes[number]
        return self._pixels[begin : begin + 3 * height * width].reshape(height, width, 3)

    @property
    def labels(self) -> list[str]:
        """Every text there is, in the order of the alphabet."""
        return sorted(set(self.texts))


@dataclass(frozen=True)
class PhotoBatch:
    """n photographs of S px, and the m concepts they are contrasted with.

    pixels uint8 (n, S, S, 3); light float32 (n, 3): what to multiply contrast, brightness and saturation
    with; labels and captions: a text for each concept, m together; target int64 (n): a picture's concept;
    rivals bool (n, m): what it is told apart from (for a labelled set its labels, else everything).
    """

    pixels: NDArray[np.uint8]
    light: NDArray[np.float32]
    labels: list[str]
    captions: list[str]
    target: NDArray[np.int64]
    rivals: NDArray[np.bool_]


def concept(text: str) -> tuple[str, ...]:
    """Return a label's or a caption's names; two that share the first are one concept."""
    text = " ".join(text.lower().split())
    return ALSO.get(text, (text,))


def load(tars: Path, folder: Path) -> list[Photos]:
    """Return every set of SOURCES, decoded into `folder` where that hasn't been done yet.

    Raises:
        FileNotFoundError: A set's tar isn't in `tars`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for source in SOURCES:
        record = folder / f"{source.name}.json"
        if not record.exists():
            _decode(tars / f"{source.name}.tar", folder / f"{source.name}.u8", record)
        kept = json.loads(record.read_text(encoding="utf-8"))
        pixels = np.memmap(folder / f"{source.name}.u8", np.uint8, "r")
        held_out, shapes = np.array(kept["held_out"], bool), np.array(kept["shapes"], np.int64)
        found.append(Photos(source, kept["texts"], held_out, pixels, shapes))
    return found


def all_texts(sets: list[Photos]) -> Iterator[str]:
    """Yield every text that a training batch may hold."""
    for photos in sets:
        for text in {photos.texts[number] for number in np.flatnonzero(~photos.held_out)}:
            yield from concept(text)
    yield from TEMPLATES


class Mixture:
    """Training batches of all sets. Batch i is a pure function of the seed and i."""

    def __init__(self, sets: list[Photos], seed: int, size: int) -> None:
        self.sets, self.seed, self.size = sets, seed, size
        self.kept = [np.flatnonzero(~photos.held_out) for photos in sets]
        asked = [p.labels if p.source.labels and not p.source.rare else [] for p in sets]
        self.names = {concept(label)[0]: concept(label) for labels in asked for label in labels}
        self.column = {first: number for number, first in enumerate(self.names)}
        own = [{concept(label)[0] for label in labels} for labels in asked]
        self.rivals = [np.array([first in each for first in self.names]) for each in own]

    def batch(self, number: int) -> PhotoBatch:
        """Return batch `number`: each set's share of it, every set gone through in turn."""
        rng = Random(f"photographs {self.seed} {number}")
        pixels, target, captions, whose = [], [], list[str](), list[int]()
        column = dict(self.column)
        for index, photos in enumerate(self.sets):
            for place in self._turn(index, number):
                pixels.append(self._cropped(photos.pixels(place), rng))
                names = concept(photos.texts[place])
                if names[0] not in column:
                    column[names[0]] = len(column)
                    said = rng.choice(names)
                    captions.append(_dressed(said, rng) if said.count(" ") < 2 else said)
                target.append(column[names[0]])
                whose.append(index)
        rivals = np.ones((len(pixels), len(column)), bool)
        for row, index in enumerate(whose):
            if self.rivals[index].any():
                rivals[row] = False
                rivals[row, : len(self.names)] = self.rivals[index]
        light = [[rng.uniform(0.75, 1.25), rng.uniform(0.75, 1.25), rng.uniform(0.5, 1.5)] for _ in pixels]
        labels = [_dressed(rng.choice(names), rng) for names in self.names.values()]
        return PhotoBatch(
            np.stack(pixels), np.array(light, np.float32), labels, captions, np.array(target), rivals
        )

    def _turn(self, index: int, number: int) -> Iterator[int]:
        """Yield the set's pictures whose turn it is: all once, then all once more in another order."""
        kept, share = self.kept[index], self.sets[index].source.share
        for position in range(number * share, (number + 1) * share):
            epoch, at = divmod(position, len(kept))
            yield int(kept[_order(self.seed, index, epoch, len(kept))[at]])

    def _cropped(self, pixels: NDArray[np.uint8], rng: Random) -> NDArray[np.uint8]:
        """Squash a part of a picture, or all of it, to a square; every second one is mirrored."""
        height, width = pixels.shape[:2]
        whole = rng.random() < WHOLE_SHARE
        across, down = (1.0, 1.0) if whole else (rng.uniform(SMALLEST_CROP, 1) for _ in range(2))
        left, top = rng.uniform(0, 1 - across) * width, rng.uniform(0, 1 - down) * height
        box = (left, top, left + across * width, top + down * height)
        square = (self.size, self.size)
        squashed = np.asarray(Image.fromarray(pixels).resize(square, Image.Resampling.BICUBIC, box=box))
        return squashed[:, ::-1] if rng.random() < 0.5 else squashed


@functools.lru_cache(maxsize=4 * len(SOURCES))
def _order(seed: int, index: int, epoch: int, count: int) -> NDArray[np.int64]:
    """Return the order in which an epoch goes through a set."""
    return np.random.default_rng((seed, index, epoch)).permutation(count)


def _dressed(name: str, rng: Random) -> str:
    """Put a name into a template, with the article that it needs."""
    template = rng.choice(TEMPLATES)
    return template.replace("a {}", with_article(name)) if "a {}" in template else template.format(name)


def _decode(tar: Path, blob: Path, record: Path) -> None:
    """Write a tar's pixels to `blob` and, once they are all there, what they are to `record`."""
    texts, shapes, keys, hashes, begin = [], [], [], [], 0
    with tarfile.open(tar) as archive, open(blob, "wb") as out:
        names = sorted(name for name in archive.getnames() if name.endswith(".jpg"))
        for name in names:
            picture = Image.open(io.BytesIO(_read(archive, name))).convert("RGB")
            out.write(picture.tobytes())
            shapes.append((begin, picture.height, picture.width))
            begin += 3 * picture.height * picture.width
            hashes.append(perceptual_hash(picture))
            keys.append(name.removesuffix(".jpg"))
            texts.append(" ".join(_read(archive, keys[-1] + ".txt").decode().split()))
    groups = _alike(np.frombuffer(b"".join(hashes), np.uint8).reshape(len(hashes), -1))
    held_out = [_is_held_out(f"{tar.stem}/{keys[first]}") for first in groups]
    made = json.dumps({"texts": texts, "shapes": shapes, "held_out": held_out})
    temporary = record.with_suffix(".new")
    temporary.write_text(made, encoding="utf-8")
    os.replace(temporary, record)


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is no file in {archive.name}; a set is key.jpg beside key.txt")
    return file.read()


def _is_held_out(key: str) -> bool:
    return zlib.crc32(key.encode()) % HELD_OUT_ONE_IN == 0


def _alike(hashes: NDArray[np.uint8]) -> list[int]:
    """Return for each picture the first one that it looks like, in however many steps."""
    bits = np.unpackbits(hashes, axis=1).astype(np.float32) * 2 - 1
    first = np.arange(len(bits))
    for number, row in enumerate(bits):
        near = np.flatnonzero(bits[:number] @ row >= bits.shape[1] - 2 * ALIKE)
        if len(near):
            joined = set(first[near]) | {number}
            first[np.isin(first, list(joined))] = min(joined)
    return [int(each) for each in first]
