"""Models run by torch, on a CPU, an NVIDIA GPU or Apple silicon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from searchengine.encoders import towers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.encoders.spec import ModelSpec
    from searchengine.encoders.torch_model import TorchModel

_IMAGE_BATCH = 64
_TEXT_BATCH = 256


def best_device() -> str:
    """The device that this build of torch can compute on fastest: ``cuda``, ``mps`` or ``cpu``."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


class TorchEncoder:
    """A model as open_clip runs it, in float32; see `Encoder`."""

    def __init__(self, model: TorchModel, device: str = "cpu") -> None:
        """Move the model to a device of torch's (``cpu``, ``cuda``, ``cuda:1``, ``mps``)."""
        self._spec = model.spec
        self._tokenizer = model.tokenizer
        self._device = device
        self._texts = towers.text_tower(model.module).to(device)
        self._images = towers.image_tower(model.module, model.spec.preprocessing).to(device)

    @property
    def spec(self) -> ModelSpec:
        """The model, pinned."""
        return self._spec

    def encode_images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed pictures; see `Encoder.encode_images`."""
        return self._encode(self._images, pixels, _IMAGE_BATCH)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts; see `Encoder.encode_texts`."""
        return self._encode(self._texts, self._tokenizer(texts), _TEXT_BATCH)

    def _encode(self, tower: Any, inputs: NDArray[Any], size: int) -> NDArray[np.float32]:
        import numpy as np
        import torch

        answers = np.empty((len(inputs), self._spec.dim), dtype=np.float32)
        with torch.inference_mode():
            for start in range(0, len(inputs), size):
                batch = torch.from_numpy(np.ascontiguousarray(inputs[start : start + size])).to(self._device)
                answers[start : start + size] = tower(batch).cpu().numpy()
        return answers
