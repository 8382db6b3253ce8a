#!/usr/bin/env python3
"""Embeddings that never were, as CLIP's are: for libraries larger than any collection at hand.

    scripts/synthetic_vectors.py [--real FOLDER [--fit]] [--seed 0]

Prints figures of the made vectors; with a folder of real ones, theirs beside them, and with --fit the
parameters of `Shape` that come nearest. The folder holds .npz files of unit vectors: `vectors` (n, d) of
images; or `image_vectors` and `text_vectors` with `image_ids` and `text_image_ids`, which say what goes with
what.

An image is a mean, plus a subject that it shares with others, plus what is its own; the variance falls off
along hidden axes as a power. A text is another mean (the modality gap), plus what it says of one image, the
weak axes louder than they are, plus words of its own: some along the images' axes, most along others.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Vectors = NDArray[np.float32]

SUBJECTS = 16_384
"""Subjects that pictures are of; the j-th most frequent is of frequency 1 / (j + 20)."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What was fitted, at dimension 512; the defaults by --fit on ViT-B-32 embeddings of Flickr8k.

    Attributes:
        image_mean: Length of the images' mean.
        image_variance: Sum of the variances around it.
        image_knee: The i-th variance is in proportion to (i + knee) ** -fall.
        image_fall: See there.
        shared: Share of the variance that images of one subject have in common.
        text_mean: Length of the texts' mean.
        text_variance: Sum of the variances around it.
        means: Cosine of the two means.
        said: How much of an image a text says.
        levelling: 0: it says it in proportion; 0.5: every axis as loud as the others.
        aligned: Variance that a text's own words have along the images' axes, as a share of the images'.
        text_knee: As `image_knee`, of the rest of a text's own words.
        text_fall: See there.
    """

    image_mean: float = 0.734
    image_variance: float = 0.472
    image_knee: float = 4.7
    image_fall: float = 1.23
    shared: float = 0.74
    text_mean: float = 0.71
    text_variance: float = 0.496
    means: float = 0.332
    said: float = 0.17
    levelling: float = 0.09
    aligned: float = 0.17
    text_knee: float = 7.0
    text_fall: float = 1.65


class Population:
    """All the images and texts that there could be; the same seed and numbers give the same ones."""

    def __init__(self, dim: int = 512, shape: Shape | None = None, seed: int = 0) -> None:
        self.dim = dim
        self.shape = made = shape or Shape()
        self._seed = seed
        rng = np.random.default_rng(seed)
        axes, _ = np.linalg.qr(rng.standard_normal((dim, dim)))
        own_axes, _ = np.linalg.qr(rng.standard_normal((dim, dim)))
        variances = _falling(dim, made.image_knee, made.image_fall) * made.image_variance
        # Real means lie along one coordinate mostly: quantizers that look at coordinates have to cope.
        image_mean = 0.04 * rng.standard_normal(dim)
        image_mean[dim // 4] = 1.7
        text_mean = 0.04 * rng.standard_normal(dim)
        text_mean[[dim // 3, dim // 2]] = 1.0
        image_mean, text_mean = _unit(image_mean[None])[0], _unit(text_mean[None])[0]
        across = _unit((text_mean - (text_mean @ image_mean) * image_mean)[None])[0]
        text_mean = made.means * image_mean + np.sqrt(1 - made.means**2) * across
        self._image_mean = (made.image_mean * image_mean).astype(np.float32)
        self._text_mean = (made.text_mean * text_mean).astype(np.float32)
        self._draw = (np.sqrt(variances)[:, None] * axes.T).astype(np.float32)
        said = made.said * variances**-made.levelling
        self._say = ((axes * said) @ axes.T).astype(np.float32)
        loud = (said**2 + made.aligned) * variances
        left = max(made.text_variance - float(loud.sum()), 0.0)
        own = _falling(dim, made.text_knee, made.text_fall) * left
        self._own = (np.sqrt(own)[:, None] * own_axes.T).astype(np.float32)
        frequency = 1 / (np.arange(SUBJECTS) + 20)
        self._frequency = np.cumsum(frequency) / frequency.sum()
        self._subjects = rng.standard_normal((SUBJECTS, dim), np.float32)

    def images(self, start: int, count: int) -> Vectors:
        """The images with these numbers, unit vectors (count, dim)."""
        return _unit(self._image_mean + self._residuals(np.random.default_rng((self._seed, 1, start)), count))

    def texts(self, count: int, seed: int = 0) -> Vectors:
        """Texts, each on an image of its own that isn't among `images`: unit vectors (count, dim)."""
        return self.pairs(count, seed)[1]

    def pairs(self, count: int, seed: int = 0) -> tuple[Vectors, Vectors]:
        """Images and a text on each, unit vectors (count, dim) both."""
        rng = np.random.default_rng((self._seed, 2, seed))
        residuals = self._residuals(rng, count)
        own = rng.standard_normal((count, self.dim), np.float32) @ self._own
        own += np.sqrt(self.shape.aligned) * rng.standard_normal((count, self.dim), np.float32) @ self._draw
        return _unit(self._image_mean + residuals), _unit(self._text_mean + residuals @ self._say + own)

    def _residuals(self, rng: np.random.Generator, count: int) -> Vectors:
        subjects = np.searchsorted(self._frequency, rng.random(count))
        drawn = np.sqrt(1 - self.shape.shared) * rng.standard_normal((count, self.dim), np.float32)
        drawn += np.sqrt(self.shape.shared) * self._subjects[subjects]
        return (drawn.astype(np.float32)) @ self._draw


def _falling(dim: int, knee: float, fall: float) -> NDArray[np.float64]:
    falling = (np.arange(dim) + knee) ** -fall
    return falling / falling.sum()


def _unit(vectors: NDArray[np.floating]) -> Vectors:
    unit: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _spectrum(vectors: Vectors, name: str) -> dict[str, float]:
    around = vectors - vectors.mean(axis=0)
    values = np.linalg.eigvalsh(around.T @ around / len(around))[::-1]
    shares = np.cumsum(values) / values.sum()
    figures = {f"{name}: length of the mean": float(np.linalg.norm(vectors.mean(axis=0)))}
    figures[f"{name}: variance around it"] = float(values.sum())
    return figures | {f"{name}: share of the first {axis} axes": float(shares[axis - 1]) for axis in AXES}


MOST_EXACT = 0.01
AXES = (1, 5, 20, 50, 100, 200)


def image_figures(images: Vectors) -> dict[str, float]:
    """What describes a set of images' vectors (n, dim)."""
    cosines = images @ images.T
    pairs = cosines[np.triu_indices(len(images), 1)]
    np.fill_diagonal(cosines, -1)
    nearest = -np.sort(-cosines, axis=1)[:, :50]
    figures = _spectrum(images, "images")
    figures |= {"images: cosine of two": float(pairs.mean()), "images: its deviation": float(pairs.std())}
    means = nearest.mean(axis=0).tolist()
    figures |= {f"images: cosine to neighbour {at}": means[at - 1] for at in (1, 5, 20, 50)}
    low, high = np.quantile(nearest[:, 0], [0.05, 0.95])
    return figures | {"images: neighbour 1, 5 %": float(low), "images: neighbour 1, 95 %": float(high)}


def text_figures(images: Vectors, texts: Vectors, goes: NDArray[np.int64]) -> dict[str, float]:
    """What describes texts (m, dim), and images (n, dim) that they go with: the one in row goes[m]."""
    cosines = texts @ images.T
    rows = np.arange(len(texts))
    right = cosines[rows, goes]
    rank = (cosines > right[:, None]).sum(axis=1)
    others = cosines.copy()
    others[rows, goes] = np.nan
    means = _unit(np.stack([images.mean(axis=0), texts.mean(axis=0)]))
    return {
        "both: cosine of the means": float(means[0] @ means[1]),
        "both: cosine of what goes together": float(right.mean()),
        "both: its deviation": float(right.std()),
        "both: cosine of what doesn't": float(np.nanmean(others)),
        "both: its deviation for one text": float(np.nanstd(others, axis=1).mean()),
        "both: best of what doesn't": float(np.nanmax(others, axis=1).mean()),
        "both: R@1": float((rank == 0).mean()),
        "both: R@5": float((rank < 5).mean()),
    }


@dataclass(frozen=True, slots=True)
class Real:
    """Real vectors: many images; and fewer with texts on them."""

    many: Vectors
    images: Vectors
    texts: Vectors
    goes: NDArray[np.int64]

    @classmethod
    def read(cls, folder: Path) -> Real:
        """All that the folder holds."""
        many = few = None
        for path in sorted(folder.glob("*.npz")):
            held = np.load(path)
            if "vectors" in held:
                many = held["vectors"].astype(np.float32)
            elif "text_vectors" in held:
                row = {each: at for at, each in enumerate(held["image_ids"].tolist())}
                goes = np.array([row[each] for each in held["text_image_ids"].tolist()])
                few = _unit(held["image_vectors"]), _unit(held["text_vectors"]), goes
        if many is None or few is None:
            raise SystemExit(f"{folder}: needs one .npz with `vectors` and one with `text_vectors`")
        return cls(_unit(many), *few)

    def figures(self) -> dict[str, float]:
        """Of the images where there are many, of the rest where there are texts."""
        both = text_figures(self.images, self.texts, self.goes)
        return image_figures(self.many) | _spectrum(self.texts, "texts") | both


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many vectors figures are taken of: they depend on it.

    Attributes:
        many: Images.
        few: Images in a round with texts.
        rounds: Rounds, with a text for each image.
    """

    many: int = 1213
    few: int = 100
    rounds: int = 5


def made_image_figures(shape: Shape, sizes: Sizes, seed: int) -> dict[str, float]:
    """As `image_figures`, of made vectors."""
    return image_figures(Population(512, shape, seed).images(0, sizes.many))


def made_text_figures(shape: Shape, sizes: Sizes, seed: int) -> dict[str, float]:
    """As `text_figures` and more, of made vectors."""
    population = Population(512, shape, seed)
    rounds = [population.pairs(sizes.few, number) for number in range(sizes.rounds)]
    each = [text_figures(images, texts, np.arange(sizes.few)) for images, texts in rounds]
    means = {name: float(np.mean([one[name] for one in each])) for name in each[0]}
    return _spectrum(np.concatenate([texts for _, texts in rounds]), "texts") | means


def fit(real: dict[str, float], sizes: Sizes, shape: Shape) -> Shape:
    """First what makes the images, then what makes the texts."""
    of_images = ("image_mean", "image_variance", "image_knee", "image_fall", "shared")
    of_texts = tuple(field.name for field in fields(Shape) if field.name not in of_images)
    shape = _nearest(real, shape, of_images, lambda each: made_image_figures(each, sizes, 0))
    return _nearest(real, shape, of_texts, lambda each: made_text_figures(each, sizes, 0))


def _nearest(
    real: dict[str, float], shape: Shape, names: tuple[str, ...], make: Callable[[Shape], dict[str, float]]
) -> Shape:
    """Turn one parameter after the other, by smaller and smaller steps, while that brings figures nearer."""

    def distance(candidate: Shape) -> float:
        made = make(candidate).items()
        # Relative where figures are small: a deviation of 0.04 matters as much as a cosine of 0.4.
        return sum(((value - real[name]) / max(abs(real[name]), 0.02)) ** 2 for name, value in made)

    best, step = distance(shape), 0.2
    while step > MOST_EXACT:
        before = best
        for name in names:
            for factor in (1 + step, 1 / (1 + step)):
                candidate = replace(shape, **{name: getattr(shape, name) * factor})
                if max(candidate.shared, candidate.means) < 1 and (found := distance(candidate)) < best:
                    best, shape = found, candidate
        print(f"  step {step:.3f}: {best:.5f}", flush=True)
        if best > 0.95 * before:
            step /= 2
    return shape


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--real", type=Path, help="a folder with real vectors to compare with")
    parser.add_argument("--fit", action="store_true", help="look for the parameters that come nearest")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    sizes, real, shape = Sizes(), {}, Shape()
    if arguments.real:
        held = Real.read(arguments.real)
        sizes = Sizes(len(held.many), len(held.images), len(held.texts) // len(held.images))
        real = held.figures()
    if arguments.fit:
        if not real:
            parser.error("--fit needs --real")
        shape = fit(real, sizes, shape)
        print("\n".join(f"    {name}: float = {value:.3g}" for name, value in asdict(shape).items()))
    made = made_image_figures(shape, sizes, arguments.seed) | made_text_figures(shape, sizes, arguments.seed)
    print(f"{'':40}{'real':>8}{'made':>8}")
    for name, value in made.items():
        beside = f"{real[name]:8.3f}" if real else " " * 8
        print(f"{name:40}{beside}{value:8.3f}")


if __name__ == "__main__":
    main()
