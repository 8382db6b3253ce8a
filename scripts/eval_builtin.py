"""Measure the built-in model on held-out scenes: does a full description find its picture?

    python scripts/eval_builtin.py [--model DIR] [--count 1000] [--seed 2024] [--write DIR]

The whole way a photo goes: rendered at 960 px, saved as JPEG, opened, squashed by open_clip's own
transform, encoded by open_clip. Prints recall@1/5/10 and the mean reciprocal rank. `--write` keeps
the pictures and their queries.tsv, so that `imgsearch index` and `imgsearch evaluate` can be run on
the same ones.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import DataLoader, Dataset

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import open_clip  # noqa: E402

from data.held_out import held_out_scenes  # noqa: E402
from data.samples import Sample, write_all  # noqa: E402

BUILTIN = ROOT / "searchengine" / "encoders" / "builtin"
SEED = 2024


class Pictures(Dataset[torch.Tensor]):
    """JPEG files through open_clip's transform."""

    def __init__(self, paths: list[Path], transform: object) -> None:
        self.paths, self.transform = paths, transform

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        with Image.open(self.paths[index]) as picture:
            return self.transform(picture)


def embed(folder: Path, paths: list[Path], texts: list[str]) -> tuple[NDArray, NDArray]:
    """Return unit vectors of pictures and texts, float32 (n, dim) each, by open_clip alone."""
    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    model.eval()
    with torch.inference_mode():
        loader = DataLoader(Pictures(paths, transform), batch_size=64, num_workers=2)
        images = torch.cat([model.encode_image(batch, normalize=True) for batch in loader])
        tokens = tokenizer(texts).split(64)
        words = torch.cat([model.encode_text(batch, normalize=True) for batch in tokens])
    return images.float().numpy(), words.float().numpy()


def ranks(images: NDArray, words: NDArray) -> NDArray:
    """Return each text's rank of its own picture, from 1; a tie counts against it."""
    scores = words @ images.T
    own = np.diagonal(scores)[:, None]
    return (scores >= own).sum(axis=1)


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
        images, words = embed(arguments.model, [folder / s.path for s in samples], texts)
    found = ranks(images, words)
    what = f"{len(found)} held-out scenes, seed {arguments.seed}, {arguments.size} px JPEG"
    print(f"model {arguments.model}, {what}")
    recalls = "  ".join(f"R@{k} {(found <= k).mean():.3f}" for k in (1, 5, 10))
    seconds = time.monotonic() - begun
    print(f"text -> image  {recalls}  MRR {(1 / found).mean():.3f}  ({seconds:.0f} s)")
    for index in np.argsort(-found)[: arguments.worst]:
        print(f"rank {found[index]:4d}  {texts[index]}")


if __name__ == "__main__":
    main()
