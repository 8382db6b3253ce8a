"""What a training step gets: scenes and, where there are any, photographs, made ready in a worker."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from data.batches import Batch, SceneBatches
from data.photographs import Mixture, PhotoBatch
from training.vocabulary import Vocabulary


@dataclass(frozen=True)
class Step:
    """Scenes with the tokens of their two captions; photographs with those of labels and captions."""

    scenes: Batch
    full: Tensor
    loose: Tensor
    photos: PhotoBatch | None
    labels: Tensor
    captions: Tensor


class Steps(Dataset[Step]):
    """Step i of the run, in whichever worker asks for it: a pure function of seed and i."""

    def __init__(self, scenes: SceneBatches, mixture: Mixture | None, vocabulary: Vocabulary) -> None:
        self.scenes, self.mixture, self.vocabulary = scenes, mixture, vocabulary

    def __len__(self) -> int:
        return 1_000_000

    def __getitem__(self, number: int) -> Step:
        scenes = self.scenes.batch(number)
        photos = self.mixture.batch(number) if self.mixture else None
        rng = Random(f"unknown {self.scenes.seed} {number}")
        full, loose = self.vocabulary.encode(scenes.full, rng), self.vocabulary.encode(scenes.loose, rng)
        labels = self.vocabulary.encode(photos.labels if photos else [])
        captions = self.vocabulary.encode(photos.captions if photos else [], rng)
        return Step(scenes, full, loose, photos, labels, captions)


def from_step(steps: Steps, first: int, workers: int) -> Iterator[Step]:
    """Yield steps from `first` on, made ahead by other processes."""
    return iter(
        DataLoader(
            steps, batch_size=None, sampler=range(first, len(steps)),
            num_workers=workers, prefetch_factor=3 if workers else None,
            worker_init_fn=lambda _: os.nice(2) and None,
        )
    )  # fmt: skip
