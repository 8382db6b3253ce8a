"""Heads that read off what a scene shows: in training only, so that the tower learns to see early."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from data.backgrounds import background_names
from data.batches import GRID, MOST, Batch, fact_numbers, kind_numbers
from training.tower import CONFIG


class Heads(nn.Module):
    """Reads off the image tower's feature maps what is where; dropped after training."""

    def __init__(self, middle: int, last: int) -> None:
        super().__init__()
        self.middle = nn.Conv2d(middle, 192, 1)
        self.last = nn.Conv2d(last, 192, 1)
        self.cells = nn.Sequential(nn.BatchNorm2d(192), nn.ReLU(), nn.Conv2d(192, 1 + len(kind_numbers()), 1))
        self.place = nn.Linear(last, len(background_names()))
        self.number = nn.Linear(CONFIG["embed_dim"], MOST)
        self.facts = nn.Linear(CONFIG["embed_dim"], len(fact_numbers()))
        nn.init.constant_(self.facts.bias, -4.5)  # about three facts in 360 are true of a picture

    def forward(self, middle: Tensor, last: Tensor, embedding: Tensor, truth: Batch) -> Tensor:
        """Return the summed loss against the truth."""
        last_up = functional.interpolate(self.last(last).float(), size=(GRID, GRID), mode="bilinear")
        cells = self.cells(self.middle(middle).float() + last_up)
        target = torch.from_numpy(truth.cells)
        weight = torch.ones(cells.shape[1])
        weight[0] = 0.15  # most cells show nothing
        facts = functional.binary_cross_entropy_with_logits(
            self.facts(embedding).float(), torch.from_numpy(truth.shown), reduction="sum"
        )
        return (
            2 * functional.cross_entropy(cells.float(), target, weight)
            + 0.3
            * functional.cross_entropy(self.place(last.mean((2, 3))).float(), torch.from_numpy(truth.places))
            + 0.3 * functional.cross_entropy(self.number(embedding).float(), torch.from_numpy(truth.number))
            + 0.2 * facts / len(target)
        )
