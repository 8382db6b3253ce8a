"""What training minimises: texts and pictures that belong together are near each other."""

import torch
from torch import Tensor
from torch.nn import functional

from data.batches import Batch

IMPOSSIBLE = -1e4  # a logit


def contrast(images: Tensor, texts: Tensor, scale: Tensor, fits: Tensor | None) -> Tensor:
    """CLIP's loss; where `fits` (texts, pictures) says so a text is true of another picture too."""
    logits = scale * texts @ images.T
    if fits is not None:
        logits = logits.masked_fill(fits, IMPOSSIBLE)
    target = torch.arange(len(images))
    return (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2


def also_fits(truth: Batch) -> Tensor:
    """Return bool (n, n): loose caption i is true of picture j as well, and i isn't j."""
    asked, shown = torch.from_numpy(truth.asked), torch.from_numpy(truth.shown)
    fits = asked @ shown.T >= asked.sum(1, keepdim=True) - 0.5
    fits &= ~torch.from_numpy(truth.exact)[:, None]
    return fits & ~torch.eye(len(fits), dtype=torch.bool)


def unified(images: Tensor, texts: Tensor, target: Tensor, rivals: Tensor, scale: Tensor) -> Tensor:
    """Contrast pictures with concepts, where several pictures of a batch may show the same one.

    UniCL (arXiv 2204.03610), with one text a concept: a picture must choose its own among all, and once
    more among its set's alone, as `classify` asks; a text's pictures share its place among all pictures.

    Args:
        images: float32 (n, dim), unit length.
        texts: float32 (m, dim), unit length; one a concept.
        target: int64 (n): the concept that a picture shows.
        rivals: bool (n, m): the concepts of the picture's own set.
        scale: Scalar.
    """
    logits = scale * images @ texts.T
    own = functional.one_hot(target, len(texts)).T.float()  # (m, n)
    shown = own.sum(1) > 0
    back = -(own * functional.log_softmax(logits.T, dim=1)).sum(1)[shown] / own.sum(1)[shown]
    everything = functional.cross_entropy(logits, target)
    among = functional.cross_entropy(logits.masked_fill(~rivals, IMPOSSIBLE), target)
    return among + (everything + back.mean()) / 2
