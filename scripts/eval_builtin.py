"""Measure the built-in model on held-out scenes: does a full description find its picture?

    python scripts/eval_builtin.py [--model DIR] [--count 1000] [--seed 2024] [--write DIR]

The whole way a photo goes: rendered at 960 px, saved as JPEG, opened, squashed by open_clip's own
transform, encoded by open_clip. Prints recall@1/5/10 and the mean reciprocal rank, then how often a text
beats the same text with one word made false, and how often a lone thing is named. `--write` keeps the
pictures and their queries.tsv, so that `imgsearch index` and `imgsearch evaluate` can be run on them.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import DataLoader, Dataset

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import open_clip  # noqa: E402

from data.backgrounds import BACKGROUNDS  # noqa: E402
from data.captions import RELATION_WORDS, noun, with_article  # noqa: E402
from data.glyphs import COLOURS, glyphs  # noqa: E402
from data.held_out import held_out_scenes  # noqa: E402
from data.samples import Sample, write_all  # noqa: E402
from data.scenes import Scene  # noqa: E402

Vectors = NDArray[np.float32]

BUILTIN = ROOT / "searchengine" / "encoders" / "builtin"
SEED = 2024
OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}


class Pictures(Dataset[torch.Tensor]):
    """JPEG files through open_clip's transform."""

    def __init__(self, paths: list[Path], transform: object) -> None:
        self.paths, self.transform = paths, transform

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        with Image.open(self.paths[index]) as picture:
            return self.transform(picture)


class Model:
    """A model through open_clip alone, its own transform and tokenizer included."""

    def __init__(self, folder: Path) -> None:
        name = f"local-dir:{folder}"
        self.model, _, self.transform = open_clip.create_model_and_transforms(name)
        self.model.eval()
        self.tokenizer = open_clip.get_tokenizer(name)

    def images(self, paths: list[Path]) -> Vectors:
        """Return unit vectors, float32 (n, dim)."""
        loader = DataLoader(Pictures(paths, self.transform), batch_size=64, num_workers=2)
        with torch.inference_mode():
            return torch.cat([self.model.encode_image(batch, normalize=True) for batch in loader]).numpy()

    def texts(self, texts: list[str]) -> Vectors:
        """Return unit vectors, float32 (n, dim)."""
        tokens = self.tokenizer(texts).split(64)
        with torch.inference_mode():
            return torch.cat([self.model.encode_text(batch, normalize=True) for batch in tokens]).numpy()


def ranks(images: Vectors, words: Vectors) -> NDArray[np.int64]:
    """Return each text's rank of its own picture, from 1; a tie counts against it."""
    scores = words @ images.T
    own = np.diagonal(scores)[:, None]
    return (scores >= own).sum(axis=1)


def probes(scenes: list[Scene]) -> dict[str, list[tuple[int, str, str]]]:
    """Return, by what they probe, (scene, a text true of it, the same text made false in one word)."""
    rng = Random("probes")
    found: dict[str, list[tuple[int, str, str]]] = {"place": [], "number": [], "relation": [], "colour": []}
    for index, scene in enumerate(scenes):
        kind, *others = scene.counts
        count = scene.counts[kind]
        told, place = noun(kind, count, rng, 0), BACKGROUNDS[scene.background].phrases[0]
        elsewhere = rng.choice([b.phrases[0] for n, b in BACKGROUNDS.items() if n != scene.background])
        found["place"].append((index, f"{told} {place}", f"{told} {elsewhere}"))
        if not others:
            wrong = noun(kind, rng.choice([n for n in (1, 2, 3, 4) if n != count]), rng, 0)
            found["number"].append((index, f"{told} {place}", f"{wrong} {place}"))
        if kind[1] is not None:
            other = noun((kind[0], rng.choice([c for c in COLOURS if c != kind[1]])), count, rng, 0)
            found["colour"].append((index, told, other))
        if len(others) == 1 and (relation := scene.relation(kind, others[0])):
            second = noun(others[0], scene.counts[others[0]], rng, 0)
            right, wrong = RELATION_WORDS[relation][0], RELATION_WORDS[OPPOSITE[relation]][0]
            found["relation"].append((index, f"{told} {right} {second}", f"{told} {wrong} {second}"))
    return found


def print_probes(model: Model, scenes: list[Scene], images: Vectors) -> None:
    """Print how often a true text beats the same text with one word made false; chance is 0.5."""
    parts = []
    for name, asked in probes(scenes).items():
        index, right, wrong = zip(*asked, strict=True)
        pictures = images[list(index)]
        margin = (pictures * (model.texts(list(right)) - model.texts(list(wrong)))).sum(axis=1)
        parts.append(f"{name} {(margin > 0).mean():.3f} (n {len(asked)})")
    print("true beats false  " + "  ".join(parts))
    names = list(glyphs())
    alone = [(i, next(iter(s.counts))[0]) for i, s in enumerate(scenes) if len(s.placed) == 1]
    alone = [(i, thing) for i, thing in alone if thing in glyphs()]
    words = model.texts([f"a photo of {with_article(name)}" for name in names])
    said = (images[[i for i, _ in alone]] @ words.T).argmax(axis=1)
    right = np.mean([names[guess] == thing for guess, (_, thing) in zip(said, alone, strict=True)])
    print(f"zero-shot  one thing alone named among {len(names)}: {right:.3f} (n {len(alone)})")


def main() -> None:
    """Read the arguments, render, encode, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=BUILTIN, help="a folder in open_clip's local layout")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--size", type=int, default=960, help="longer side of the pictures, in px")
    parser.add_argument("--write", type=Path, metavar="DIR", help="keep the pictures and queries.tsv")
    parser.add_argument("--worst", type=int, default=0, help="show this many of the worst answers")
    arguments = parser.parse_args()

    begun = time.monotonic()
    pairs = held_out_scenes(arguments.count, arguments.seed)
    samples = [
        Sample(scene, text, f"{index % 10}/{index:04d}.jpg", None, None)
        for index, (scene, text) in enumerate(pairs)
    ]
    texts = [text for _, text in pairs]
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.write or Path(temporary)
        write_all(samples, folder, arguments.size)
        model = Model(arguments.model)
        images = model.images([folder / s.path for s in samples])
    found = ranks(images, model.texts(texts))
    what = f"{len(found)} held-out scenes, seed {arguments.seed}, {arguments.size} px JPEG"
    print(f"model {arguments.model}, {what}")
    recalls = "  ".join(f"R@{k} {(found <= k).mean():.3f}" for k in (1, 5, 10))
    seconds = time.monotonic() - begun
    print(f"text -> image  {recalls}  MRR {(1 / found).mean():.3f}  ({seconds:.0f} s)")
    print_probes(model, [scene for scene, _ in pairs], images)
    for index in np.argsort(-found)[: arguments.worst]:
        print(f"rank {found[index]:4d}  {texts[index]}")


if __name__ == "__main__":
    main()
