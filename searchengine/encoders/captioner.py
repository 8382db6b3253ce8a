"""Models that write: open_clip's CoCa, which says in a sentence what a picture shows (arXiv 2205.01917)."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from searchengine.encoders import names
from searchengine.encoders.beam_search import beam_search
from searchengine.encoders.files import CONFIG_FILE

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import torch
    from numpy.typing import NDArray

    from searchengine.encoders.spec import ModelSpec
    from searchengine.encoders.torch_model import TorchModel

LONGEST = 30
"""Tokens of a sentence, as open_clip has it by default."""


def can_write(name: str) -> bool:
    """Whether a model writes sentences; known without loading it.

    Args:
        name: `ModelSpec.name`.
    """
    model = names.parse(name)
    if model.kind == "folder":
        with open(os.path.join(model.detail, CONFIG_FILE), encoding="utf-8") as file:
            return "multimodal_cfg" in json.load(file).get("model_cfg", {})
    return "coca" in (model.architecture or model.detail).lower()


class Captioner:
    """Writes sentences by beam search; torch only.

    The search is our own: open_clip's is made of parts that the transformers package has dropped.
    """

    def __init__(self, model: TorchModel, device: str = "cpu") -> None:
        """Move the model to a device of torch's."""
        from open_clip.tokenizer import SimpleTokenizer

        self._model = model
        self._module = model.module.to(device)
        self._device = device
        self._words = SimpleTokenizer()

    def __call__(self, pixels: NDArray[np.uint8]) -> list[str]:
        """A sentence for each picture.

        Args:
            pixels: uint8 (n, height, width, 3), as `preprocess` gives them.
        """
        import torch

        preprocessing = self._model.spec.preprocessing
        mean, std = (
            torch.tensor(values).reshape(1, 3, 1, 1) for values in (preprocessing.mean, preprocessing.std)
        )
        images = (torch.tensor(pixels).permute(0, 3, 1, 2) / 255 - mean) / std
        with torch.inference_mode():
            return [self._write(image[None].to(self._device)) for image in images]

    def _write(self, image: torch.Tensor) -> str:
        latent, embeddings = self._module.visual(image)

        def continued(beginnings: torch.Tensor) -> torch.Tensor:
            count = len(beginnings)
            answer = self._module(
                image.expand(count, -1, -1, -1),
                beginnings.to(self._device),
                image_latent=latent.expand(count, -1),
                image_embs=embeddings.expand(count, -1, -1),
                output_labels=False,
            )
            logits: torch.Tensor = answer["logits"]
            return logits[:, -1].log_softmax(dim=-1)

        start, end = self._words.sot_token_id, self._words.eot_token_id
        # One position is the class token's.
        longest = min(LONGEST, self._model.spec.context_length - 1)
        return _tidy(self._words.decode(beam_search(continued, start=start, end=end, longest=longest)))


def load_captioner(spec: ModelSpec, *, on_progress: Callable[[str], None] | None = None) -> Captioner:
    """The model of a space, as one that writes.

    Raises:
        ModelError: It can't be had, or has other weights than the space.
    """
    from searchengine.encoders.load import load_torch

    return Captioner(load_torch(spec.name, spec.weights, on_progress))


def _tidy(text: str) -> str:
    """A sentence without its full stop and the blanks that decoding leaves: ``a beach .``."""
    return re.sub(r"\s+([.,!?])", r"\1", " ".join(text.split())).removesuffix(".")
