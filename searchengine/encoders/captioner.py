"""Models that write: open_clip's CoCa, which says in a sentence what a picture shows (arXiv 2205.01917)."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from searchengine.encoders import names
from searchengine.encoders.names import CONFIG_FILE
from searchengine.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.encoders.spec import ModelSpec
    from searchengine.encoders.torch_model import TorchModel

LONGEST = 30
"""Tokens of a sentence, as open_clip has it by default."""

_START, _END = "<start_of_text>", "<end_of_text>"


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
    """Writes sentences by beam search, as open_clip does; torch only."""

    def __init__(self, model: TorchModel, device: str = "cpu") -> None:
        """Move the model to a device of torch's.

        Raises:
            ModelError: The package that open_clip's beam search is made of isn't installed.
        """
        from open_clip import coca_model

        if not getattr(coca_model, "_has_transformers", False):
            raise ModelError(
                f"{model.spec.name} needs the extra hf to write: pip install 'imgsearch[hf]' "
                "(transformers isn't installed, or not in a version that open_clip can use)"
            )
        self._model = model
        self._module = model.module.to(device)
        self._device = device

    def __call__(self, pixels: NDArray[np.uint8]) -> list[str]:
        """A sentence for each picture.

        Args:
            pixels: uint8 (n, height, width, 3), as `preprocess` gives them.
        """
        import open_clip
        import torch

        preprocessing, length = self._model.spec.preprocessing, self._model.spec.context_length
        mean, std = (
            torch.tensor(values).reshape(1, 3, 1, 1) for values in (preprocessing.mean, preprocessing.std)
        )
        images = (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255 - mean) / std
        with torch.inference_mode():
            rows = self._module.generate(
                images.to(self._device), seq_len=min(LONGEST, length), max_seq_len=length
            )
        return [_tidy(open_clip.decode(row)) for row in rows.cpu()]


def load_captioner(spec: ModelSpec, *, on_progress: Callable[[str], None] | None = None) -> Captioner:
    """The model of a space, as one that writes.

    Raises:
        ModelError: It can't be had, or has other weights than the space.
    """
    from searchengine.encoders.load import load_torch

    return Captioner(load_torch(spec.name, spec.weights, on_progress))


def _tidy(text: str) -> str:
    """A sentence without the marks of its ends, and what follows them; ``a beach .`` has a blank too many."""
    said = " ".join(text.partition(_END)[0].replace(_START, " ").split())
    return re.sub(r"\s+([.,!?])", r"\1", said).removesuffix(".")
